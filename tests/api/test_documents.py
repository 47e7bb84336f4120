"""Trades, cargo and inventories one by one: creation, reading, conditions, changes, waiting for effects."""

import urllib.parse

import pytest

from api.bodies import a_cargo, a_trade, created, numbers, problem
from harness.processes import freeze_engine
from harness.wait import wait_for


def test_a_trade(api):
    answer = api.post("/api/trades", a_trade(stationId="Ceres 1"))
    trade = created(answer)
    assert answer.field("Location") == f"/api/trades/{trade['_id']}"
    assert answer.field("ETag") == '"1"'
    assert trade["createdAt"] == trade["updatedAt"] and trade["createdAt"].endswith("Z")
    assert {name: trade[name] for name in a_trade()} == a_trade()
    assert (trade["status"], trade["version"], trade["stationId"]) == ("pending", 1, "Ceres 1")


def test_a_trade_of_six_lines_is_delayed(api):
    items = [{"name": f"n{i}", "quantity": 1} for i in range(6)]
    trade = created(api.post("/api/trades", a_trade(items=items, destination="Nowhere")))
    assert (trade["status"], trade["holds"]) == ("delayed", ["size"])


def test_cargo_of_eleven_lines_is_delayed(api):
    items = [{"name": "same", "quantity": 1}] * 11
    cargo = created(api.post("/api/cargo", a_cargo(items=items)))
    assert cargo["status"] == "delayed"
    assert cargo["items"] == cargo["ownItems"] == [{"name": "same", "quantity": 11}]


@pytest.mark.parametrize("shipment", ["S 1", "a/b", "☃", "100%", "a+b", "..", "x?y#z", "$set", '"quoted"'])
def test_shipments_have_any_name(api, shipment):
    shipment += f" {next(numbers)}"
    answer = api.post("/api/cargo", a_cargo(shipmentId=shipment))
    path = "/api/cargo/" + urllib.parse.quote(shipment, safe="")
    assert created(answer)["_id"] == shipment
    assert answer.field("Location") == path
    assert api.get(path).json()["shipmentId"] == shipment
    assert api.put(path + "/status", {"status": "delayed"}).json()["cargo"]["status"] == "delayed"


def test_a_known_shipment(api):
    body = a_cargo()
    created(api.post("/api/cargo", body))
    problem(api.post("/api/cargo", body), 409)


@pytest.fixture(params=["trades", "cargo"])
def document(api, request):
    """Path of a new document that nothing happens to, once its events are in the log."""
    body = a_trade(destination=f"Nowhere {next(numbers)}") if request.param == "trades" else a_cargo()
    answer = api.post(f"/api/{request.param}", body, {"Prefer": "wait=10"})
    created(answer)
    return answer.field("Location")


def test_not_modified(api, document):
    first = api.get(document)
    tag = first.field("ETag")
    assert tag == f'"{first.json()["version"]}"'
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = api.get(document, {"If-None-Match": given})
        assert (answer.status, answer.body, answer.field("ETag")) == (304, b"", tag)
    assert api.get(document, {"If-None-Match": '"x"'}).status == 200
    assert api.request("HEAD", document, headers={"If-None-Match": tag}).status == 304


def test_precondition(api, document):
    tag = api.get(document).field("ETag")
    problem(api.put(f"{document}/status", {"status": "delayed"}, {"If-Match": '"77"'}), 412)
    problem(api.put(f"{document}/status", {"status": "delayed"}, {"If-Match": f"W/{tag}"}), 412)
    answer = api.put(f"{document}/status", {"status": "delayed"}, {"If-Match": tag})
    assert answer.status == 200
    assert answer.field("ETag") != tag
    problem(api.put(f"{document}/status", {"status": "pending"}, {"If-Match": tag}), 412)
    assert api.put(f"{document}/status", {"status": "delayed"}, {"If-Match": "*"}).status == 200


def test_the_same_status_changes_nothing(api, document):
    before = api.get(document)
    answer = api.put(f"{document}/status", {"status": "pending"})
    assert answer.status == 200
    assert answer.field("ETag") == before.field("ETag")
    assert api.get(document).body == before.body


def test_put_and_patch_and_the_short_path(api):
    trade = created(api.post("/api/trades", a_trade(destination="Nowhere")))
    for method, path, status in (("PUT", f"/api/trades/{trade['_id']}/status", "delayed"),
                                 ("PATCH", f"/api/trades/{trade['_id']}/status", "pending"),
                                 ("PATCH", f"/api/{trade['_id']}/status", "delayed"),
                                 ("PUT", f"/api/{trade['_id']}/status", "canceled")):
        answer = api.request(method, path, {"status": status, "reason": "so"})
        assert answer.status == 200
        assert answer.json()["message"] == "Trade status updated"
        assert (answer.json()["trade"]["status"], answer.json()["trade"]["reason"]) == (status, "so")
    document = problem(api.put(f"/api/{trade['_id']}/status", {"status": "pending"}), 409)
    assert "final" in document["error"]


