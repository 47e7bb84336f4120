"""Mixed load for half an hour: does anything grow?

Clients post trades and cargo, move and cancel them, read single documents, pages, whole lists and the log, all at a bounded
rate through nginx, while WebSocket clients come and go. Meanwhile memory, descriptors and threads of every process, the
write-ahead log, the backlog and Redis are sampled. What a quantity grew by is the difference between the medians of the first
and the last tenth after the warm-up, and also what the Theil-Sen slope (the median of the slopes between all pairs of
samples) makes of that time; it counts as growth when both are beyond the limit.
"""

import asyncio
import collections
import contextlib
import csv
import http.client
import itertools
import random
import re
import sqlite3
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pymongo
import websockets

from common import arguments, memory, median, percentile, running, scratch, show, stack, store

STREAM_MAX = 2000
STATIONS = [f"Station {n}" for n in range(24)]
ITEMS = ["Dilithium", "Latinum", "Tea", "Plasma conduits", "Stem bolts"]
MB = 1024 * 1024

# What is sampled: (pattern of its name, unit, divisor, growth at most, value at most)
LIMITS = [
    (r"RssAnon of itn-.*", "MB", MB, 1 * MB, None),
    (r"RssAnon of .*", "MB", MB, 2 * MB, None),
    (r"descriptors of .*", "", 1, 8, None),
    (r"threads of .*", "", 1, 0, None),
    (r"write-ahead log", "MB", MB, None, 80 * MB),
    (r"backlog", "entries", 1, 50, None),
    (r"Redis memory", "MB", MB, 2 * MB, None),
    (r"stream in Redis", "events", 1, None, STREAM_MAX + 200),
]


