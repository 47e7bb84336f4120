"""What happened to one trade, and to one shipment: events, goods, mails, in order and with their causes."""

import csv
import io
import json
from urllib.parse import quote

import pytest

from api.bodies import a_cargo, a_trade, created, problem
from api.test_lists import next_path, pages
from harness.watch import read_log

WAIT = {"Prefer": "wait=10"}
CROWD = 60


def set_status(api, path, status, **members):
    answer = api.put(f"{path}/status", {"status": status, **members}, WAIT)
    assert answer.status == 200, answer


@pytest.fixture(scope="module")
def story(api):
    """A trade from a station that keeps stock, on a shipment with another one, delivered; names that want care."""
    created(api.post("/api/cargo", a_cargo(shipmentId="supply", destination="Ceres", items=[{"name": "iron", "quantity": 10}])))
    set_status(api, "/api/cargo/supply", "delivered")
    trade = created(api.post("/api/trades", a_trade(stationId="Ceres", items=[{"name": "iron", "quantity": 4}]), WAIT))
    other = created(api.post("/api/trades", a_trade(items=[{"name": f"tea {n}", "quantity": 6} for n in range(6)]), WAIT))
    created(api.post("/api/cargo", a_cargo(shipmentId="the/ship", destination="Vega",
                                           items=[{"name": "water", "quantity": 2}]), WAIT))
    set_status(api, "/api/cargo/the%2Fship", "in transit", location="Gate 3")
    set_status(api, "/api/cargo/the%2Fship", "delivered")
    return api, trade["transactionId"], other["transactionId"]


@pytest.fixture(scope="module")
def crowd(api):
    """A shipment with many trades."""
    created(api.post("/api/cargo", a_cargo(shipmentId="crowd", destination="Juno")))
    for _ in range(CROWD):
        created(api.post("/api/trades", a_trade(destination="Juno")))
    created(api.post("/api/trades", a_trade(destination="Juno"), WAIT))
    set_status(api, "/api/cargo/crowd", "delivered")
    return api


def brief(entry):
    if entry["kind"] == "event":
        return "event", entry["event"], entry["data"].get("status")
    if entry["kind"] == "posting":
        return "posting", entry["from"], entry["to"], entry["quantity"]
    if entry["kind"] == "alert":
        return "alert", entry["alert"], entry["status"]
    return "notification", entry["subject"].split()[-1]


def test_the_whole_story_of_a_trade(story):
    api, trade, _ = story
    timeline = api.get(f"/api/trades/{trade}/timeline").json()
    assert [brief(entry) for entry in timeline] == [
        ("event", "tradeCreate", "pending"),
        ("event", "tradeUpdated", "pending"),
        ("event", "tradeUpdated", "pending"),
        ("posting", "station:Ceres", "transit:the/ship", 4),
        ("event", "tradeUpdated", "completed"),
        ("notification", "completed"),
        ("posting", "transit:the/ship", "station:Vega", 4),
    ]
    events = [entry for entry in timeline if entry["kind"] == "event"]
    assert "shipmentId" not in events[1]["data"] and events[2]["data"]["shipmentId"] == "the/ship"
    assert [event["data"]["version"] for event in events] == [1, 2, 3, 4]


def test_the_whole_story_of_a_shipment(story):
    api, trade, other = story
    timeline = api.get("/api/cargo/the%2Fship/timeline").json()
    briefs = [brief(entry) for entry in timeline]
    assert [one for one in briefs if one[0] == "event"] == [
        ("event", "cargoUpdated", status) for status in ("pending", "pending", "in transit", "delivered")]
    assert sorted(one for one in briefs if one[0] == "posting") == sorted(
        [("posting", "station:Ceres", "transit:the/ship", 4)] +
        [("posting", "external", "transit:the/ship", n) for n in [2] + [6] * 6] +
        [("posting", "transit:the/ship", "station:Vega", n) for n in [2, 4] + [6] * 6])
    assert [one for one in briefs if one[0] == "notification"] == [("notification", "delivered")]
    by = {entry["transactionId"] for entry in timeline if entry["kind"] == "posting" and "transactionId" in entry}
    assert by == {trade, other}


