"""Nothing that a client sends is stored half, answered 5xx, or taken for anything but text."""

import json

import pytest

from api.bodies import a_cargo, a_stock_take, a_trade, created, problem

JSON = {"Content-Type": "application/json"}

UNREADABLE = [
    ("nothing", b""),
    ("white space", b" \n"),
    ("half an object", b'{"buyer":"A"'),
    ("two values", b"{} {}"),
    ("a trailing comma", b'{"buyer":"A",}'),
    ("a comment", b"{} // x"),
    ("single quotes", b"{'buyer':'A'}"),
    ("NaN", b'{"buyer":NaN}'),
    ("a leading zero", b'{"x":01}'),
    ("a byte order mark", b"\xef\xbb\xbf{}"),
    ("invalid UTF-8", b'{"buyer":"\xff"}'),
    ("an overlong form", b'{"buyer":"\xc0\xaf"}'),
    ("a lone surrogate", b'{"buyer":"\\ud800"}'),
    ("a raw control character", b'{"buyer":"a\nb"}'),
    ("a NUL byte", b'{"buyer":"a\0b"}'),
    ("depth 65", b'{"x":' + b"[" * 64 + b"]" * 64 + b"}"),
    ("depth 100,000", b"[" * 100_000),
]

FAULTY_TRADES = [
    ("an array", [], [""]),
    ("a text", "x", [""]),
    ("null", None, [""]),
    ("nothing in it", {}, ["/buyer", "/buyerEmail", "/seller", "/sellerEmail", "/destination", "/items"]),
    ("an operator as name", a_trade(buyer={"$gt": ""}), ["/buyer"]),
    ("an operator as item name", a_trade(items=[{"name": {"$gt": ""}, "quantity": 1}]), ["/items/0/name"]),
    ("an over-long name", a_trade(seller="x" * 129), ["/seller"]),
    ("a control character", a_trade(destination="a\u0007b"), ["/destination"]),
    ("a NUL", a_trade(buyer="a\0b"), ["/buyer"]),
    ("outer white space", a_trade(stationId="\u2003x"), ["/stationId"]),
    ("an over-long destination", a_trade(destination="é" * 65), ["/destination"]),
    ("two at signs", a_trade(buyerEmail="a@b@c"), ["/buyerEmail"]),
    ("a header in an address", a_trade(sellerEmail="a@b\r\nBcc: c@d"), ["/sellerEmail"]),
    ("no lines", a_trade(items=[]), ["/items"]),
    ("lines that are none", a_trade(items={"0": {"name": "x", "quantity": 1}}), ["/items"]),
    ("1,001 lines", a_trade(items=[{"name": "x", "quantity": 1}] * 1001), ["/items"]),
    ("quantities", a_trade(items=[{"name": "x", "quantity": q} for q in
                                  (0, -1, 1.5, 10**12 + 1, 10**30, "ten", True, None, [], "")]),
     [f"/items/{i}/quantity" for i in range(10)]),
    ("everything at once", {"buyer": 1, "buyerEmail": "x", "items": [{"name": ""}], "destination": "\t"},
     ["/buyer", "/buyerEmail", "/seller", "/sellerEmail", "/destination", "/items/0/name", "/items/0/quantity"]),
]

FAULTY_CARGO = [
    ("nothing in it", {}, ["/shipmentId", "/emailId", "/destination"]),
    ("an operator as id", a_cargo(shipmentId={"$ne": None}), ["/shipmentId"]),
    ("an over-long id", a_cargo(shipmentId="x" * 65), ["/shipmentId"]),
    ("no capacity", a_cargo(capacity=0), ["/capacity"]),
    ("too little capacity", a_cargo(capacity=1, items=[{"name": "x", "quantity": 2}]), ["/capacity"]),
    ("a time that is none", a_cargo(eta="tomorrow"), ["/eta"]),
]


