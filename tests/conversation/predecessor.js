/* A client that was written for the program that itn replaces: it sends what that program's clients send and insists on
 * what they rely on. Where itn answers differently on purpose, the case says so in its name.
 *
 *   ITN_URL=http://127.0.0.1:3000 NODE_PATH=/usr/share/nodejs node predecessor.js [URL]
 *   node predecessor.js --list        names of the cases, one a line
 *
 * Prints TAP; the exit status is 0 when every case is ok. Needs Node 18 (fetch) and the ws package.
 */
"use strict";
const assert = require("node:assert/strict");
const crypto = require("node:crypto");

const base = process.argv[2] || process.env.ITN_URL || "http://127.0.0.1:3000";
const patience = 30000;

const unique = (name) => `${name} ${crypto.randomBytes(4).toString("hex")}`;
const lines = (count) => Array.from({ length: count }, (_, n) => ({ name: `line ${n + 1}`, quantity: n + 1 }));
const isTime = (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));

async function call(method, path, body, headers = {}) {
  const options = { method, headers };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json", ...headers };
    options.body = typeof body === "string" ? body : JSON.stringify(body);
  }
  const response = await fetch(base + path, options);
  const text = await response.text();
  const type = response.headers.get("content-type") || "";
  const parsed = /json/.test(type) ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, type, body: parsed };
}

async function until(what, attempt) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await attempt();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${patience} ms: ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** Hears everything from the moment it is open and never says a word. */
class Feed {
  static async open() {
    const WebSocket = require("ws");
    const feed = new Feed();
    feed.frames = [];
    feed.waiting = new Set();
    feed.socket = new WebSocket(`${base.replace(/^http/, "ws")}/api/updates/real-time`);
    feed.socket.on("message", (data, binary) => {
      assert.equal(binary, false, "frames are text");
      feed.frames.push(JSON.parse(data.toString()));
      for (const look of feed.waiting) look();
    });
    await new Promise((resolve, reject) => {
      feed.socket.once("open", resolve);
      feed.socket.once("error", reject);
    });
    return feed;
  }

  /** The first frame, come or to come, that fits. */
  frame(event, fits) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.frames.find((frame) => frame.event === event && fits(frame));
        if (!found) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.waiting.delete(look);
        const seen = this.frames.map((frame) => frame.event).join(" ");
        reject(new Error(`no ${event} frame within ${patience} ms; seen: ${seen || "nothing"}`));
      }, patience);
      this.waiting.add(look);
      look();
    });
  }

  trade(event, id, fits = () => true) {
    return this.frame(event, (frame) => frame.data && frame.data.transactionId === id && fits(frame.data));
  }

  cargo(event, id, fits = () => true) {
    return this.frame(event, (frame) => frame.data && frame.data.shipmentId === id &&
      frame.data.transactionId === undefined && fits(frame.data));
  }

  close() {
    this.socket.close();
  }
}

function aTrade(changes = {}) {
  return {
    buyer: "Ada", buyerEmail: "ada@example.org", seller: "Bo", sellerEmail: "bo@example.org",
    items: [{ name: "Dilithium", quantity: 10 }], destination: unique("Mars"), ...changes,
  };
}

function aCargo(changes = {}) {
  return {
    shipmentId: unique("S"), emailId: "dock@example.org", items: [{ name: "Plasma Conduits", quantity: 3 }],
    destination: unique("Mars"), ...changes,
  };
}

