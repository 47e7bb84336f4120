"""A conversation that brings about every answer that spec/openapi.yaml promises, and looks for what it does not promise."""

import contextlib
import json
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from admin.raw_store import raw_store
from harness.mongo import MongoServer
from harness.stack import Stack
from harness.wait import wait_for
from harness.watch import Watcher, read_log
from spec.documents import OpenApi

# What nobody can bring about here: a fault of ours (500), the limits of a site that others share (429), and what tests/metrics
# looks at, where Redis, engines and gateways go away.
NEVER = {("value", "ProblemType", "/problems/internal"), ("response", "TooManyRequests"),
         ("media", "TooManyRequests", "application/problem+json"), ("member", "Readiness.host", "reason"),
         # Two tries of one stock-take or acknowledgement in the same instant (tests/unit/api/test_stock_take.c).
         ("response", "StillUnderWay"), ("media", "StillUnderWay", "application/problem+json"),
         ("status", "/api/inventory/{stationId}", "put", "409"),
         ("status", "/api/alerts/{alertId}/acknowledge", "put", "409"),
         ("status", "/api/alerts/{alertId}/acknowledge", "patch", "409")}
FORMS = ["application/json", "application/x-ndjson", "text/csv"]
LISTS = ["/api/trades", "/api/getalltrades", "/api/cargo", "/api/getallCargo", "/api/inventory", "/api/getinventory",
         "/api/inventory/Mars/movements", "/api/alerts"]
TRADE = {"buyer": "Ada", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
         "items": [{"name": "Dilithium", "quantity": 10}], "destination": "Mars"}
CARGO = {"emailId": "ops@example.org", "items": [{"name": "Water", "quantity": 5}], "destination": "Mars"}
JSON = {"Content-Type": "application/json"}
WAIT = {"Prefer": "wait=10"}
HANDSHAKE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
MISSING = "0123456789abcdef01234567"


class Talk:
    """Requests whose answers are held against the document."""

    def __init__(self, stack, mongo):
        self.stack, self.mongo, self.api = stack, mongo, OpenApi()
        self.trade, self.cargo, self.alert = None, None, None

    def say(self, method, target, body=None, headers=None, status=200):
        answer = self.stack.request(method, target, body, headers)
        assert answer.status == status, f"{method} {target}: {answer}"
        self.api.check(self.api.find_path(target), method.lower(), answer)
        return answer

    def target(self, path):
        return path.format(transactionId=self.trade, shipmentId=self.cargo, stationId="Mars", alertId=self.alert)

    def each_operation(self):
        return [(path, method, self.target(path)) for path, method in self.api.operations]

    def raw(self, method, target, fields, body=b""):
        lines = [f"{method.upper()} {target} HTTP/1.1", "Host: itn", *fields, "", ""]
        return self.stack.raw("\r\n".join(lines).encode() + body)