def test_an_illegal_change_names_the_allowed_ones(api):
    cargo = created(api.post("/api/cargo", a_cargo()))
    path = f"/api/cargo/{cargo['_id']}/status"
    assert api.put(path, {"status": "in transit"}).json()["message"] == "Cargo status updated"
    assert "delayed, delivered" in problem(api.put(path, {"status": "pending"}), 409)["error"]


def test_a_location_is_a_change(api):
    cargo = created(api.post("/api/cargo", a_cargo()))
    path = f"/api/cargo/{cargo['_id']}/status"
    news = {"status": "pending", "location": "Ceres", "eta": "2031-05-04T14:00:00+02:00"}
    first, second = api.put(path, news), api.put(path, news)
    assert first.json()["cargo"]["location"] == "Ceres"
    assert first.json()["cargo"]["eta"] == "2031-05-04T12:00:00.000Z"
    assert first.field("ETag") == second.field("ETag") != '"1"'


def test_waiting_shows_the_state_after_the_cascade(api):
    destination = f"Port {next(numbers)}"
    cargo = created(api.post("/api/cargo", a_cargo(destination=destination), {"Prefer": "wait=10"}))
    answer = api.post("/api/trades", a_trade(destination=destination), {"Prefer": "respond-async, wait=10"})
    assert answer.field("Preference-Applied") == "wait=10"
    trade = created(answer)
    assert trade["shipmentId"] == cargo["_id"]
    assert answer.field("ETag") == f'"{trade["version"]}"' != '"1"'
    answer = api.put(f"/api/cargo/{cargo['_id']}/status", {"status": "delivered"}, {"Prefer": "wait=9999"})
    assert (answer.status, answer.field("Preference-Applied")) == (200, "wait=10")
    assert answer.json()["cargo"]["items"] == [{"name": "iron", "quantity": 10}]
    assert api.get(f"/api/trades/{trade['_id']}").json()["status"] == "completed"
    inventory = api.get("/api/inventory/" + urllib.parse.quote(destination))
    assert inventory.json()["stationId"] == inventory.json()["_id"] == destination
    assert [(item["name"], item["quantity"]) for item in inventory.json()["items"]] == [("iron", 10)]
    tag = inventory.field("ETag")
    assert api.get("/api/inventory/" + urllib.parse.quote(destination), {"If-None-Match": tag}).status == 304


def test_waiting_in_vain(api):
    freeze_engine(api)
    try:
        answer = api.post("/api/trades", a_trade(destination="Nowhere"), {"Prefer": "wait=1"})
        assert answer.status == 202
        assert answer.field("Preference-Applied") is None
        assert answer.field("Location") == f"/api/trades/{answer.json()['_id']}"
        path = f"{answer.field('Location')}/status"
        answer = api.put(path, {"status": "canceled"}, {"Prefer": "wait=0"})
        assert (answer.status, answer.json()["trade"]["status"]) == (202, "canceled")
    finally:
        api.thaw("itn-engine-1")
    wait_for(api.is_ready, "the stack is ready")


def test_statistics(api):
    created(api.post("/api/trades", a_trade(destination="Nowhere"), {"Prefer": "wait=10"}))
    before = api.get("/api/stats").json()
    cargo = created(api.post("/api/cargo", a_cargo(), {"Prefer": "wait=10"}))
    created(api.post("/api/trades", a_trade(destination="Nowhere"), {"Prefer": "wait=10"}))
    after = api.get("/api/stats").json()
    assert after["trades"]["total"] == before["trades"]["total"] + 1
    assert after["trades"]["byStatus"]["pending"] == before["trades"]["byStatus"]["pending"] + 1
    assert after["cargo"]["active"] == before["cargo"]["active"] + 1
    assert after["events"]["total"] == before["events"]["total"] + 2
    for name, length in (("perMinute", 60), ("perHour", 48), ("perDay", 30)):
        series = after["trades"][name]
        assert len(series) == length
        assert [point["at"] for point in series] == sorted(point["at"] for point in series)
        assert sum(point["count"] for point in series) == after["trades"]["total"]
    api.put(f"/api/cargo/{cargo['_id']}/status", {"status": "delivered"}, {"Prefer": "wait=10"})
    assert api.get("/api/stats").json()["cargo"]["active"] == before["cargo"]["active"]
