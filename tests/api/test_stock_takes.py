"""Stock-takes as requests: what is answered when, on which condition, and what the log tells of them."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from api.bodies import a_stock_take, a_trade, created, numbers, problem
from harness.processes import freeze_engine
from harness.wait import wait_for
from harness.watch import read_log


@pytest.fixture
def station():
    return f"Port {next(numbers)} {secrets.token_hex(4)}"


def path_of(station):
    return f"/api/inventory/{quote(station, safe='')}"


def told(api, station):
    return [event for event in read_log(api.client) if event["data"].get("stationId") == station]


def items(answer):
    return {item["name"]: {member: value for member, value in item.items() if member != "name"}
            for item in answer.json()["inventory"]["items"]}


def test_the_answer_is_the_inventory(api, station):
    answer = api.put(path_of(station), a_stock_take(tea=(7, 2), iron=0))
    assert answer.status == 200, answer
    assert answer.json()["message"] == "Stock-take recorded"
    shown = api.get(path_of(station))
    assert answer.json()["inventory"] == shown.json()
    assert answer.field("ETag") == shown.field("ETag") == '"2"'
    assert answer.field("Location") is None and answer.field("Preference-Applied") is None
    assert items(answer) == {
        "tea": {"quantity": 7, "reserved": 0, "available": 7, "incoming": 0, "reorderLevel": 2, "version": 1},
        "iron": {"quantity": 0, "reserved": 0, "available": 0, "incoming": 0, "version": 1}}


@pytest.mark.parametrize("name", ["a/b", "☃", "100%", "a+b", "..", "x?y#z", "$set", '"quoted"', "a" * 64, "é" * 64])
def test_stations_have_any_name(api, name):
    station = name if len(name) == 64 else f"{name} {secrets.token_hex(4)}"
    inventory = api.put(path_of(station), a_stock_take(tea=1)).json()["inventory"]
    assert inventory["stationId"] == inventory["_id"] == station


def test_operators_are_plain_text(api, station):
    counted = {name: 3 for name in ("$gt", "a.b", "$where", ".", "$", "__proto__", "'; DROP")}
    assert sorted(items(api.put(path_of(station), a_stock_take(**counted)))) == sorted(counted)


def test_what_is_not_named_stays(api, station):
    api.put(path_of(station), a_stock_take(tea=(7, 2), iron=(5, 1)))
    counted = items(api.put(path_of(station), a_stock_take(tea=8, salt=1)))
    assert (counted["tea"]["quantity"], counted["tea"]["reorderLevel"], counted["tea"]["version"]) == (8, 2, 2)
    assert (counted["iron"]["quantity"], counted["iron"]["reorderLevel"], counted["iron"]["version"]) == (5, 1, 1)
    assert (counted["salt"]["quantity"], "reorderLevel" in counted["salt"]) == (1, False)
    counted = items(api.put(path_of(station), a_stock_take(tea=(8, 0), iron=(5, None))))
    assert "reorderLevel" not in counted["tea"] and counted["iron"]["reorderLevel"] == 1


def test_the_log_tells_it(api, station):
    api.put(path_of(station), a_stock_take(tea=(7, 2), iron=0))
    api.put(path_of(station), a_stock_take(tea=7))
    first, changed, again = told(api, station)
    assert first["event"] == again["event"] == "stockTaken"
    assert len(first["id"]) == 24 and set(first) == {"event", "id", "seq", "time", "data"}
    assert first["data"] == {"_id": station, "stationId": station, "items": [
        {"name": "tea", "quantity": 7, "reorderLevel": 2}, {"name": "iron", "quantity": 0}]}
    assert changed["event"] == "inventoryUpdated" and changed["id"].startswith(first["id"] + ".")
    assert [item["name"] for item in changed["data"]["items"]] == ["iron", "tea"]
    assert again["data"]["items"] == [{"name": "tea", "quantity": 7}], "nothing changed, nothing but it is told"


def test_the_difference_is_a_movement(api, station):
    for quantity in (7, 3, 3, 5):
        assert api.put(path_of(station), a_stock_take(tea=quantity)).status == 200
    moved = [(one["from"], one["to"], one["quantity"]) for one in api.get(path_of(station) + "/movements").json()]
    here = f"station:{station}"
    assert moved == [("external", here, 7), (here, "external", 4), ("external", here, 2)]
    causes = [event["id"] for event in told(api, station) if event["event"] == "stockTaken"]
    assert [one["eventId"] for one in api.get(path_of(station) + "/movements").json()] == [causes[0], causes[1], causes[3]]


def test_conditions(api, station):
    count = a_stock_take(tea=1)
    assert problem(api.put(path_of(station), count, {"If-Match": "*"}), 412)["detail"] == "the station has no inventory yet"
    first = api.put(path_of(station), count, {"If-None-Match": "*"})
    assert first.status == 200
    problem(api.put(path_of(station), count, {"If-None-Match": "*"}), 412)
    refused = api.put(path_of(station), a_stock_take(tea=2), {"If-Match": '"77"'})
    problem(refused, 412)
    assert refused.field("ETag") == first.field("ETag")
    problem(api.put(path_of(station), a_stock_take(tea=2), {"If-Match": f"W/{first.field('ETag')}"}), 412)
    assert items(api.put(path_of(station), a_stock_take(tea=2), {"If-Match": first.field("ETag")}))["tea"]["quantity"] == 2
    problem(api.put(path_of(station), count, {"If-Match": first.field("ETag")}), 412)
    assert items(api.put(path_of(station), count, {"If-Match": "*"}))["tea"]["quantity"] == 1


def test_a_request_that_met_its_condition_is_not_refused_for_what_it_did(api, station):
    first = api.put(path_of(station), a_stock_take(tea=1))
    headers = {"If-Match": first.field("ETag"), "Idempotency-Key": secrets.token_hex(8)}
    second = api.put(path_of(station), a_stock_take(tea=2), headers)
    again = api.put(path_of(station), a_stock_take(tea=2), headers)
    assert (again.status, again.body, again.field("ETag")) == (200, second.body, second.field("ETag"))


def test_not_waiting_for_what_follows(api, station):
    answer = api.put(path_of(station), a_stock_take(tea=7), {"Prefer": "wait=0"})
    assert (answer.status, answer.json()["message"]) == (202, "Stock-take recorded")
    assert answer.field("Location") == path_of(station)
    assert answer.field("Preference-Applied") is None
    wait_for(lambda: api.get(path_of(station)).status == 200, "it is done")
    answer = api.put(path_of(station), a_stock_take(tea=8), {"Prefer": "wait=10"})
    assert (answer.status, answer.field("Preference-Applied")) == (200, "wait=10")
    assert items(answer)["tea"]["quantity"] == 8


def test_an_engine_that_does_not_decide(api, station):
    """Nobody knows then; with a key the same request may be sent again, and is done once."""
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    freeze_engine(api)
    try:
        answer = api.put(path_of(station), a_stock_take(tea=7), headers)
        assert problem(answer, 503)["outcome"] == "outcome-unknown"
        problem(api.get(path_of(station)), 404)
    finally:
        api.thaw("itn-engine-1")
    wait_for(api.is_ready, "the stack is ready")
    assert items(api.put(path_of(station), a_stock_take(tea=7), headers))["tea"] == {
        "quantity": 7, "reserved": 0, "available": 7, "incoming": 0, "version": 1}
    assert [event["event"] for event in told(api, station)] == ["stockTaken", "inventoryUpdated"]


def test_what_can_be_done_with_an_inventory(api, station):
    answer = api.request("OPTIONS", path_of(station))
    assert (answer.status, answer.field("Allow")) == (204, "GET, HEAD, PUT, OPTIONS")
    for method in ("POST", "PATCH", "DELETE"):
        answer = api.request(method, path_of(station), a_stock_take(tea=1))
        problem(answer, 405)
        assert answer.field("Allow") == "GET, HEAD, PUT, OPTIONS"


@pytest.mark.parametrize("query", ["?at=seq:1", "?x=y"])
def test_a_query_is_ignored(api, station, query):
    assert api.put(path_of(station) + query, a_stock_take(tea=1)).status == 200


def test_a_change_that_comes_before_the_creation_is_applied(api, station):
    """It waits for it, on few of the threads: others go on being answered."""
    assert api.put(path_of(station), a_stock_take(tea=10)).status == 200
    freeze_engine(api)
    try:
        trades = [created(api.post("/api/trades", a_trade(stationId=station, items=[{"name": "tea", "quantity": 1}])))
                  for _ in range(40)]
        with ThreadPoolExecutor(40) as pool:
            answers = [pool.submit(api.new_client().put, f"/api/trades/{trade['_id']}/status", {"status": "completed"})
                       for trade in trades]
            for trade in trades:
                assert api.get(f"/api/trades/{trade['_id']}").json()["status"] == "pending"
            answers = [answer.result() for answer in answers]
        assert {answer.status for answer in answers} == {503}
    finally:
        api.thaw("itn-engine-1")
    wait_for(api.is_ready, "the stack is ready")
    unknown = [trade for trade, answer in zip(trades, answers) if answer.json()["outcome"] == "outcome-unknown"]
    wait_for(lambda: all(api.get(f"/api/trades/{trade['_id']}").json()["status"] in ("completed", "delayed")
                         for trade in unknown), "the engine decided what was asked")
    assert 0 < len(unknown) < 40