def documents(talk):
    """Trades and cargo from their creation to their end."""
    talk.trade = talk.say("POST", "/api/trades", TRADE, WAIT, 201).json()["transactionId"]
    talk.say("POST", "/api/trades", {**TRADE, "stationId": "Luna"}, {"Prefer": "wait=0"}, 202)
    six = [{"name": f"part {n}", "quantity": 1} for n in range(6)]
    talk.large = talk.say("POST", "/api/trades", {**TRADE, "items": six, "destination": "Io"}, None, 201).json()["_id"]
    talk.cargo = "SH-1"
    talk.say("POST", "/api/cargo", {**CARGO, "shipmentId": "SH-1", "origin": "Luna", "capacity": 100,
                                    "eta": "2031-05-04T12:00:00Z", "location": "Dock 4"}, WAIT, 201)
    talk.say("POST", "/api/cargo", {**CARGO, "shipmentId": "SH-2", "destination": "Vega"}, {"Prefer": "wait=0"}, 202)
    talk.say("POST", "/api/cargo", {**CARGO, "shipmentId": "SH-1"}, None, 409)
    eleven = [{"name": f"part {n}", "quantity": 1} for n in range(11)]
    talk.say("POST", "/api/cargo", {**CARGO, "shipmentId": "SH-3", "items": eleven}, None, 201)
    for method, path in (("PUT", "/api/cargo/SH-1/status"), ("PATCH", "/api/cargo/SH-2/status")):
        talk.say(method, path, {"status": "in transit"}, {"Prefer": "wait=0"}, 202)
        talk.say(method, path, {"status": "delivered"}, WAIT)
        talk.say(method, path, {"status": "pending"}, None, 409)
        talk.say(method, path, {"status": "delivered"}, {"If-Match": '"1"'}, 412)
    for path in ("/api/trades/{}/status", "/api/{}/status"):
        for method in ("PUT", "PATCH"):
            trade = talk.say("POST", "/api/trades", {**TRADE, "destination": "Far"}, None, 201).json()["_id"]
            talk.say(method, path.format(trade), {"status": "delayed"}, {"Prefer": "wait=0"}, 202)
            assert talk.say("GET", f"/api/trades/{trade}").json()["holds"] == ["manual"]
            talk.say(method, path.format(trade), {"status": "canceled", "reason": "too late"}, WAIT)
            talk.say(method, path.format(trade), {"status": "pending"}, None, 409)
            talk.say(method, path.format(trade), {"status": "canceled"}, {"If-Match": '"1"'}, 412)
            talk.say(method, path.format(MISSING), {"status": "canceled"}, None, 404)
    talk.say("PUT", "/api/cargo/nothing/status", {"status": "delivered"}, None, 404)
    talk.say("PATCH", "/api/cargo/nothing/status", {"status": "delivered"}, None, 404)
    for path in (f"/api/trades/{talk.trade}", "/api/cargo/SH-1", "/api/inventory/Mars"):
        version = talk.say("GET", path).field("ETag")
        talk.say("GET", path, None, {"If-None-Match": version}, 304)
        talk.say("GET", path, None, {"If-Match": '"999"'}, 412)
        talk.say("GET", path.rsplit("/", 1)[0] + "/nothing", None, None, 404)
        talk.say("GET", path.rsplit("/", 1)[0] + "/%ff", None, None, 400)
    talk.say("GET", "/api/inventory/Mars?at=seq:1", None, None, 200)
    talk.say("GET", "/api/inventory/Mars?at=seq:x", None, None, 400)
    talk.say("GET", "/api/inventory/Mars?at=seq:9000000000000000", None, None, 410)


def stock(talk):
    """A station that sets goods aside, has too little, and too little left."""
    path, count = "/api/inventory/Titan", {"items": [{"name": "tea", "quantity": 10, "reorderLevel": 3}]}
    first = talk.say("PUT", path, count, {"If-None-Match": "*", **WAIT})
    talk.say("PUT", path, {"items": [{"name": "salt", "quantity": 0}]}, {"If-Match": first.field("ETag")})
    talk.say("PUT", path, count, {"If-Match": first.field("ETag")}, 412)
    talk.say("PUT", "/api/inventory/Dione", count, {"If-Match": "*"}, 412)
    talk.say("PUT", path, count, {"Prefer": "wait=0"}, 202)
    talk.say("PUT", "/api/inventory/%20Titan", count, None, 400)
    talk.say("PUT", "/api/inventory/%ff", count, None, 400)
    trade = {**TRADE, "stationId": "Titan", "destination": "Rhea"}
    talk.say("POST", "/api/trades", {**trade, "items": [{"name": "tea", "quantity": 8}]}, WAIT, 201)
    short = talk.say("POST", "/api/trades", {**trade, "items": [{"name": "tea", "quantity": 9}]}, WAIT, 201).json()["_id"]
    talk.say("PUT", f"/api/trades/{short}/status", {"status": "completed"}, None, 409)