async function created(path, body) {
  const answer = await call("POST", path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}
const newTrade = (changes) => created("/api/trades", aTrade(changes));
const newCargo = (changes) => created("/api/cargo", aCargo(changes));
const cargoPath = (cargo) => `/api/cargo/${encodeURIComponent(cargo.shipmentId)}`;
const theTrade = async (trade) => (await call("GET", `/api/trades/${trade.transactionId}`)).body;
const theCargo = async (cargo) => (await call("GET", cargoPath(cargo))).body;

async function setStatus(path, status) {
  const answer = await call("PUT", `${path}/status`, { status });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

function problem(answer, status) {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.match(answer.type, /^application\/problem\+json/);
  assert.equal(answer.body.status, status);
  for (const member of ["title", "detail", "error"]) {
    assert.equal(typeof answer.body[member], "string", member);
    assert.notEqual(answer.body[member], "");
  }
  assert.doesNotMatch(answer.body.error, /[\r\n]/, "one line");
  return answer.body;
}

const quantityOf = (items, name) => items.filter((item) => item.name === name).map((item) => item.quantity);

const cases = {
  "POST /api/trades answers 201 with the trade; quantities are numbers, no _id in items, no __v": async () => {
    const sent = aTrade({
      items: [{ name: "Dilithium", quantity: "10" }, { name: "Latinum", quantity: 2 }],
      stationId: "655f1c5e8f1b2a0012345678",
    });
    const answer = await call("POST", "/api/trades", sent);
    assert.equal(answer.status, 201);
    assert.match(answer.type, /^application\/json/);
    const { _id, transactionId, createdAt, updatedAt, status, items, version, ...rest } = answer.body;
    assert.match(transactionId, /^[0-9a-f]{24}$/);
    assert.equal(_id, transactionId);
    assert.ok(isTime(createdAt) && isTime(updatedAt));
    assert.equal(status, "pending");
    assert.deepEqual(items, [{ name: "Dilithium", quantity: 10 }, { name: "Latinum", quantity: 2 }]);
    const { items: _, ...members } = sent;
    assert.deepEqual(rest, members);
  },
  "POST /api/trades ignores members that the server owns or does not know": async () => {
    const trade = await newTrade({
      status: "completed", _id: "0".repeat(24), transactionId: "1".repeat(24), __v: 7, note: "hello",
    });
    assert.equal(trade.status, "pending");
    assert.doesNotMatch(trade._id, /^(0|1)+$/);
    assert.equal(trade.note, undefined);
    assert.equal(trade.__v, undefined);
  },
  "POST /api/trades without a required member answers 400 with {error}, one line that names all faults": async () => {
    for (const member of ["buyer", "buyerEmail", "seller", "sellerEmail", "destination"]) {
      const body = problem(await call("POST", "/api/trades", aTrade({ [member]: undefined })), 400);
      assert.ok(body.error.includes(member), body.error);
    }
    const body = problem(await call("POST", "/api/trades", aTrade({ buyer: undefined, destination: undefined })), 400);
    assert.deepEqual(body.errors.map((fault) => fault.pointer).sort(), ["/buyer", "/destination"]);
    assert.ok(body.error.includes("buyer") && body.error.includes("destination"), body.error);
  },
  "POST /api/trades with malformed JSON answers 400 with {error}, not 500": async () => {
    problem(await call("POST", "/api/trades", '{"buyer":'), 400);
  },
  "POST /api/trades without items answers 400: a trade moves something": async () => {
    problem(await call("POST", "/api/trades", aTrade({ items: undefined })), 400);
    problem(await call("POST", "/api/trades", aTrade({ items: [] })), 400);
  },
  "POST /api/trades with 6 lines answers 201 delayed, a criticalEvent comes, the program lives": async () => {
    const feed = await Feed.open();
    const trade = await newTrade({ items: lines(6) });
    assert.equal(trade.status, "delayed");
    const frame = await feed.trade("criticalEvent", trade.transactionId);
    assert.equal(frame.message, "Delayed shipment detected!");
    assert.equal((await call("GET", `/api/trades/${trade.transactionId}`)).status, 200);
    feed.close();
  },
  "POST /api/trades with 5 lines is pending": async () => {
    assert.equal((await newTrade({ items: lines(5) })).status, "pending");
  },
  "POST /api/trades with a stationId that is not 24 hex is accepted: stations have names": async () => {
    assert.equal((await newTrade({ stationId: "Deep Space Nine" })).stationId, "Deep Space Nine");
  },
  "GET /api/getalltrades answers 200 with an array that has the new trade, whole": async () => {
    const trade = await newTrade();
    const answer = await call("GET", "/api/getalltrades");
    assert.equal(answer.status, 200);
    const found = answer.body.filter((entry) => entry._id === trade._id);
    assert.equal(found.length, 1);
    assert.equal(found[0].transactionId, trade.transactionId);
    assert.deepEqual(found[0].items, trade.items);
    const same = (await call("GET", "/api/trades")).body.find((entry) => entry._id === trade._id);
    assert.equal(same.buyer, trade.buyer);
  },
  "GET /api/trades/:transactionId answers 200 with the trade": async () => {
    const trade = await newTrade();
    const answer = await call("GET", `/api/trades/${trade.transactionId}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body, trade);
  },
  "GET of an unknown trade answers 404 {message}, also for what is not 24 hex": async () => {
    for (const id of ["655f1c5e8f1b2a0012345678", "no-such-trade"]) {
      const body = problem(await call("GET", `/api/trades/${id}`), 404);
      assert.equal(body.message, "Trade not found");
    }
  },
  "PUT /api/trades/:transactionId/status answers 200 {message, trade} and a tradeUpdated frame comes": async () => {
    const feed = await Feed.open();
    const trade = await newTrade();
    const body = await setStatus(`/api/trades/${trade.transactionId}`, "completed");
    assert.equal(body.message, "Trade status updated");
    assert.equal(body.trade._id, trade._id);
    assert.equal(body.trade.status, "completed");
    assert.ok(body.trade.updatedAt >= trade.updatedAt);
    const frame = await feed.trade("tradeUpdated", trade.transactionId, (data) => data.status === "completed");
    assert.equal(frame.data.buyer, trade.buyer);
    assert.equal((await theTrade(trade)).status, "completed");
    feed.close();
  },
  "PUT /api/:transactionId/status does the same, PATCH too": async () => {
    for (const method of ["PUT", "PATCH"]) {
      const trade = await newTrade();
      const answer = await call(method, `/api/${trade.transactionId}/status`, { status: "canceled" });
      assert.equal(answer.status, 200);
      assert.equal(answer.body.message, "Trade status updated");
      assert.equal(answer.body.trade.status, "canceled");
    }
  },
  "PUT of an unknown trade's status answers 404 {error}": async () => {
    const answer = await call("PUT", "/api/trades/655f1c5e8f1b2a0012345678/status", { status: "completed" });
    assert.equal(problem(answer, 404).error, "Trade not found");
  },
  "PUT of an unknown trade status answers 400, of an illegal change 409": async () => {
    const trade = await newTrade();
    problem(await call("PUT", `/api/trades/${trade.transactionId}/status`, { status: "lost" }), 400);
    problem(await call("PUT", `/api/trades/${trade.transactionId}/status`, {}), 400);
    await setStatus(`/api/trades/${trade.transactionId}`, "completed");
    problem(await call("PUT", `/api/trades/${trade.transactionId}/status`, { status: "pending" }), 409);
    await setStatus(`/api/trades/${trade.transactionId}`, "completed");
    assert.equal((await theTrade(trade)).status, "completed");
  },
  "POST /api/cargo answers 201 with the cargo and a cargoUpdated frame comes": async () => {
    const feed = await Feed.open();
    const sent = aCargo({ items: [{ name: "Plasma Conduits", quantity: "3" }] });
    const answer = await call("POST", "/api/cargo", sent);
    assert.equal(answer.status, 201);
    assert.equal(answer.body._id, sent.shipmentId);
    assert.equal(answer.body.status, "pending");
    assert.ok(isTime(answer.body.createdAt) && isTime(answer.body.updatedAt));
    assert.equal(answer.body.__v, undefined);
    for (const member of ["shipmentId", "emailId", "destination"]) assert.equal(answer.body[member], sent[member]);
    assert.deepEqual(answer.body.items, [{ name: "Plasma Conduits", quantity: 3 }]);
    const frame = await feed.cargo("cargoUpdated", sent.shipmentId);
    assert.equal(frame.data.status, "pending");
    assert.equal(frame.data.emailId, sent.emailId);
    feed.close();
  },
  "POST /api/cargo without a required member answers 400 {error}": async () => {
    for (const member of ["shipmentId", "emailId", "destination"]) {
      const body = problem(await call("POST", "/api/cargo", aCargo({ [member]: undefined })), 400);
      assert.ok(body.error.includes(member), body.error);
    }
  },
  "POST /api/cargo with a known shipmentId answers 409 {error} and changes nothing": async () => {
    const cargo = await newCargo();
    const again = aCargo({ shipmentId: cargo.shipmentId, emailId: "other@example.org" });
    problem(await call("POST", "/api/cargo", again), 409);
    assert.equal((await theCargo(cargo)).emailId, cargo.emailId);
  },
  "POST /api/cargo with 11 lines answers 201 delayed, a criticalEvent comes, and the program lives": async () => {
    const feed = await Feed.open();
    const cargo = await newCargo({ items: lines(11) });
    assert.equal(cargo.status, "delayed");
    const frame = await feed.cargo("criticalEvent", cargo.shipmentId);
    assert.equal(frame.message, "Delayed shipment detected!");
    assert.equal((await theCargo(cargo)).status, "delayed");
    feed.close();
  },
  "POST /api/cargo with 10 lines is pending": async () => {
    assert.equal((await newCargo({ items: lines(10) })).status, "pending");
  },
  "GET /api/cargo/:shipmentId answers 200 by shipmentId, which is its _id too; 404 {error, message}": async () => {
    const cargo = await newCargo();
    const answer = await call("GET", `/api/cargo/${encodeURIComponent(cargo._id)}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.shipmentId, cargo.shipmentId);
    const body = problem(await call("GET", "/api/cargo/no-such-cargo"), 404);
    assert.equal(body.error, "Cargo not found");
    assert.equal(body.message, "Cargo not found");
  },
  "GET /api/getallCargo answers 200 with an array that has the new cargo": async () => {
    const cargo = await newCargo();
    for (const path of ["/api/getallCargo", "/api/cargo"]) {
      const answer = await call("GET", path);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.filter((entry) => entry.shipmentId === cargo.shipmentId).length, 1);
    }
  },
  "PUT /api/cargo/:shipmentId/status answers 200 {message, cargo}; each change brings cargoUpdated": async () => {
    const feed = await Feed.open();
    const cargo = await newCargo();
    for (const status of ["in transit", "delayed", "in transit", "delivered"]) {
      const body = await setStatus(cargoPath(cargo), status);
      assert.equal(body.message, "Cargo status updated");
      assert.equal(body.cargo.shipmentId, cargo.shipmentId);
      assert.equal(body.cargo.status, status);
    }
    await feed.cargo("cargoUpdated", cargo.shipmentId, (data) => data.status === "delivered");
    const seen = feed.frames.filter((frame) => frame.event === "cargoUpdated" && frame.data._id === cargo._id);
    const expected = ["pending", "in transit", "delayed", "in transit", "delivered"];
    assert.deepEqual(seen.map((frame) => frame.data.status), expected);
    feed.close();
  },
  "PUT of an unknown cargo's status answers 404 {error}": async () => {
    const answer = await call("PUT", "/api/cargo/no-such-cargo/status", { status: "delivered" });
    assert.equal(problem(answer, 404).error, "Cargo not found");
  },
  "PUT of an unknown cargo status answers 400, not 500, of an illegal change 409": async () => {
    const cargo = await newCargo();
    problem(await call("PUT", `${cargoPath(cargo)}/status`, { status: "lost" }), 400);
    await setStatus(cargoPath(cargo), "delivered");
    problem(await call("PUT", `${cargoPath(cargo)}/status`, { status: "pending" }), 409);
  },
  "cargo that becomes delayed brings a criticalEvent frame": async () => {
    const feed = await Feed.open();
    const cargo = await newCargo();
    await setStatus(cargoPath(cargo), "delayed");
    const frame = await feed.cargo("criticalEvent", cargo.shipmentId);
    assert.equal(frame.message, "Delayed shipment detected!");
    feed.close();
  },
  "a trade joins the first cargo with its destination: cargoUpdated with its items, tradeUpdated with it": async () => {
    const feed = await Feed.open();
    const destination = unique("Vulcan");
    const first = await newCargo({ destination, items: [{ name: "Dilithium", quantity: 5 }] });
    const second = await newCargo({ destination });
    const items = [{ name: "Dilithium", quantity: 7 }, { name: "Tea", quantity: 1 }];
    const trade = await newTrade({ destination, items });
    const updated = await feed.trade("tradeUpdated", trade.transactionId, (data) => data.shipmentId);
    assert.equal(updated.data.shipmentId, first.shipmentId);
    const hasTea = (data) => quantityOf(data.items, "Tea").length > 0;
    const loaded = await feed.cargo("cargoUpdated", first.shipmentId, hasTea);
    assert.deepEqual(quantityOf(loaded.data.items, "Dilithium"), [12]);
    assert.deepEqual(quantityOf(loaded.data.items, "Tea"), [1]);
    assert.deepEqual((await theCargo(second)).items, second.items);
    feed.close();
  },
  "cargo created later picks up waiting trades": async () => {
    const feed = await Feed.open();
    const destination = unique("Vulcan");
    const trade = await newTrade({ destination });
    const cargo = await newCargo({ destination, items: [] });
    await feed.trade("tradeUpdated", trade.transactionId, (data) => data.shipmentId === cargo.shipmentId);
    const loaded = await feed.cargo("cargoUpdated", cargo.shipmentId, (data) => data.items.length > 0);
    assert.deepEqual(loaded.data.items, trade.items);
    feed.close();
  },
  "cargo with another destination takes nothing": async () => {
    const feed = await Feed.open();
    const cargo = await newCargo();
    const trade = await newTrade();
    const other = await newCargo({ destination: trade.destination });
    await feed.trade("tradeUpdated", trade.transactionId, (data) => data.shipmentId === other.shipmentId);
    assert.deepEqual((await theCargo(cargo)).items, cargo.items);
    feed.close();
  },
  "delivering fills the station's inventory once, completes the trades, and frames say so": async () => {
    const feed = await Feed.open();
    const station = unique("Mars Station");
    const cargo = await newCargo({ destination: station, items: [{ name: "Dilithium", quantity: 5 }] });
    const trade = await newTrade({ destination: station, items: [{ name: "Dilithium", quantity: 7 }] });
    await feed.trade("tradeUpdated", trade.transactionId, (data) => data.shipmentId === cargo.shipmentId);
    assert.equal((await setStatus(cargoPath(cargo), "delivered")).cargo.status, "delivered");
    await feed.trade("tradeUpdated", trade.transactionId, (data) => data.status === "completed");
    const filled = await feed.frame("inventoryUpdated", (frame) => frame.data.stationId === station);
    assert.deepEqual(quantityOf(filled.data.items, "Dilithium"), [12]);
    await setStatus(cargoPath(cargo), "delivered");
    const later = await newTrade();
    await feed.trade("tradeCreate", later.transactionId);
    const inventory = await call("GET", `/api/inventory/${encodeURIComponent(station)}`);
    assert.equal(inventory.status, 200);
    assert.equal(inventory.body.stationId, station);
    assert.deepEqual(quantityOf(inventory.body.items, "Dilithium"), [12]);
    assert.equal((await theTrade(trade)).status, "completed");
    feed.close();
  },
  "a second delivery adds to the inventory": async () => {
    const station = unique("Mars Station");
    for (const expected of [5, 10]) {
      const cargo = await newCargo({ destination: station, items: [{ name: "Dilithium", quantity: 5 }] });
      await setStatus(cargoPath(cargo), "delivered");
      await until(`${expected} on hand`, async () => {
        const inventory = await call("GET", `/api/inventory/${encodeURIComponent(station)}`);
        return inventory.status === 200 && quantityOf(inventory.body.items, "Dilithium")[0] === expected;
      });
    }
  },
  "GET /api/inventory/:stationId of an unknown station answers 404 {message}, whatever its form": async () => {
    for (const id of ["655f1c5e8f1b2a0012345678", "no-such-station"])
      assert.equal(typeof problem(await call("GET", `/api/inventory/${id}`), 404).message, "string");
  },
  "GET /api/getinventory answers 200 with an array of inventories": async () => {
    const station = unique("Mars Station");
    const cargo = await newCargo({ destination: station });
    await setStatus(cargoPath(cargo), "delivered");
    const found = await until("the station in the list", async () => {
      const answer = await call("GET", "/api/getinventory");
      assert.equal(answer.status, 200);
      return answer.body.find((inventory) => inventory.stationId === station);
    });
    assert.deepEqual(quantityOf(found.items, "Plasma Conduits"), [3]);
    assert.ok((await call("GET", "/api/inventory")).body.some((inventory) => inventory.stationId === station));
  },
  "a trade that is created brings tradeCreate; frames have id, seq and time beside event and data": async () => {
    const feed = await Feed.open();
    const trade = await newTrade();
    const frame = await feed.trade("tradeCreate", trade.transactionId);
    assert.deepEqual(Object.keys(frame).sort(), ["data", "event", "id", "seq", "time"]);
    assert.match(frame.id, /^[0-9a-f]{24}(\.\d+)?$/);
    assert.ok(Number.isSafeInteger(frame.seq) && frame.seq > 0);
    assert.ok(isTime(frame.time));
    assert.deepEqual(frame.data, trade);
    feed.close();
  },
  "everyone who listens gets the same frames in the same order": async () => {
    const feeds = await Promise.all([Feed.open(), Feed.open(), Feed.open()]);
    const trades = await Promise.all(Array.from({ length: 10 }, () => newTrade()));
    for (const feed of feeds)
      for (const trade of trades) await feed.trade("tradeCreate", trade.transactionId);
    const first = Math.max(...feeds.map((feed) => feed.frames[0].seq));
    const last = Math.min(...feeds.map((feed) => feed.frames[feed.frames.length - 1].seq));
    const heard = feeds.map((feed) => feed.frames.filter((frame) => frame.seq >= first && frame.seq <= last));
    assert.deepEqual(heard[0].map((frame) => frame.seq), Array.from({ length: last - first + 1 }, (_, n) => first + n));
    assert.deepEqual(heard[1], heard[0]);
    assert.deepEqual(heard[2], heard[0]);
    for (const feed of feeds) feed.close();
  },
  "GET of the feed's path without an upgrade answers 426": async () => {
    const answer = await call("GET", "/api/updates/real-time");
    assert.equal(answer.status, 426);
    assert.match(answer.headers.get("upgrade") || "", /websocket/i);
  },
  "an unknown path answers 404, a wrong method 405 with Allow": async () => {
    problem(await call("GET", "/api/nowhere"), 404);
    problem(await call("GET", "/nowhere"), 404);
    const answer = await call("DELETE", "/api/getalltrades");
    problem(answer, 405);
    assert.match(answer.headers.get("allow"), /GET/);
  },
};

async function main() {
  const names = Object.keys(cases);
  if (process.argv.includes("--list")) {
    console.log(names.join("\n"));
    return;
  }
  let failed = 0;
  console.log(`TAP version 13\n1..${names.length}`);
  for (const [n, name] of names.entries()) {
    try {
      await cases[name]();
      console.log(`ok ${n + 1} - ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok ${n + 1} - ${name}`);
      console.log(String(error.stack).replace(/^/gm, "# "));
    }
  }
  console.log(`# ${names.length - failed} ok, ${failed} not ok`);
  process.exit(failed ? 1 : 0);
}

main();