FAULTY_STOCK_TAKES = [
    ("an array", [], [""]),
    ("nothing in it", {}, ["/items"]),
    ("no items", {"items": []}, ["/items"]),
    ("items that are none", {"items": {"tea": 1}}, ["/items"]),
    ("an item that is none", {"items": ["tea"]}, ["/items/0"]),
    ("nothing in an item", {"items": [{}]}, ["/items/0/name", "/items/0/quantity"]),
    ("an operator as item name", {"items": [{"name": {"$gt": ""}, "quantity": 1}]}, ["/items/0/name"]),
    ("1,001 items", a_stock_take(**{f"n{i}": 1 for i in range(1001)}), ["/items"]),
    ("quantities", {"items": [{"name": f"n{i}", "quantity": q} for i, q in
                              enumerate((-1, 0.5, 10**12 + 1, 10**30, "ten", True, None, [], "", "-0x1"))]},
     [f"/items/{i}/quantity" for i in range(10)]),
    ("reorder levels", a_stock_take(**{f"n{i}": (1, level) for i, level in
                                       enumerate((-1, 1.5, 10**12 + 1, "few", False, {}, [0], ""))}),
     [f"/items/{i}/reorderLevel" for i in range(8)]),
    ("a name twice", {"items": [{"name": "tea", "quantity": 1}, {"name": "Tea", "quantity": 1},
                                {"name": "tea", "quantity": 1}]}, ["/items/2/name"]),
    ("everything at once", {"items": [{"name": "", "quantity": -1, "reorderLevel": "x"}, None, {"name": "a\n"}]},
     ["/items/0/name", "/items/0/quantity", "/items/0/reorderLevel", "/items/1", "/items/2/name", "/items/2/quantity"]),
]

FAULTY_STATIONS = ["%20Mars", "Mars%C2%A0", "a%01b", "a%0Ab", "a%C2%85b", "%E2%80%83", "x" * 65, "%C3%A9" * 65]


def names(cases):
    return [case[0] for case in cases]


@pytest.mark.parametrize("name, body", UNREADABLE, ids=names(UNREADABLE))
def test_unreadable_bodies(api, name, body):
    for path in ("/api/trades", "/api/cargo"):
        problem(api.request("POST", path, body, JSON), 400, [""])
    for path in ("/api/trades/0123456789abcdef01234567/status", "/api/inventory/Nowhere"):
        problem(api.request("PUT", path, body, JSON), 400, [""])


@pytest.mark.parametrize("name, body, pointers", FAULTY_TRADES, ids=names(FAULTY_TRADES))
def test_faulty_trades(api, name, body, pointers):
    problem(api.request("POST", "/api/trades", json.dumps(body), JSON), 400, pointers)


@pytest.mark.parametrize("name, body, pointers", FAULTY_CARGO, ids=names(FAULTY_CARGO))
def test_faulty_cargo(api, name, body, pointers):
    problem(api.request("POST", "/api/cargo", json.dumps(body), JSON), 400, pointers)


@pytest.mark.parametrize("name, body, pointers", FAULTY_STOCK_TAKES, ids=names(FAULTY_STOCK_TAKES))
def test_faulty_stock_takes(api, name, body, pointers):
    problem(api.request("PUT", "/api/inventory/Nowhere", json.dumps(body), JSON), 400, pointers)
    problem(api.request("PUT", "/api/inventory/Nowhere%20", json.dumps(body), JSON), 400,
            [":stationId", *pointers])


@pytest.mark.parametrize("station", FAULTY_STATIONS)
def test_stations_that_can_t_be(api, station):
    problem(api.put(f"/api/inventory/{station}", a_stock_take(tea=1)), 400, [":stationId"])


def test_a_known_member_given_twice(api):
    body = json.dumps(a_trade())[:-1] + ', "buyer": "B"}'
    problem(api.request("POST", "/api/trades", body, JSON), 400, ["/buyer"])
    body = json.dumps(a_stock_take(tea=1))[:-1] + ', "items": []}'
    problem(api.request("PUT", "/api/inventory/Nowhere", body, JSON), 400, ["/items"])
    body = json.dumps(a_trade())[:-1] + ', "color": 1, "color": 2}'
    created(api.request("POST", "/api/trades", body, JSON))


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/json; charset=latin1", "json"])
def test_other_content_types(api, kind):
    problem(api.request("POST", "/api/trades", json.dumps(a_trade()), {"Content-Type": kind}), 415)


def test_a_body_over_a_mebibyte(api):
    body = json.dumps(a_trade(buyer="x" * (1 << 20)))
    problem(api.request("POST", "/api/trades", body, JSON), 413)


@pytest.mark.parametrize("status", ["lost", "", 1, None, {"$gt": ""}, ["completed"]])
def test_unknown_statuses(api, status):
    trade = created(api.post("/api/trades", a_trade(destination="Nowhere")))
    cargo = created(api.post("/api/cargo", a_cargo()))
    for path in (f"/api/trades/{trade['_id']}/status", f"/api/{trade['_id']}/status",
                 f"/api/cargo/{cargo['_id']}/status"):
        problem(api.put(path, {"status": status}), 400, ["/status"])
    assert api.get(f"/api/trades/{trade['_id']}").json()["status"] == "pending"


