"""Idempotency-Key: a request that is sent again has one effect and the first answer."""

import secrets
import sqlite3
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.bodies import a_cargo, a_stock_take, a_trade, created, problem
from harness.wait import wait_for
from harness.watch import read_log

AT_ONCE = 50
OWN_FIELDS = ("Content-Type", "ETag", "Location", "Preference-Applied", "Retry-After")


def new_key():
    return secrets.token_hex(8)


def with_key(key, **headers):
    return {"Idempotency-Key": key, **{name.replace("_", "-"): value for name, value in headers.items()}}


def own(answer):
    """What belongs to the answer, not to the request that it came to."""
    return answer.status, answer.body, [answer.field(name) for name in OWN_FIELDS]


def new_trade(api):
    return created(api.post("/api/trades", a_trade(destination="Nowhere"), {"Prefer": "wait=10"}))["_id"]


def new_cargo(api):
    return created(api.post("/api/cargo", a_cargo(), {"Prefer": "wait=10"}))["_id"]


def change(path_of, method, body):
    """A change of a document that is made for it."""
    return lambda api: (method, path_of(api), body)


WRITES = {
    "a trade": lambda api: ("POST", "/api/trades", a_trade(destination="Nowhere")),
    "a large trade": lambda api: ("POST", "/api/trades", a_trade(
        destination="Nowhere", items=[{"name": f"☃ {i}", "quantity": 1} for i in range(1000)])),
    "cargo": lambda api: ("POST", "/api/cargo", a_cargo(shipmentId=f"Ü/{new_key()} 1")),
    "trade's status by PUT": change(lambda api: f"/api/trades/{new_trade(api)}/status", "PUT", {"status": "canceled"}),
    "trade's status by PATCH": change(lambda api: f"/api/trades/{new_trade(api)}/status", "PATCH", {"status": "delayed"}),
    "by the short path": change(lambda api: f"/api/{new_trade(api)}/status", "PUT", {"status": "canceled", "reason": "so"}),
    "by the short path, PATCH": change(lambda api: f"/api/{new_trade(api)}/status", "PATCH", {"status": "canceled"}),
    "cargo's status by PUT": change(lambda api: f"/api/cargo/{new_cargo(api)}/status", "PUT", {"status": "in transit"}),
    "cargo's status by PATCH": change(lambda api: f"/api/cargo/{new_cargo(api)}/status", "PATCH", {
        "status": "pending", "location": "Ceres"}),
    "a stock-take": lambda api: ("PUT", f"/api/inventory/Port%20{new_key()}", a_stock_take(tea=(7, 2), iron=0)),
}


def entity_of(answer):
    document = answer.json()
    return document.get("trade") or document.get("cargo") or document.get("inventory") or document


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("prefer", [None, "wait=10"])
def test_the_same_request_again(api, write, prefer):
    method, path, body = WRITES[write](api)
    headers = with_key(new_key(), **({"Prefer": prefer} if prefer else {}))
    first = api.request(method, path, body, headers)
    assert first.status == (201 if method == "POST" else 200)
    document = entity_of(first)
    for _ in range(2):
        again = api.request(method, path, body, headers)
        assert own(again) == own(first)
        assert again.field("X-Request-Id") != first.field("X-Request-Id")
    if write == "a stock-take":
        told = [event["event"] for event in read_log(api.client) if event["data"].get("_id") == document["_id"]]
        assert told == ["stockTaken", "inventoryUpdated"]
        return
    wait_for(lambda: document["version"] in versions(api, document["_id"]), "it is in the log")
    told = versions(api, document["_id"])
    assert told == sorted(set(told)) and told[-1] == document["version"]


def versions(api, of):
    return [event["data"]["version"] for event in read_log(api.client)
            if event["data"].get("_id") == of and event["event"] != "criticalEvent"]


def test_the_answer_stays_when_the_document_changes(api):
    body, key = a_trade(destination="Nowhere"), new_key()
    first = api.post("/api/trades", body, with_key(key))
    path = f"/api/trades/{created(first)['_id']}/status"
    change_key = new_key()
    delayed = api.put(path, {"status": "delayed"}, with_key(change_key))
    assert api.put(path, {"status": "canceled"}).status == 200
    assert own(api.post("/api/trades", body, with_key(key))) == own(first)
    assert own(api.put(path, {"status": "delayed"}, with_key(change_key))) == own(delayed)
    assert api.get(path.removesuffix("/status")).json()["status"] == "canceled"