class Load:
    """Requests of all kinds at a bounded rate. A kind is a method that gives (method, path, body), or None when there is
    nothing to do it to."""

    def __init__(self, server, rate, clients):
        self.server, self.rate = server, rate
        self.random = random.Random(1)
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.trades = collections.deque(maxlen=500)
        self.cargo = collections.deque()  # (shipmentId, status to come)
        self.last_seq = 0
        self.next_whole_list = 0.0
        self.answers = collections.Counter()
        self.seconds = collections.defaultdict(list)
        self.wrong = []
        self.stopping = threading.Event()
        self.began = time.monotonic()
        self.slots = itertools.count()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    KINDS = {"post_trade": 36, "post_cargo": 5, "move_cargo": 9, "cancel_trade": 5, "get_trade": 18, "get_cargo": 5,
             "page_of_trades": 8, "page_of_cargo": 4, "inventory": 4, "events": 5, "list_of_buyer": 1, "whole_list": 1}

    def items(self):
        return [{"name": name, "quantity": self.random.randint(1, 9)}
                for name in self.random.sample(ITEMS, self.random.choice([1, 1, 2, 3]))]

    def post_trade(self):
        return "POST", "/api/trades", {
            "buyer": f"buyer {self.random.randrange(200)}", "buyerEmail": "ada@example.org", "seller": "Bo",
            "sellerEmail": "bo@example.org", "destination": self.random.choice(STATIONS), "items": self.items()}

    def post_cargo(self):
        return "POST", "/api/cargo", {"shipmentId": f"S{next(self.numbers)}", "emailId": "dock@example.org",
                                      "destination": self.random.choice(STATIONS), "items": self.items()}

    def move_cargo(self):
        if len(self.cargo) < 2 * len(STATIONS):
            return None
        shipment, status = self.cargo.popleft()
        if status == "in transit":
            self.cargo.append((shipment, "delivered"))
        return "PUT", f"/api/cargo/{quote(shipment)}/status", {"status": status}

    def cancel_trade(self):
        return self.trades and ("PUT", f"/api/trades/{self.random.choice(self.trades)}/status", {"status": "canceled"})

    def get_trade(self):
        return self.trades and ("GET", f"/api/trades/{self.random.choice(self.trades)}", None)

    def get_cargo(self):
        return self.cargo and ("GET", f"/api/cargo/{quote(self.random.choice(self.cargo)[0])}", None)

    def page_of_trades(self):
        return "GET", f"/api/trades?limit=100&destination={quote(self.random.choice(STATIONS))}", None

    def page_of_cargo(self):
        return "GET", "/api/cargo?limit=100&status=pending", None

    def inventory(self):
        return "GET", f"/api/inventory/{quote(self.random.choice(STATIONS))}", None

    def events(self):
        return "GET", f"/api/events?after={max(0, self.last_seq - 50)}&limit=100", None

    def list_of_buyer(self):
        return "GET", f"/api/trades?buyer={quote('buyer ' + str(self.random.randrange(200)))}", None

    def whole_list(self):
        now = time.monotonic()
        if now < self.next_whole_list:
            return None
        self.next_whole_list = now + 30
        return "GET", "/api/trades", None

    def next_request(self):
        with self.lock:
            while True:
                kind = self.random.choices(list(self.KINDS), self.KINDS.values())[0]
                request = getattr(self, kind)()
                if request:
                    return kind, request

    def took(self, kind, answer):
        with self.lock:
            if kind == "post_trade" and answer.status == 201:
                self.trades.append(answer.json()["transactionId"])
            elif kind == "post_cargo" and answer.status == 201:
                self.cargo.append((answer.json()["shipmentId"], "in transit"))
            seq = answer.field("ITN-Seq")
            self.last_seq = max(self.last_seq, int(seq or 0))

    def is_right(self, kind, status):
        if kind.startswith("post_"):
            return status == 201
        if kind in ("move_cargo", "cancel_trade"):
            return status in (200, 202, 409)
        return status == 200 or kind == "inventory" and status == 404

    def run(self):
        client = self.server.new_client()
        while not self.stopping.is_set():
            due = self.began + next(self.slots) / self.rate
            if self.stopping.wait(max(0, due - time.monotonic())):
                break
            kind, request = self.next_request()
            began = time.monotonic()
            try:
                answer = client.request(*request)
            except (OSError, http.client.HTTPException) as failure:
                self.wrong.append(f"{kind}: {failure!r}")
                continue
            self.seconds[kind].append(time.monotonic() - began)
            self.answers[answer.status] += 1
            if not self.is_right(kind, answer.status):
                self.wrong.append(f"{kind}: {answer}")
            self.took(kind, answer)
        client.close()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Watchers:
    """WebSocket clients that come, watch for a while, and go, every other one without a word."""

    def __init__(self, server, count):
        self.url = server.feed_url
        self.frames = self.visits = 0
        self.wrong = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=[self.all(count)], daemon=True)
        self.thread.start()

    async def all(self, count):
        self.tasks = [asyncio.create_task(self.one(random.Random(n))) for n in range(count)]
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def one(self, chance):
        while True:
            try:
                async with websockets.connect(self.url, max_size=None) as client:
                    self.visits += 1
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(chance.uniform(1, 40)):
                            async for _ in client:
                                self.frames += 1
                    if chance.random() < 0.5:
                        client.transport.abort()
            except (OSError, websockets.WebSocketException) as failure:
                self.wrong.append(f"watcher: {failure!r}")
                await asyncio.sleep(1)

    def stop(self):
        self.loop.call_soon_threadsafe(lambda: [task.cancel() for task in self.tasks])
        self.thread.join()


class Backlog:
    """How many entries are not in the log yet (MongoDB: documents that have some)."""

    def __init__(self, server):
        if "ITN_STORE" in server.settings:
            self.client = pymongo.MongoClient(server.settings["ITN_STORE"], directConnection=True)
            database = self.client[server.settings["ITN_NETWORK"]]
            self.collections = [database.trades, database.cargo, database.requests]
        else:
            self.client = sqlite3.connect(f"file:{server.folder}/itn.db?mode=ro", uri=True)
            self.collections = None

    def count(self):
        if self.collections:
            return sum(c.count_documents({"outboxAt": {"$exists": True}}) for c in self.collections)
        return self.client.execute("SELECT count(*) FROM outbox").fetchone()[0]


def children(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()]


def processes(server):
    """{name: pid}, nginx's workers too."""
    found = {name: pid for name, pid in server.pids().items() if name != "supervisor"}
    for n, pid in enumerate(sorted(children(found["nginx"]))):
        found[f"nginx worker {n + 1}"] = pid
    return found


def sample(server, pids, backlog):
    found = {}
    for name, pid in pids.items():
        status = Path(f"/proc/{pid}/status").read_text()
        found[f"RssAnon of {name}"] = memory(pid)["RssAnon"] * 1024
        found[f"descriptors of {name}"] = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        found[f"threads of {name}"] = int(re.search(r"^Threads:\s+(\d+)", status, re.MULTILINE)[1])
    wal = server.folder / "itn.db-wal"
    if wal.exists():
        found["write-ahead log"] = wal.stat().st_size
    found["backlog"] = backlog.count()
    found["Redis memory"] = int(re.search(r"used_memory:(\d+)", server.redis("INFO", "memory"))[1])
    found["stream in Redis"] = int(server.redis("XLEN", f"{server.settings.get('ITN_NETWORK', 'itn')}:stream"))
    return found