def test_a_trade_that_is_too_large_has_its_alert(story):
    api, _, other = story
    timeline = api.get(f"/api/trades/{other}/timeline").json()
    [event] = [entry for entry in timeline if entry.get("event") == "criticalEvent"]
    [alert] = [entry for entry in timeline if entry["kind"] == "alert"]
    assert timeline.index(alert) == timeline.index(event) + 1
    document = api.get(f"/api/alerts/{alert['id']}").json()
    assert (alert["id"], alert["seq"]) == (event["id"], event["seq"])
    assert alert["alert"] == event["alert"] == document["kind"] == "oversize"
    assert {name: alert.get(name) for name in ("message", "status", "resolvedAt")} == {
        name: document.get(name) for name in ("message", "status", "resolvedAt")}


def paths(story):
    _, trade, other = story
    return [f"/api/trades/{trade}", f"/api/trades/{other}", "/api/cargo/the%2Fship", "/api/cargo/supply"]


def test_it_is_what_the_log_and_the_ledger_tell(story):
    api = story[0]
    log = {event["id"]: event for event in read_log(api.client)}
    moves = [move for one in api.get("/api/inventory").json()
             for move in api.get(f"/api/inventory/{quote(one['stationId'], safe='')}/movements").json()]
    for path in paths(story):
        document, timeline = api.get(path).json(), api.get(f"{path}/timeline").json()
        told = [entry for entry in timeline if entry["kind"] == "event"]
        wanted = [event for event in log.values() if event["data"]["_id"] == document["_id"] and
                  event["event"] in ("tradeCreate", "tradeUpdated", "cargoUpdated", "criticalEvent")]
        assert [entry["id"] for entry in told] == [event["id"] for event in wanted]
        for entry, event in zip(told, wanted):
            assert {name: entry.get("alert" if name == "kind" else name) for name in event if name != "data"} == {
                name: event[name] for name in event if name != "data"}
            assert entry["data"] == {name: value for name, value in event["data"].items()
                                     if name not in ("items", "ownItems", "reservedLines")}
        key = "transactionId" if "transactionId" in document else "shipmentId"
        postings = [{name: value for name, value in entry.items() if name != "kind"}
                    for entry in timeline if entry["kind"] == "posting"]
        at_stations = [one for one in postings if "station:" in one["from"] + one["to"]]
        assert at_stations == sorted((move for move in moves if move.get(key) == document["_id"]), key=postings.index)


def test_causes_lead_back_to_what_a_client_asked_for(story):
    api = story[0]
    log = {event["id"]: event for event in read_log(api.client)}
    assert any("." in id for id in log)
    for id, event in log.items():
        assert event.get("causedBy") == (id.rpartition(".")[0] or None)
        assert "causedBy" not in event or log[event["causedBy"]]["seq"] < event["seq"]
    for path in paths(story):
        for entry in api.get(f"{path}/timeline").json():
            assert log[entry["eventId"] if "eventId" in entry else entry["id"]]["seq"] <= entry["seq"]


def test_it_is_in_order_and_its_times_never_go_back(story, crowd):
    for path in paths(story) + ["/api/cargo/crowd"]:
        timeline = crowd.get(f"{path}/timeline").json()
        kinds = ["event", "posting", "alert", "notification"]
        assert timeline == sorted(timeline, key=lambda entry: (entry["seq"], kinds.index(entry["kind"])))
        assert [entry["at"] for entry in timeline] == sorted(entry["at"] for entry in timeline)


def test_mails_are_shown_without_addresses_and_texts(story):
    api, trade, other = story
    mails = [entry for path in (f"/api/trades/{trade}", f"/api/trades/{other}", "/api/cargo/the%2Fship")
             for entry in api.get(f"{path}/timeline").json() if entry["kind"] == "notification"]
    assert len(mails) == 4
    for mail in mails:
        assert mail["id"].startswith(mail["eventId"] + "-")
        assert set(mail) == {"kind", "seq", "at", "id", "eventId", "channel", "subject", "status", "attempts"}
        assert (mail["channel"], mail["status"], mail["attempts"]) == ("mail", "unsent", 0)