@pytest.mark.parametrize("path, pointer", [
    ("/api/trades?limit=0", "?limit"), ("/api/trades?limit=1001", "?limit"), ("/api/trades?limit=x", "?limit"),
    ("/api/trades?limit=", "?limit"), ("/api/trades?limit=-1", "?limit"), ("/api/trades?limit=1&limit=2", "?limit"),
    ("/api/trades?limit=99999999999999999999999", "?limit"),
    ("/api/trades?status=in%20transit", "?status"), ("/api/cargo?status=completed", "?status"),
    ("/api/trades?since=yesterday", "?since"), ("/api/cargo?until=2026-13-01T00:00:00Z", "?until"),
    ("/api/trades?after=x", "?after"), ("/api/trades?after=AAAAAAAAAAAAAAAAAAAAAAAA", "?after"),
    ("/api/inventory?after=%00", "?after"), ("/api/trades?destination=%ff", "?destination"),
    ("/api/trades?destination=%zz", "?destination"), ("/api/trades?buyer=a%00b", "?buyer"),
    ("/api/inventory?stationId=", "?stationId"), ("/api/events?after=-1", "?after"),
    ("/api/events?after=x", "?after"), ("/api/events?after=", "?after"), ("/api/events?after=:", "?after"),
    ("/api/events?after=:1", "?after"), ("/api/events?after=1:", "?after"), ("/api/events?limit=0", "?limit"),
])
def test_query_values(api, path, pointer):
    assert pointer in [fault["pointer"] for fault in problem(api.get(path), 400)["errors"]]


def test_all_faults_of_a_query_at_once(api):
    problem(api.get("/api/trades?status=x&since=x&limit=x&after=x"), 400, ["?status", "?limit", "?since", "?after"])


@pytest.mark.parametrize("method, path", [
    ("GET", "/api/trades/nothing"), ("GET", "/api/trades/0123456789abcdef01234567"),
    ("GET", "/api/trades/%24gt"), ("GET", "/api/trades/" + "x" * 1000),
    ("PUT", "/api/trades/0123456789abcdef01234567/status"), ("PATCH", "/api/0123456789abcdef01234567/status"),
])
def test_trades_that_are_not_there(api, method, path):
    body = {"status": "completed"} if method != "GET" else None
    assert problem(api.request(method, path, body), 404)["message"] == "Trade not found"


@pytest.mark.parametrize("path, message", [
    ("/api/cargo/nothing", "Cargo not found"), ("/api/cargo/%E2%98%83%2F", "Cargo not found"),
    ("/api/inventory/nowhere", "Inventory not found"),
])
def test_others_that_are_not_there(api, path, message):
    assert problem(api.get(path), 404)["message"] == message


def test_operators_are_plain_text(api):
    items = [{"name": name, "quantity": 1} for name in ("$gt", "a.b", "$where", ".", "$", "__proto__", "'; DROP")]
    trade = created(api.post("/api/trades", a_trade(buyer="$ne", items=items, destination="$or")))
    assert trade["items"] == items
    assert api.get(f"/api/trades/{trade['_id']}").json()["items"] == items
    assert [one["_id"] for one in api.get("/api/trades?buyer=%24ne").json()] == [trade["_id"]]


@pytest.mark.parametrize("text", ["10", '"10"', "1e1", "10.0", '"1e1"', "1.0e+1"])
def test_spellings_of_ten(api, text):
    body = json.dumps(a_trade()).replace('"quantity": 10', f'"quantity": {text}')
    assert created(api.request("POST", "/api/trades", body, JSON))["items"] == [{"name": "iron", "quantity": 10}]


def test_what_the_server_owns_is_ignored(api):
    trade = created(api.post("/api/trades", a_trade(status="completed", version=9, _id="x", transactionId="y",
                                                    createdAt=1, holds=["manual"], shipmentId="S", destination="Far")))
    assert (trade["status"], trade["version"]) == ("pending", 1)
    assert trade["_id"] == trade["transactionId"] and len(trade["_id"]) == 24
    assert "shipmentId" not in trade and "holds" not in trade


def test_nothing_of_it_is_stored(api):
    trades, cargo = len(api.get("/api/trades").json()), len(api.get("/api/cargo").json())
    inventories = api.get("/api/inventory").body
    for _, body, _ in FAULTY_TRADES:
        api.request("POST", "/api/trades", json.dumps(body), JSON)
    for _, body, _ in FAULTY_CARGO:
        api.request("POST", "/api/cargo", json.dumps(body), JSON)
    for _, body, _ in FAULTY_STOCK_TAKES:
        api.request("PUT", "/api/inventory/Nowhere", json.dumps(body), JSON)
    for station in FAULTY_STATIONS:
        api.put(f"/api/inventory/{station}", a_stock_take(tea=1))
    assert api.get("/api/inventory").body == inventories
    assert len(api.get("/api/trades").json()) == trades
    assert len(api.get("/api/cargo").json()) == cargo
