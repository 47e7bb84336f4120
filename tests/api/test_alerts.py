"""Alerts as resources: lists, filters and pages, conditions, what can be done with one."""

import re
import secrets
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from api.bodies import a_cargo, a_stock_take, a_trade, created, problem
from harness.wait import wait_for
from harness.watch import read_log

WAIT = {"Prefer": "wait=10"}
STATION = 'Say "hi", Ceres & Vesta'


@pytest.fixture(scope="module")
def filled(api):
    """Alerts of every kind and status."""
    for n in range(12):
        cargo = created(api.post("/api/cargo", a_cargo(), WAIT))
        for status in ("delayed", "delivered") if n % 3 == 0 else ("delayed",):
            assert api.put(f"/api/cargo/{cargo['_id']}/status", {"status": status}, WAIT).status == 200
    for n in range(5):
        created(api.post("/api/trades", a_trade(items=[{"name": f"part {i}", "quantity": 1} for i in range(6)]), WAIT))
    assert api.put(f"/api/inventory/{quote(STATION)}", a_stock_take(iron=(3, 5), tea=(0, 1)), WAIT).status == 200
    for n in range(3):
        created(api.post("/api/trades", a_trade(stationId=STATION), WAIT))
    wait_for(lambda: len(api.get("/api/alerts").json()) == 22, "22 alerts were raised")
    for alert in api.get("/api/alerts?status=open").json()[::4]:
        assert api.put(f"/api/alerts/{alert['id']}/acknowledge", None, WAIT).status == 200
    return api


@pytest.fixture(scope="module")
def whole(filled):
    alerts = filled.get("/api/alerts").json()
    assert {alert["kind"] for alert in alerts} == {"lateness", "oversize", "stockShortage", "lowStock"}
    assert {alert["status"] for alert in alerts} == {"open", "acknowledged", "resolved"}
    return alerts


@pytest.fixture
def fresh(api):
    """An open alert of a test's own."""
    trade = created(api.post("/api/trades", a_trade(items=[{"name": f"part {i}", "quantity": 1} for i in range(6)]), WAIT))
    alert, = api.get(f"/api/alerts?transactionId={trade['_id']}").json()
    return alert


def next_path(answer):
    link = answer.field("Link")
    return re.fullmatch(r'<([^>]*)>; rel="next"', link).group(1) if link else None


def pages(api, path):
    while path:
        answer = api.get(path)
        assert answer.status == 200, answer
        yield answer.json()
        path = next_path(answer)


def read(api, path):
    return [one for page in pages(api, path) for one in page]


def path_of(alert):
    return f"/api/alerts/{alert['id']}"


# Lists


def test_order(whole):
    keys = [(alert["raisedAt"], alert["id"]) for alert in whole]
    assert keys == sorted(keys) and len(set(keys)) == len(keys)


@pytest.mark.parametrize("limit", [1, 5, 21, 22, 1000])
def test_pages_are_the_whole_list(filled, whole, limit):
    found = list(pages(filled, f"/api/alerts?limit={limit}&until={quote(after_all(whole))}"))
    assert [one for page in found for one in page] == whole
    assert all(len(page) == limit for page in found[:-1]) and found[-1]


def after_all(alerts):
    """A moment behind the last: other tests raise more."""
    return (datetime.fromisoformat(alerts[-1]["raisedAt"]) + timedelta(milliseconds=1)).isoformat()


@pytest.mark.parametrize("name, value", [
    ("status", "open"), ("status", "acknowledged"), ("status", "resolved"), ("kind", "lateness"), ("kind", "oversize"),
    ("kind", "stockShortage"), ("kind", "lowStock"), ("stationId", STATION), ("stationId", "Nowhere"),
    ("transactionId", "f" * 24), ("shipmentId", "nothing")])
def test_filters(filled, whole, name, value):
    wanted = [alert for alert in whole if alert.get(name) == value]
    assert wanted or value in ("Nowhere", "f" * 24, "nothing")
    path = f"/api/alerts?{name}={quote(value)}&until={quote(after_all(whole))}"
    assert filled.get(path).json() == wanted
    assert read(filled, f"{path}&limit=2&color=x") == wanted


@pytest.mark.parametrize("name", ["transactionId", "shipmentId"])
def test_filters_of_one_thing(filled, whole, name):
    for alert in [alert for alert in whole if name in alert][:3]:
        wanted = [one for one in whole if one.get(name) == alert[name]]
        assert filled.get(f"/api/alerts?{name}={quote(alert[name])}").json() == wanted