def test_the_timeline_of_a_shipment_with_many_trades(crowd):
    timeline = crowd.get("/api/cargo/crowd/timeline").json()
    moved = [entry for entry in timeline if entry["kind"] == "posting" and "transactionId" in entry]
    assert len(moved) == len({entry["transactionId"] for entry in moved}) == CROWD + 1
    assert {(entry["from"], entry["to"]) for entry in moved} == {("transit:crowd", "station:Juno")}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100, 1000])
def test_pages_are_the_whole_timeline(story, crowd, limit):
    for path in paths(story) + ["/api/cargo/crowd"]:
        whole = crowd.get(f"{path}/timeline").json()
        read = list(pages(crowd, f"{path}/timeline?limit={limit}"))
        assert [entry for page in read for entry in page] == whole
        assert all(len(page) == limit for page in read[:-1]) and read[-1]


def test_pages_that_go_on_while_it_grows(api):
    path = "/api/cargo/growing/timeline?limit=3"
    created(api.post("/api/cargo", a_cargo(shipmentId="growing")))
    for n in range(10):
        set_status(api, "/api/cargo/growing", "delayed", location=f"Dock {n}")
    read = []
    while path:
        answer = api.get(path)
        assert answer.status == 200
        read += answer.json()
        set_status(api, "/api/cargo/growing", "delayed", location=f"Orbit {len(read)}")
        path = next_path(answer)
    whole = api.get("/api/cargo/growing/timeline").json()
    assert len(read) > 13 and read == whole[:len(read)]


@pytest.mark.parametrize("limit", ["", "?limit=3"])
def test_ndjson_and_csv(story, limit):
    api, trade, _ = story
    path = f"/api/trades/{trade}/timeline{limit}"
    timeline = api.get(path).json()
    answer = api.get(path, {"Accept": "application/x-ndjson"})
    assert [json.loads(line) for line in answer.body.splitlines()] == timeline
    answer = api.get(path, {"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline=""), strict=True))
    assert len(rows) == len(timeline)
    for row, entry in zip(rows, timeline):
        assert set(entry) <= set(row)
        for name, text in row.items():
            value = entry.get(name, "")
            assert (json.loads(text) if name == "data" and text else text) == (value if name == "data" else str(value))
    problem(api.get(path, {"Accept": "image/png"}), 406)


def test_positions_and_head(story):
    api, trade, _ = story
    get, head = api.get(f"/api/trades/{trade}/timeline?limit=1"), api.request("HEAD", f"/api/trades/{trade}/timeline?limit=1")
    assert int(get.field("ITN-Seq")) >= get.json()[-1]["seq"] and get.field("ITN-Log")
    assert (head.status, head.body, head.field("Link")) == (200, b"", get.field("Link"))


@pytest.mark.parametrize("path, error", [
    ("/api/trades/0123456789abcdef01234567", "Trade not found"), ("/api/trades/x", "Trade not found"),
    ("/api/trades/the%2Fship", "Trade not found"), ("/api/cargo/nothing", "Cargo not found")])
def test_of_what_is_not_there(story, path, error):
    assert problem(story[0].get(f"{path}/timeline"), 404)["error"] == error


def test_a_place_of_another_kind_of_list(story):
    api, trade, _ = story
    after = api.get(f"/api/trades/{trade}/timeline?limit=1").field("Link").partition("after=")[2].partition("&")[0]
    problem(api.get(f"/api/cargo/supply/timeline?after={after}"), 400, ["?after"])
    problem(api.get(f"/api/trades?after={after}"), 400, ["?after"])
    problem(api.get(f"/api/trades/{trade}/timeline?limit=0&after=x"), 400, ["?limit", "?after"])


def test_methods(story):
    answer = story[0].request("OPTIONS", f"/api/trades/{story[1]}/timeline")
    assert (answer.status, answer.field("Allow")) == (204, "GET, HEAD, OPTIONS")
