"""Lists: whole, in pages, filtered, as JSON, NDJSON and CSV; the log; HEAD, OPTIONS and wrong methods."""

import csv
import io
import json
import re
from urllib.parse import quote

import pytest

from api.bodies import a_cargo, a_trade, created, problem

COUNT = 250


@pytest.fixture(scope="module")
def filled(api):
    """A network with trades and cargo in many states, the log at rest."""
    for i in range(COUNT):
        body = a_trade(buyer=f"Buyer {i % 7}", seller="=cmd()", destination=f"Port {i % 3}", reason="ignored")
        if i % 5 == 0:
            body["stationId"] = 'Say "hi", Ceres'
        created(api.post("/api/trades", body))
    for i in range(40):
        created(api.post("/api/cargo", a_cargo(shipmentId="s" * (1 + i % 20) + str(i), destination=f"Port {i % 4}")))
    created(api.post("/api/trades", a_trade(destination="Nowhere"), {"Prefer": "wait=10"}))
    for shipment in ("s0", "ss1", "sss2", "ssss3"):
        answer = api.put(f"/api/cargo/{shipment}/status", {"status": "delivered"}, {"Prefer": "wait=10"})
        assert answer.status == 200
    return api


def next_path(answer):
    link = answer.field("Link")
    return re.fullmatch(r'<([^>]*)>; rel="next"', link).group(1) if link else None


def pages(api, path):
    while path:
        answer = api.get(path)
        assert answer.status == 200
        yield answer.json()
        path = next_path(answer)


@pytest.mark.parametrize("path, others", [
    ("/api/trades", ["/api/getalltrades"]), ("/api/cargo", ["/api/getallCargo"]),
    ("/api/inventory", ["/api/getinventory"]), ("/api/inventory/Port%201/movements", []),
])
@pytest.mark.parametrize("limit", [1, 7, 100, 1000])
def test_pages_are_the_whole_list(filled, path, others, limit):
    whole = filled.get(path).json()
    assert len(whole) >= 3
    read = list(pages(filled, f"{path}?limit={limit}"))
    assert [one for page in read for one in page] == whole
    assert all(len(page) == limit for page in read[:-1]) and read[-1]
    for other in others:
        assert filled.get(other).json() == whole


def test_order(filled):
    for path in ("/api/trades", "/api/cargo"):
        keys = [(one["createdAt"], one["_id"]) for one in filled.get(path).json()]
        assert keys == sorted(keys)
    stations = [one["stationId"] for one in filled.get("/api/inventory").json()]
    assert stations == sorted(stations)


@pytest.mark.parametrize("path, name, value", [
    ("/api/trades", "status", "completed"), ("/api/trades", "status", "pending"),
    ("/api/trades", "destination", "Port 1"), ("/api/trades", "buyer", "Buyer 3"),
    ("/api/trades", "seller", "=cmd()"), ("/api/trades", "stationId", 'Say "hi", Ceres'),
    ("/api/trades", "shipmentId", "s0"), ("/api/cargo", "status", "delivered"),
    ("/api/cargo", "destination", "Port 2"), ("/api/cargo", "shipmentId", "ss1"),
    ("/api/inventory", "stationId", "Port 1"), ("/api/trades", "buyer", "nobody"),
])
def test_filters(filled, path, name, value):
    wanted = [one for one in filled.get(path).json() if one.get(name) == value]
    assert wanted or value == "nobody"
    assert filled.get(f"{path}?{name}={quote(value)}").json() == wanted
    assert [one for page in pages(filled, f"{path}?{name}={quote(value)}&limit=10&color=x") for one in page] == wanted


@pytest.fixture(scope="module")
def movements(filled):
    return filled.get("/api/inventory/Port%201/movements").json()


@pytest.mark.parametrize("name", ["item", "shipmentId", "transactionId"])
def test_filters_of_movements(filled, movements, name):
    value = next(one[name] for one in movements if name in one)
    wanted = [one for one in movements if one.get(name) == value]
    path = f"/api/inventory/Port%201/movements?{name}={quote(value)}"
    assert filled.get(path).json() == wanted
    assert [one for page in pages(filled, f"{path}&limit=2") for one in page] == wanted
    assert filled.get(f"/api/inventory/Port%201/movements?{name}=nothing").json() == []