def alerts(talk):
    """Each kind from when it is raised to its end."""
    talk.say("POST", "/api/cargo", {**CARGO, "shipmentId": "SH-4", "eta": "2020-01-01T00:00:00Z"}, WAIT, 201)
    wait_for(lambda: talk.say("GET", "/api/cargo/SH-4").json()["status"] == "delayed", "it is late")
    late, = talk.say("GET", "/api/alerts?kind=lateness&shipmentId=SH-4").json()
    large, = talk.say("GET", "/api/alerts?shipmentId=SH-3").json()
    talk.alert = late["id"]
    assert talk.say("GET", "/api/alerts?kind=oversize&status=open").json()[0]["entity"] == "trade"
    talk.say("PUT", f"/api/alerts/{late['id']}/acknowledge", None, {"Prefer": "wait=0"}, 202)
    talk.say("PUT", f"/api/alerts/{late['id']}/acknowledge", None, WAIT)
    talk.say("PATCH", f"/api/alerts/{large['id']}/acknowledge", None, {"Prefer": "wait=0"}, 202)
    talk.say("PATCH", f"/api/alerts/{large['id']}/acknowledge", None, {"If-Match": '"1"'}, 412)
    talk.say("PUT", f"/api/alerts/{large['id']}/acknowledge", None, {"If-Match": '"1"'}, 412)
    talk.say("PATCH", f"/api/alerts/{large['id']}/acknowledge", None, WAIT)
    for method in ("PUT", "PATCH"):
        talk.say(method, "/api/alerts/nothing/acknowledge", None, None, 404)
        talk.say(method, "/api/alerts/%ff/acknowledge", None, None, 400)
    talk.say("PUT", "/api/cargo/SH-4/status", {"status": "delivered"}, WAIT)
    assert [alert["status"] for alert in talk.say("GET", "/api/alerts?shipmentId=SH-4").json()] == ["resolved"]
    version = talk.say("GET", f"/api/alerts/{late['id']}").field("ETag")
    talk.say("GET", f"/api/alerts/{late['id']}", None, {"If-None-Match": version}, 304)
    talk.say("GET", f"/api/alerts/{late['id']}", None, {"If-Match": '"999"'}, 412)
    talk.say("GET", "/api/alerts/nothing", None, None, 404)
    talk.say("GET", "/api/alerts/%ff", None, None, 400)
    talk.say("GET", "/api/alerts?kind=other", None, None, 400)
    talk.say("GET", "/api/alerts?status=pending", None, None, 400)


def lists(talk):
    for path in LISTS:
        for form in FORMS:
            talk.say("GET", path, None, {"Accept": form})
        assert talk.say("GET", path + "?limit=1").field("Link")
        talk.say("GET", path, None, {"Accept": "image/png"}, 406)
        talk.say("GET", path + "?limit=0", None, None, 400)
    for path in (f"/api/trades/{talk.trade}", f"/api/trades/{talk.large}", "/api/cargo/SH-1", "/api/cargo/SH-4"):
        for form in FORMS:
            talk.say("GET", f"{path}/timeline", None, {"Accept": form})
        assert talk.say("GET", f"{path}/timeline?limit=1").field("Link")
        talk.say("GET", f"{path}/timeline", None, {"Accept": "image/png"}, 406)
        talk.say("GET", f"{path}/timeline?limit=0", None, None, 400)
        talk.say("GET", f"{path.rsplit('/', 1)[0]}/nothing/timeline", None, None, 404)
    for form in FORMS[:2]:
        talk.say("GET", "/api/events", None, {"Accept": form})
    assert talk.say("GET", "/api/events?limit=1").field("Link")
    talk.say("GET", "/api/events", None, {"Accept": "text/csv"}, 406)
    talk.say("GET", "/api/events?after=x", None, None, 400)
    talk.say("GET", "/api/events?after=1000000", None, None, 410)
    talk.say("GET", "/api/stats")