def test_a_key_is_for_one_request(api):
    trade, other = new_trade(api), new_trade(api)
    path, body, key = f"/api/trades/{trade}/status", {"status": "delayed"}, new_key()
    tag = api.get(f"/api/trades/{trade}").field("ETag")
    first = api.put(path, body, with_key(key, If_Match=tag))
    assert first.status == 200
    for method, path_then, body_then, headers in (
            ("PUT", path, {"status": "canceled"}, {"If_Match": tag}),
            ("PUT", path, b'{"status": "delayed" }', {"If_Match": tag}),
            ("PATCH", path, body, {"If_Match": tag}),
            ("PUT", f"/api/trades/{other}/status", body, {"If_Match": tag}),
            ("PUT", path, body, {}),
            ("PUT", path, body, {"If_Match": '"7"'}),
            ("POST", "/api/trades", a_trade(), {}),
            ("POST", "/api/cargo", a_cargo(), {})):
        answer = api.request(method, path_then, body_then, with_key(key, Content_Type="application/json", **headers))
        assert problem(answer, 422)["type"] == "/problems/idempotency-reused"
    assert own(api.put(path, body, with_key(key, If_Match=tag))) == own(first)
    assert api.get(f"/api/trades/{other}").json()["status"] == "pending"


@pytest.mark.parametrize("key", ["", '""', '"', '"a', 'a"', "a b", '"a b"', "a,b", 'a;b=1', '"a";b=1', '"a", "b"', '"a\\b"',
                                 '"a\\"', "a\\b", "snow☃", "\x7f", "x" * 256, f'"{"x" * 256}"'])
def test_a_malformed_key(api, key):
    document = problem(api.post("/api/trades", a_trade(), {"Idempotency-Key": key.encode()}), 400)
    assert document["type"] == "/problems/bad-request"
    assert document["detail"].startswith("Idempotency-Key ")


@pytest.mark.parametrize("key", ["{}", '"{}"', "{}" + "x" * 223, '"{}' + "x" * 223 + '"', "{}/:$.{{}}", '"{}\\"\\\\,;"'])
def test_a_well_formed_key(api, key):
    key, body = key.format(secrets.token_hex(16)), a_trade(destination="Nowhere")
    first = api.post("/api/trades", body, with_key(key))
    created(first)
    assert own(api.post("/api/trades", body, with_key(key))) == own(first)


def test_a_key_with_and_without_quotes_is_the_same(api):
    key, body = new_key(), a_trade(destination="Nowhere")
    assert own(api.post("/api/trades", body, with_key(key))) == own(api.post("/api/trades", body, with_key(f'"{key}"')))


def test_refusals_are_answers_too(api):
    """They stay even when the request would be possible now."""
    body, shipment, trade = a_cargo(), f"S {new_key()}", new_trade(api)
    created(api.post("/api/cargo", body))
    path = f"/api/cargo/{urllib.parse.quote(shipment)}/status"
    tag = api.get(f"/api/trades/{trade}").field("ETag")
    future = {"If_Match": f'"{int(tag.strip(chr(34))) + 1}"'}
    cases = [(400, "POST", "/api/trades", b'{"buyer":', {}), (400, "POST", "/api/trades", {"buyer": 1}, {}),
             (400, "PUT", f"/api/trades/{trade}/status", {"status": "lost"}, {}),
             (409, "POST", "/api/cargo", body | {"destination": "Elsewhere"}, {}),
             (404, "PUT", path, {"status": "delayed"}, {}),
             (412, "PUT", f"/api/trades/{trade}/status", {"status": "canceled"}, future)]
    keys = [new_key() for _ in cases]

    def send(case, key):
        status, method, path, body, headers = case
        return api.request(method, path, body, with_key(key, Content_Type="application/json", **headers))
    first = [send(case, key) for case, key in zip(cases, keys)]
    assert [answer.status for answer in first] == [case[0] for case in cases]
    created(api.post("/api/cargo", a_cargo(shipmentId=shipment)))
    assert api.put(f"/api/trades/{trade}/status", {"status": "delayed"}).field("ETag") == future["If_Match"]
    assert [own(send(case, key)) for case, key in zip(cases, keys)] == [own(answer) for answer in first]
    assert send(cases[4], new_key()).status == 200
    assert send(cases[5], new_key()).status == 200


def at_once(api, send):
    """The answers to `send(client)` of as many clients as there are, begun together."""
    barrier = threading.Barrier(AT_ONCE)

    def one(_):
        client = api.new_client()
        try:
            client.get("/livez")
            barrier.wait(60)
            return send(client)
        finally:
            client.close()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def test_many_at_once_create_one(api):
    for path, body in (("/api/trades", a_trade(buyer=f"Ada {new_key()}", destination="Nowhere")),
                       ("/api/cargo", a_cargo())):
        key = new_key()
        answers = at_once(api, lambda client: client.post(path, body, with_key(key)))
        assert {answer.status for answer in answers} == {201}
        assert len({own(answer)[1] for answer in answers}) == 1
        query = f"?buyer={urllib.parse.quote(body['buyer'])}" if "buyer" in body else f"?destination={urllib.parse.quote(body['destination'])}"
        assert [one["_id"] for one in api.get(path + query).json()] == [answers[0].json()["_id"]]