def test_movements_of_a_time(filled, movements):
    path, at = "/api/inventory/Port%201/movements", movements[len(movements) // 2]["at"]
    assert filled.get(f"{path}?since={at}").json() == [one for one in movements if one["at"] >= at]
    assert filled.get(f"{path}?until={at}").json() == [one for one in movements if one["at"] < at]


def test_movements_add_up_to_the_inventory(filled, movements):
    stock = filled.get("/api/inventory/Port%201").json()["items"]
    sums = {}
    for one in movements:
        assert one["to"] == "station:Port 1" and one["from"] == f"transit:{one['shipmentId']}"
        sums[one["item"]] = sums.get(one["item"], 0) + one["quantity"]
        assert one["toBalance"] == sums[one["item"]]
    assert sums == {item["name"]: item["quantity"] for item in stock if item["quantity"]} != {}


def test_stock_of_then_is_what_movements_left(filled, movements):
    def stock(at):
        answer = filled.get(f"/api/inventory/Port%201?at={quote(at)}")
        assert answer.status == 200
        return {item["name"]: item["quantity"] for item in answer.json()["items"]}
    for seq in {0, *(one["seq"] for one in movements), *(one["seq"] - 1 for one in movements)}:
        left = {one["item"]: one["toBalance"] for one in movements if one["seq"] <= seq}
        assert stock(f"seq:{seq}") == left
    for at in {"1970-01-01T00:00:01Z", *(one["at"] for one in movements), "2999-01-01T00:00:00+01:00"}:
        left = {one["item"]: one["toBalance"] for one in movements if one["at"] <= at}
        assert stock(at) == left


@pytest.mark.parametrize("at", ["", "x", "seq:", "seq:-1", "seq:x", "seq:99999999999999999", "2026"])
def test_moments_that_are_none(filled, at):
    problem(filled.get(f"/api/inventory/Port%201?at={at}"), 400, ["?at"])


def test_stock_of_then_of_nowhere(filled):
    problem(filled.get("/api/inventory/Port%201?at=seq:9000000000000000"), 410)
    problem(filled.get("/api/inventory/Nowhere%202?at=seq:1"), 404)


def test_times(filled):
    trades = filled.get("/api/trades").json()
    since, until = trades[50]["createdAt"], trades[90]["createdAt"]
    wanted = [trade for trade in trades if since <= trade["createdAt"] < until]
    assert filled.get(f"/api/trades?since={since}&until={until}").json() == wanted
    assert filled.get("/api/trades?since=1970-01-01T00:00:00Z").json() == trades
    assert filled.get("/api/trades?until=1970-01-01T00:00:00Z").json() == []


def test_a_page_that_goes_on_while_others_write(filled):
    path, seen = "/api/trades?limit=50", []
    before = [trade["_id"] for trade in filled.get("/api/trades").json()]
    while path:
        answer = filled.get(path)
        seen += [trade["_id"] for trade in answer.json()]
        created(filled.post("/api/trades", a_trade(destination="Elsewhere")))
        path = next_path(answer) if len(seen) < 2 * len(before) else None
    assert len(seen) == len(set(seen))
    assert seen[:len(before)] == before


@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c + "A", lambda c: "B" + c[1:], lambda c: c[::-1],
                                    lambda c: c + "=", lambda c: c.swapcase()])
def test_cursors_that_we_did_not_make(filled, change):
    cursor = re.search(r"after=([^&>]*)", filled.get("/api/trades?limit=1").field("Link")).group(1)
    assert filled.get(f"/api/trades?after={cursor}").status == 200
    problem(filled.get(f"/api/trades?after={change(cursor)}"), 400, ["?after"])
    problem(filled.get(f"/api/cargo?after={cursor}"), 400, ["?after"])


@pytest.mark.parametrize("path", ["/api/trades", "/api/cargo", "/api/inventory", "/api/events",
                                  "/api/inventory/Port%201/movements"])
@pytest.mark.parametrize("limit", ["", "?limit=3"])
def test_ndjson(filled, path, limit):
    answer = filled.get(path + limit, {"Accept": "application/x-ndjson"})
    assert answer.field("Content-Type") == "application/x-ndjson"
    assert answer.body.endswith(b"\n")
    assert [json.loads(line) for line in answer.body.splitlines()] == filled.get(path + limit).json()