def operation(talk):
    talk.say("GET", "/livez")
    talk.say("GET", "/readyz")
    talk.say("GET", "/readyz?verbose")
    talk.say("GET", "/metrics")
    talk.say("GET", "/metrics", None, {"X-Forwarded-For": "192.0.2.1"}, 404)
    assert talk.say("GET", "/api/audit").json()["ok"]
    with raw_store(talk.stack) as data:
        data.miscount(1)
        assert not talk.say("GET", "/api/audit").json()["ok"]
        data.miscount(-1)
    talk.say("GET", "/api/audit", None, {"X-Forwarded-For": "192.0.2.1"}, 404)


def live_feed(talk):
    path = "/api/updates/real-time"
    talk.say("GET", path, None, None, 426)
    talk.say("GET", path, None, {**HANDSHAKE, "Sec-WebSocket-Version": "8"}, 426)
    talk.say("GET", path, None, {**HANDSHAKE, "Sec-WebSocket-Key": "short"}, 400)
    answer = talk.raw("GET", path, [f"{name}: {value}" for name, value in HANDSHAKE.items()])
    assert answer.status == 101
    talk.api.check(path, "get", answer)


def faults_of_any_request(talk):
    """What every operation answers to HTTP that it can't take."""
    for path, method, target in talk.each_operation():
        for status, answer in (
                (400, talk.raw(method, target, ["Transfer-Encoding: foo"])),
                (405, talk.raw("DELETE", target, [])),
                (413, talk.raw(method, target, ["Content-Length: 99999999"])),
                (414, talk.raw(method, target + "?" + "x" * 17000, [])),
                (431, talk.raw(method, target, ["X: " + "x" * 17000]))):
            assert answer.status == status, f"{method} {target}: {answer}"
            talk.api.check(path, method, answer)


def too_many_fields(talk):
    """nginx takes them, itn-api reads no further than it has room."""
    answer = talk.raw("GET", "/livez", [f"X-{n}: n" for n in range(300)])
    assert answer.status == 431
    talk.api.check("/livez", "get", answer)


def faults_of_bodies(talk):
    large = json.dumps({"pad": "x" * (1 << 20)})
    for path, method, target in talk.each_operation():
        if "requestBody" not in talk.api.operation(path, method):
            continue
        talk.say(method.upper(), target, "{", JSON, 400)
        talk.say(method.upper(), target, {}, None, 400)
        talk.say(method.upper(), target, "x", {"Content-Type": "text/plain"}, 415)
        key = {"Idempotency-Key": f'"{secrets.token_hex(8)}"'}
        first = talk.say(method.upper(), target, {}, key, 400)
        assert talk.say(method.upper(), target, {}, key, 400).body == first.body
        talk.say(method.upper(), target, {"more": 1}, key, 422)
        talk.say(method.upper(), target, {}, {"Idempotency-Key": ""}, 400)
        talk.say(method.upper(), target, large, JSON, 413)


def changes_without_a_body(talk):
    for method in ("PUT", "PATCH"):
        target = f"/api/alerts/{talk.alert}/acknowledge"
        key = {"Idempotency-Key": f'"{secrets.token_hex(8)}"'}
        first = talk.say(method, target, None, key)
        assert talk.say(method, target, None, key).body == first.body
        talk.say(method, target, {"more": 1}, key, 422)
        talk.say(method, target, None, {"Idempotency-Key": ""}, 400)
        talk.say(method, target, "x", {"Content-Type": "text/plain"}, 415)


def the_same_at_once(talk):
    """While a change waits for the engine, which is stopped, another try of it comes."""
    trade = talk.say("POST", "/api/trades", {**TRADE, "destination": "Far"}, WAIT, 201).json()["_id"]
    arguments = "PUT", f"/api/trades/{trade}/status", {"status": "delayed"}, {**WAIT, "Idempotency-Key": "at-once"}
    talk.stack.freeze("itn-engine-1")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(talk.stack.new_client().request, *arguments)
        wait_for(lambda: talk.stack.get(f"/api/trades/{trade}").json()["status"] == "delayed", "it is written")
        assert talk.say(*arguments, 409).field("Retry-After") == "1"
        talk.stack.thaw("itn-engine-1")
        assert first.result().status == 200
    assert talk.say(*arguments).body == first.result().body