def test_many_at_once_change_once(api):
    trade, key = new_trade(api), new_key()
    path = f"/api/trades/{trade}/status"

    def answered(client):
        answer = client.put(path, {"status": "delayed"}, with_key(key))
        if answer.status != 409:
            return answer
        assert problem(answer, 409)["type"] == "/problems/idempotency-pending"
        assert answer.field("Retry-After") == "1"
        return None

    def until_answered(client):
        return wait_for(lambda: answered(client), "no other try is under way")
    before = api.get(f"/api/trades/{trade}").json()["version"]
    answers = at_once(api, until_answered)
    assert {answer.status for answer in answers} == {200}
    assert len({own(answer)[1] for answer in answers}) == 1
    assert answers[0].json()["trade"]["version"] == before + 1
    wait_for(lambda: before + 1 in versions(api, trade), "it is in the log")
    assert versions(api, trade).count(before + 1) == 1


def test_many_at_once_take_stock_once(api):
    station, key = f"Port {new_key()}", new_key()
    path = f"/api/inventory/{urllib.parse.quote(station)}"

    def answered(client):
        """Few have a place to wait for the engine at once."""
        answer = client.put(path, a_stock_take(tea=7), with_key(key))
        if answer.status < 400:
            return answer
        assert problem(answer, 503)["outcome"] == "not-done"
        return None

    def until_answered(client):
        return wait_for(lambda: answered(client), "there is a place to wait")
    answers = at_once(api, until_answered)
    assert {answer.status for answer in answers} <= {200, 202}
    taken = [event for event in read_log(api.client) if event["data"].get("_id") == station]
    assert [event["event"] for event in taken] == ["stockTaken", "inventoryUpdated"]
    again = api.put(path, a_stock_take(tea=7), with_key(key))
    assert {own(answer)[:2] for answer in answers} == {own(again)[:2]}
    assert again.json()["inventory"]["items"][0]["quantity"] == 7


def test_reading_does_not_care(api):
    key = new_key()
    assert api.get("/api/trades?limit=1", with_key(key)).status == 200
    assert api.get("/api/cargo?limit=1", with_key(key + "☃".encode().decode("latin-1"))).status == 200
    created(api.post("/api/trades", a_trade(destination="Nowhere"), with_key(key)))


def test_a_request_without_a_key_is_a_new_one(api):
    body = a_trade(destination="Nowhere")
    assert created(api.post("/api/trades", body))["_id"] != created(api.post("/api/trades", body))["_id"]


def test_both_workers_know(api):
    """Whatever worker the second try comes to: many tries on many connections."""
    body, key = a_trade(destination="Nowhere"), new_key()
    first = own(api.post("/api/trades", body, with_key(key)))
    answers = at_once(api, lambda client: own(client.post("/api/trades", body, with_key(key))))
    assert set(map(str, answers)) == {str(first)}


class Claims:
    """The store's own view."""

    def __init__(self, stack, request):
        self.path = stack.folder / "itn.db"
        self.network = stack.settings.get("ITN_NETWORK")
        self.client = request.getfixturevalue("mongo").client() if self.network else None

    def collection(self):
        return self.client[self.network].claims

    def kept_ms(self, key):
        """How long after its first try the claim may go; None when it is gone."""
        if self.client:
            claim = self.collection().find_one({"_id": key})
            return claim and round((claim["expiresAt"] - claim["at"]).total_seconds() * 1000)
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10) as db:
            row = db.execute("SELECT expires_at - at FROM claim WHERE key = ?", (key,)).fetchone()
            return row and row[0]

    def plan(self):
        """How SQLite finds what has expired."""
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as db:
            return " ".join(row[3] for row in db.execute(
                "EXPLAIN QUERY PLAN DELETE FROM claim WHERE n IN"
                " (SELECT n FROM claim INDEXED BY claim_expires WHERE expires_at < 1 ORDER BY expires_at LIMIT 4)"))


def test_a_claim_is_kept_a_day_at_least(api, request):
    key = new_key()
    created(api.post("/api/trades", a_trade(), with_key(key)))
    assert Claims(api, request).kept_ms(key) >= 24 * 3600 * 1000


def test_a_claim_goes_when_its_time_has_come(make_stack, store, request):
    stack = make_stack(store, ITN_IDEMPOTENCY_S=1, ITN_API_PROCESSES=1)
    stack.up()
    claims = Claims(stack, request)
    old = new_key()
    created(stack.post("/api/trades", a_trade(), with_key(old)))
    assert claims.kept_ms(old) == 1000
    if claims.client:
        index = claims.collection().index_information()["expiresAt_1"]
        assert index["expireAfterSeconds"] == 0
        return

    def is_gone():
        created(stack.post("/api/trades", a_trade(), with_key(new_key())))
        return claims.kept_ms(old) is None
    wait_for(is_gone, "new claims take the old one with them", pause=0.2)
    assert "claim_expires" in claims.plan() and "SCAN claim" not in claims.plan().replace("SCAN claim USING", "")
    created(stack.post("/api/cargo", a_cargo(), with_key(old)))