def theil_sen(points):
    """The median of the slopes between all pairs of (seconds, value), a second."""
    return median([(v2 - v1) / (t2 - t1) for (t1, v1), (t2, v2) in itertools.combinations(points, 2)])


def judge(name, points):
    """A row of the table, and (text of the target, whether it was met)."""
    _, unit, divisor, growth_max, value_max = next(limit for limit in LIMITS if re.fullmatch(limit[0], name))
    tenth = max(1, len(points) // 10)
    first, last = (median([value for _, value in part]) for part in (points[:tenth], points[-tenth:]))
    most = max(value for _, value in points)
    slope = theil_sen(points)
    sloped = slope * (points[-1][0] - points[0][0])

    def shown(value):
        return f"{value / divisor:.1f}" if divisor > 1 else f"{value:.0f}"
    row = [name, unit, shown(first), shown(last), shown(most), f"{slope * 3600 / divisor:+.2f}"]
    if growth_max is None:
        return row, (f"{name}: at most {shown(value_max)} {unit}", most <= value_max)
    met = last - first <= growth_max or sloped <= growth_max
    return row, (f"{name}: grows by at most {shown(growth_max)} {unit}".rstrip(), met)


def watch(server, seconds, every, backlog):
    """[(seconds since the beginning, sample)] of the whole time."""
    pids = processes(server)
    samples = []
    began = time.monotonic()
    while (at := time.monotonic() - began) < seconds:
        samples.append((at, sample(server, pids, backlog)))
        time.sleep(max(0, every - (time.monotonic() - began - at)))
    assert processes(server) == pids, "a process was started again"
    return samples


def write_samples(path, samples):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["seconds", *samples[0][1]])
        out.writerows([f"{at:.1f}", *found.values()] for at, found in samples)


def main():
    options = arguments(__doc__.split("\n")[0], store=("sqlite", "sqlite or mongodb"), minutes=(30.0, "how long"),
                        rate=(60.0, "requests a second"), clients=(8, "clients that send them"),
                        watchers=(12, "WebSocket clients at once"), every=(2.0, "seconds between two samples"),
                        samples=("", "write every sample to this CSV file"))
    seconds = options.minutes * 60
    with scratch() as folder, store(options.store, folder) as (name, uri):
        with running(stack(folder, options.build, uri, ITN_STREAM_MAX=STREAM_MAX, ITN_ENGINE_PROCESSES=2)) as server:
            backlog = Backlog(server)
            load, watchers = Load(server, options.rate, options.clients), Watchers(server, options.watchers)
            samples = watch(server, seconds, options.every, backlog)
            load.stop()
            watchers.stop()
            report = server.itn("admin", "doctor")
    if options.samples:
        write_samples(options.samples, samples)
    steady = [(at, found) for at, found in samples if at >= max(seconds / 5, min(60, seconds / 2))]
    judged = [judge(what, [(at, found[what]) for at, found in steady]) for what in steady[0][1]]
    sent = sum(load.answers.values())
    took = [value for values in load.seconds.values() for value in values]
    for fault in (load.wrong + watchers.wrong)[:10]:
        print(fault, file=sys.stderr)
    target = [entry for _, entry in judged] + [
        (f"every request is answered as it should be ({sent} were, {len(load.wrong)} not)", not load.wrong),
        (f"no watcher loses its connection ({watchers.visits} visits)", not watchers.wrong),
        (f"the rate is kept up ({sent / seconds:.1f} of {options.rate:g} a second)", sent >= 0.95 * seconds * options.rate),
        ("itn-admin doctor finds all well afterwards", report.returncode == 0)]
    met = show(f"{options.minutes:g} minutes of mixed load, {name}",
               ["quantity", "unit", "first", "last", "most", "an hour"], [row for row, _ in judged], target, options,
               store=name, requests=sent, frames=watchers.frames, p50_ms=round(median(took) * 1000, 2),
               p99_ms=round(percentile(took, 99) * 1000, 2), events=load.last_seq)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