def store_away(talk):
    """The first write after the store stopped is sent to it, so nobody knows; from then on nothing is."""
    talk.mongo.freeze()
    assert talk.say("POST", "/api/trades", TRADE, None, 503).json()["outcome"] == "outcome-unknown"
    wait_for(lambda: talk.stack.get("/readyz").status == 503, "not ready")
    for path, method, target in talk.each_operation():
        if "503" in talk.api.responses(path, method):
            body = {"status": "delayed"} if "status" in path else {**TRADE, **CARGO, "shipmentId": "SH-9"}
            answer = talk.say(method.upper(), target + ("?verbose" if path == "/readyz" else ""),
                              body if method != "get" else None, None, 503)
            assert path == "/readyz" or answer.json()["outcome"] == "not-done"
    talk.mongo.thaw()
    talk.stack.wait_ready(60)


def no_room(talk):
    """The server refuses every write for want of space; its disk need not be full for that."""
    def fail_point(mode):
        with talk.mongo.client() as client:
            client.admin.command("configureFailPoint", "failCommand", mode=mode,
                                 data={"failCommands": ["insert", "update"], "errorCode": 14031})
    ids = {"transactionId": talk.say("POST", "/api/trades", {**TRADE, "destination": "Full"}, WAIT, 201).json()["_id"],
           "shipmentId": talk.say("POST", "/api/cargo", {**CARGO, "shipmentId": "SH-8", "destination": "Void"}, WAIT,
                                  201).json()["_id"],
           "stationId": "Mars", "alertId": talk.say("GET", "/api/alerts?status=open").json()[0]["id"]}
    fail_point("alwaysOn")
    for path, method in talk.api.operations:
        if "507" in talk.api.responses(path, method):
            body = {"status": "delayed"} if "status" in path else {**TRADE, **CARGO, "shipmentId": "SH-9"}
            assert talk.say(method.upper(), path.format(**ids), body, None, 507).json()["outcome"] == "not-done"
    fail_point("off")
    wait_for(lambda: talk.stack.post("/api/trades", TRADE, WAIT).status == 201, "the engine goes on")


def workers_away(talk):
    """They are started again at once, but not twice."""
    def seen():
        for name in ("itn-api-1", "itn-api-2"):
            if name in talk.stack.pids():
                talk.stack.kill(name)
        answer = talk.stack.get("/api/stats")
        if answer.status == 502:
            talk.api.check("/api/stats", "get", answer)
        return answer.status == 502
    wait_for(seen, "no worker answers")
    talk.stack.wait_ready(60)


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    # The store is away when the test says so, not when the machine is busy.
    settings = {"ITN_STORE_TIMEOUT_MS": 6000}
    with (MongoServer(folder) as mongo,
          contextlib.closing(Stack(folder / "stack", ITN_STORE=mongo.uri, **settings)) as stack):
        stack.up()
        talk = Talk(stack, mongo)
        watcher = Watcher(stack)
        documents(talk)
        for part in (stock, alerts, lists, operation, live_feed, faults_of_any_request, too_many_fields, faults_of_bodies,
                     changes_without_a_body, the_same_at_once):
            part(talk)
        log = read_log(stack.client)
        watcher.wait_seq(log[-1]["seq"])
        watcher.close()
        talk.log, talk.frames = log, watcher.frames
        no_room(talk)
        store_away(talk)
        workers_away(talk)
        yield talk


def test_every_answer_is_documented(talk):
    assert talk.log, "the conversation was held, each of its answers against the document"


def test_everything_documented_was_seen(talk):
    missing = talk.api.promised() - talk.api.seen - NEVER
    # Workers are away for one request only.
    missing -= {entry for entry in missing if entry[0] == "status" and entry[3] in ("5XX", "429")}
    assert not missing, sorted(missing)


def test_frames_are_the_events_of_the_log(talk):
    assert talk.frames == talk.log