def test_csv_of_trades(filled):
    answer = filled.get("/api/trades", {"Accept": "text/csv, application/json;q=0.5"})
    assert answer.field("Content-Type").startswith("text/csv")
    assert answer.body.count(b"\r\n") == answer.body.count(b"\n")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline=""), strict=True))
    trades = filled.get("/api/trades").json()
    assert len(rows) == len(trades)
    for row, trade in zip(rows, trades):
        assert row["transactionId"] == trade["_id"]
        assert row["seller"] == ("'=cmd()" if trade["seller"] == "=cmd()" else trade["seller"])
        assert row["stationId"] == trade.get("stationId", "")
        assert json.loads(row["items"]) == trade["items"]
        assert row["version"] == str(trade["version"])


@pytest.mark.parametrize("path", ["/api/cargo", "/api/inventory"])
def test_csv_of_others(filled, path):
    answer = filled.get(path, {"Accept": "text/csv"})
    rows = list(csv.reader(io.StringIO(answer.body.decode(), newline=""), strict=True))
    assert len(rows) > len(filled.get(path).json())
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("accept, status", [(None, 200), ("*/*", 200), ("text/html, */*;q=0.1", 200),
                                            ("application/*", 200), ("image/png", 406)])
def test_accept(filled, accept, status):
    answer = filled.get("/api/trades?limit=1", {"Accept": accept} if accept else {})
    if status == 200:
        assert answer.field("Content-Type") == "application/json"
    else:
        problem(answer, 406)


def test_the_log(filled):
    answer = filled.get("/api/events")
    events = answer.json()
    last, log = int(answer.field("ITN-Seq")), answer.field("ITN-Log")
    assert [event["seq"] for event in events] == list(range(1, last + 1))
    assert len({event["id"] for event in events}) == len(events)
    assert filled.get(f"/api/events?after={last}").json() == []
    assert filled.get(f"/api/events?after={log}:{last - 2}").json() == events[-2:]
    assert [one for page in pages(filled, "/api/events?limit=100") for one in page] == events
    problem(filled.get(f"/api/events?after={last + 1000}"), 410)
    problem(filled.get(f"/api/events?after={'0' * len(log)}:1"), 410)
    problem(filled.get("/api/events", {"Accept": "text/csv"}), 406)


@pytest.mark.parametrize("path", ["/api/trades", "/api/trades?limit=2", "/api/cargo", "/api/inventory", "/api/events",
                                  "/api/stats", "/api/cargo/s0", "/api/inventory/Port%201",
                                  "/api/inventory/Port%201/movements?limit=1"])
def test_head(filled, path):
    head, get = filled.request("HEAD", path), filled.get(path)
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "ETag", "ITN-Log", "Link"):
        assert head.field(name) == get.field(name)


def test_head_of_nothing(filled):
    answer = filled.request("HEAD", "/api/cargo/nothing")
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize("path, allow", [
    ("/api/trades", "GET, HEAD, POST, OPTIONS"), ("/api/getalltrades", "GET, HEAD, OPTIONS"),
    ("/api/trades/x", "GET, HEAD, OPTIONS"), ("/api/trades/x/status", "PUT, PATCH, OPTIONS"),
    ("/api/0123456789abcdef01234567/status", "PUT, PATCH, OPTIONS"), ("/api/cargo", "GET, HEAD, POST, OPTIONS"),
    ("/api/inventory", "GET, HEAD, OPTIONS"), ("/api/inventory/x/movements", "GET, HEAD, OPTIONS"),
    ("/api/events", "GET, HEAD, OPTIONS"), ("/api/stats", "GET, HEAD, OPTIONS"),
])
def test_methods(filled, path, allow):
    answer = filled.request("OPTIONS", path)
    assert (answer.status, answer.field("Allow"), answer.body) == (204, allow, b"")
    answer = filled.request("DELETE", path)
    problem(answer, 405)
    assert answer.field("Allow") == allow


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/api/x/status", "/api/trades/x/y", "/api/cargo/x/y/z"])
def test_paths_that_are_none(filled, path):
    problem(filled.get(path), 404)