@pytest.mark.parametrize("kind", ["lateness", "oversize", "stockShortage", "lowStock"])
@pytest.mark.parametrize("status", ["open", "acknowledged", "resolved"])
def test_filters_together(filled, whole, kind, status):
    until = quote(after_all(whole))
    wanted = [alert for alert in whole if (alert["kind"], alert["status"]) == (kind, status)]
    assert read(filled, f"/api/alerts?kind={kind}&status={status}&limit=3&until={until}") == wanted
    since = whole[len(whole) // 2]["raisedAt"]
    assert filled.get(f"/api/alerts?kind={kind}&status={status}&since={since}&until={until}").json() == [
        alert for alert in wanted if alert["raisedAt"] >= since]


def test_times(filled, whole):
    since, until = whole[5]["raisedAt"], whole[15]["raisedAt"]
    wanted = [alert for alert in whole if since <= alert["raisedAt"] < until]
    assert wanted and filled.get(f"/api/alerts?since={since}&until={until}").json() == wanted
    assert filled.get("/api/alerts?until=1970-01-01T00:00:00Z").json() == []
    assert filled.get("/api/alerts?since=2999-01-01T00:00:00Z").json() == []


@pytest.mark.parametrize("query, pointers", [
    ("status=delayed", ["?status"]), ("status=", ["?status"]), ("status=Open", ["?status"]), ("kind=late", ["?kind"]),
    ("kind=", ["?kind"]), ("since=yesterday", ["?since"]), ("until=2026", ["?until"]), ("limit=0", ["?limit"]),
    ("limit=1001", ["?limit"]), ("limit=x", ["?limit"]), ("after=x", ["?after"]), ("stationId=%20x", ["?stationId"]),
    ("shipmentId=", ["?shipmentId"]), ("transactionId=", ["?transactionId"]),
    ("status=lost&kind=none", ["?status", "?kind"])])
def test_parameters_that_can_not_be(api, query, pointers):
    problem(api.get(f"/api/alerts?{query}"), 400, pointers)


@pytest.mark.parametrize("name", ["status", "kind", "stationId", "since", "limit"])
def test_a_parameter_comes_once(api, name):
    assert api.get(f"/api/alerts?{name}=x&{name}=x").status == 400


def test_another_list_s_cursor(filled):
    cursor = re.search(r"after=([^&>]*)", filled.get("/api/alerts?limit=1").field("Link")).group(1)
    assert filled.get(f"/api/alerts?after={cursor}").status == 200
    problem(filled.get(f"/api/trades?after={cursor}"), 400, ["?after"])
    problem(filled.get(f"/api/alerts?after={cursor[:-1]}"), 400, ["?after"])


# One alert


def test_it_is_shown_as_the_list_shows_it(filled, whole):
    for alert in whole:
        answer = filled.get(path_of(alert))
        assert (answer.status, answer.json()) == (200, alert)
        assert answer.field("ETag") == f'"{alert["version"]}"'


@pytest.mark.parametrize("method, path", [
    ("GET", "/api/alerts/nothing"), ("GET", f"/api/alerts/{'f' * 24}.1"), ("PUT", "/api/alerts/nothing/acknowledge"),
    ("PATCH", f"/api/alerts/{'f' * 24}.1/acknowledge")])
def test_there_is_none(api, method, path):
    assert problem(api.request(method, path), 404)["message"] == "Alert not found"


def test_an_event_that_is_no_alert(api, fresh):
    """The trade's own event has an id, too."""
    event = next(event for event in read_log(api.client) if event["data"].get("_id") == fresh["transactionId"])
    assert event["event"] == "tradeCreate"
    problem(api.get(f"/api/alerts/{event['id']}"), 404)
    problem(api.put(f"/api/alerts/{event['id']}/acknowledge", None), 404)


def test_not_modified(api, fresh):
    answer = api.get(path_of(fresh), {"If-None-Match": '"1"'})
    assert (answer.status, answer.body) == (304, b"")
    assert api.put(f"{path_of(fresh)}/acknowledge", None, WAIT).status == 200
    assert api.get(path_of(fresh), {"If-None-Match": '"1"'}).json()["status"] == "acknowledged"


def test_conditions(api, fresh):
    path = f"{path_of(fresh)}/acknowledge"
    for condition in ('"2"', 'W/"1"', '"x"'):
        refused = api.put(path, None, {"If-Match": condition})
        problem(refused, 412)
        assert refused.field("ETag") == '"1"'
    assert api.get(path_of(fresh)).json() == fresh
    seen = api.put(path, None, WAIT | {"If-Match": '"1"'})
    assert (seen.status, seen.field("ETag")) == (200, '"2"')
    problem(api.put(path, None, {"If-Match": '"1"'}), 412)
    assert api.put(path, None, {"If-Match": '"2"'}).json() == seen.json()
    assert api.put(path, None, {"If-Match": "*"}).json() == seen.json()


def test_a_request_that_met_its_condition_is_not_refused_for_what_it_did(api, fresh):
    headers = WAIT | {"If-Match": '"1"', "Idempotency-Key": secrets.token_hex(8)}
    first = api.put(f"{path_of(fresh)}/acknowledge", None, headers)
    again = api.put(f"{path_of(fresh)}/acknowledge", None, headers)
    assert first.status == 200 and (again.status, again.body, again.field("ETag")) == (200, first.body, '"2"')


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_body_is_not_needed_and_not_read(api, fresh, method):
    answer = api.request(method, f"{path_of(fresh)}/acknowledge", {"status": "resolved", "version": 7}, WAIT)
    assert answer.status == 200 and answer.json()["alert"]["status"] == "acknowledged"
    assert answer.json()["alert"]["version"] == 2


def test_head(api, fresh):
    for path in ("/api/alerts", "/api/alerts?limit=1", "/api/alerts?kind=oversize", path_of(fresh)):
        head, get = api.request("HEAD", path), api.get(path)
        assert (head.status, head.body) == (200, b"")
        for name in ("Content-Type", "ETag", "ITN-Log", "Link"):
            assert head.field(name) == get.field(name)
    answer = api.request("HEAD", "/api/alerts/nothing")
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize("path, allow", [
    ("/api/alerts", "GET, HEAD, OPTIONS"), ("/api/alerts/x", "GET, HEAD, OPTIONS"),
    ("/api/alerts/x/acknowledge", "PUT, PATCH, OPTIONS")])
def test_methods(api, path, allow):
    answer = api.request("OPTIONS", path)
    assert (answer.status, answer.field("Allow"), answer.body) == (204, allow, b"")
    for method in ("POST", "DELETE", "GET" if "GET" not in allow else "PUT"):
        answer = api.request(method, path)
        problem(answer, 405)
        assert answer.field("Allow") == allow
