"""Alerts: raised by a fact, seen by somebody, over when the fact is; and shipments whose eta passes."""

import itertools
import secrets
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest

from conftest import STORES
from harness.audit import assert_all_fits
from harness.mail import MailServer
from harness.processes import freeze_engine
from harness.stack import Stack
from harness.wait import wait_for
from harness.watch import ThoroughWatcher, assert_log_complete, read_log

WAIT = {"Prefer": "wait=10"}
LATE, SHORTAGE, LOW = "Delayed shipment detected!", "Stock shortage detected!", "Low stock detected!"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def mails():
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module", params=STORES)
def network(request, tmp_path_factory, mails):
    """One running stack for each store: every test has things of its own."""
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp("alerts") / "stack", store_uri=uri, ITN_SMTP_URL=mails.url,
                  ITN_SMTP_STARTTLS="never", ITN_MAIL_FROM="itn@example.org",
                  ITN_MAIL_ADMINS="eve@example.org,kim@example.org")
    stack.up()
    yield stack
    stack.close()


def name(what):
    return f"{what} {next(numbers)} {secrets.token_hex(4)}"


def ok(answer, status=200):
    assert answer.status == status, answer
    return answer.json()


def in_future(**what):
    return (datetime.now(timezone.utc) + timedelta(**what)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def post_trade(stack, items, **members):
    return ok(stack.post("/api/trades", {
        "buyer": "Ada", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
        "destination": name("Port"), "items": [{"name": item, "quantity": quantity} for item, quantity in items],
        **members}, WAIT), 201)


def set_trade(stack, trade, status):
    return ok(stack.put(f"/api/trades/{trade['_id']}/status", {"status": status}, WAIT))["trade"]


def post_cargo(stack, lines=1, **members):
    return ok(stack.post("/api/cargo", {
        "shipmentId": name("SH"), "emailId": "dock@example.org", "destination": name("Port"),
        "items": [{"name": f"part {n}", "quantity": 1} for n in range(lines)], **members}, WAIT), 201)


def cargo_path(cargo):
    return f"/api/cargo/{quote(cargo['_id'])}"


def set_cargo(stack, cargo, status, **members):
    return ok(stack.put(f"{cargo_path(cargo)}/status", {"status": status, **members}, WAIT))["cargo"]


def count(stack, station, quantity, level=0):
    ok(stack.put(f"/api/inventory/{quote(station)}", {"items": [
        {"name": "tea", "quantity": quantity, "reorderLevel": level}]}, WAIT))


class Fact:
    """What raises an alert and what ends it. `member` and `key` say what it is about."""

    def __init__(self, stack):
        self.stack = stack

    def alerts(self, **filters):
        """All of its kind about this thing, oldest first."""
        query = "&".join(f"{key}={quote(value)}" for key, value in {"kind": self.kind, self.member: self.key, **filters}.items())
        return ok(self.stack.get(f"/api/alerts?{query}"))

    def the_alert(self):
        alert, = self.alerts()
        return alert

    def wait_until(self, *statuses):
        """Alerts of just these statuses."""
        wait_for(lambda: [alert["status"] for alert in self.alerts()] == list(statuses), f"{self.kind} is {statuses}")
        return self.alerts()

    def criticals(self):
        return [event for event in read_log(self.stack.client) if event["event"] == "criticalEvent"
                and event["kind"] == self.kind and event["data"].get(self.member) == self.key]

    def updates(self):
        """alertUpdated of its alerts."""
        ids = {alert["id"] for alert in self.alerts()}
        return [event for event in read_log(self.stack.client) if event["event"] == "alertUpdated" and event["data"]["_id"] in ids]


class LargeTrade(Fact):
    kind, entity, member, message = "oversize", "trade", "transactionId", LATE

    def begin(self):
        self.trade = post_trade(self.stack, [(f"part {n}", 1) for n in range(6)])
        self.key = self.trade["_id"]

    def end(self):
        set_trade(self.stack, self.trade, "canceled")


class LargeTradeLetPass(LargeTrade):
    def end(self):
        set_trade(self.stack, self.trade, "pending")


class LargeCargo(Fact):
    kind, entity, member, message = "oversize", "cargo", "shipmentId", LATE

    def begin(self):
        self.cargo = post_cargo(self.stack, lines=11)
        self.key = self.cargo["_id"]

    def end(self):
        set_cargo(self.stack, self.cargo, "in transit")


class DelayedCargo(Fact):
    kind, entity, member, message = "lateness", "cargo", "shipmentId", LATE

    def begin(self):
        self.cargo = post_cargo(self.stack)
        self.key = self.cargo["_id"]
        set_cargo(self.stack, self.cargo, "delayed")

    def end(self):
        set_cargo(self.stack, self.cargo, "delivered")


class ShortTrade(Fact):
    kind, entity, member, message = "stockShortage", "trade", "transactionId", SHORTAGE

    def begin(self):
        self.station = name("Station")
        count(self.stack, self.station, 3)
        self.trade = post_trade(self.stack, [("tea", 4)], stationId=self.station)
        self.key = self.trade["_id"]

    def end(self):
        count(self.stack, self.station, 4)


class ShortTradeCanceled(ShortTrade):
    def end(self):
        set_trade(self.stack, self.trade, "canceled")


class LowStock(Fact):
    kind, entity, member, message = "lowStock", "inventory", "stationId", LOW

    def begin(self):
        self.key = name("Station")
        count(self.stack, self.key, 3, 5)

    def end(self):
        count(self.stack, self.key, 5, 5)


class LowStockIgnored(LowStock):
    def end(self):
        count(self.stack, self.key, 3)


FACTS = [LargeTrade, LargeTradeLetPass, LargeCargo, DelayedCargo, ShortTrade, ShortTradeCanceled, LowStock, LowStockIgnored]


@pytest.fixture(params=FACTS, ids=lambda fact: fact.__name__)
def fact(request, network):
    fact = request.param(network)
    fact.begin()
    return fact


def acknowledge(stack, alert, headers=WAIT):
    return stack.put(f"/api/alerts/{alert['id']}/acknowledge", None, headers)


# From the fact that raises it to the fact that ends it


def test_a_fact_raises_it_and_a_fact_ends_it(network, fact):
    alert, = fact.wait_until("open")
    critical, = fact.criticals()
    about = {"item": "tea"} if fact.kind == "lowStock" else {}
    assert alert == {
        "_id": critical["id"], "id": critical["id"], "kind": fact.kind, "entity": fact.entity, fact.member: fact.key,
        "message": fact.message, "status": "open", "raisedAt": critical["time"], "version": 1, **about}
    assert critical["message"] == fact.message and fact.updates() == []
    fact.end()
    over, = fact.wait_until("resolved")
    assert over == alert | {"status": "resolved", "resolvedAt": over["resolvedAt"], "version": 2}
    told, = fact.updates()
    assert told["data"] == over and told["id"].startswith(told["causedBy"] + ".")
    assert len(fact.criticals()) == 1


def test_what_was_seen_is_not_over(fact, network):
    """Until the fact ends it."""
    seen = ok(acknowledge(network, fact.the_alert()))["alert"]
    assert seen["status"] == "acknowledged" and fact.alerts(status="open") == []
    fact.end()
    over, = fact.wait_until("resolved")
    assert over == seen | {"status": "resolved", "resolvedAt": over["resolvedAt"], "version": 3}
    assert [event["data"]["status"] for event in fact.updates()] == ["acknowledged", "resolved"]


@pytest.mark.parametrize("kind", [DelayedCargo, ShortTrade, LowStock], ids=lambda fact: fact.__name__)
def test_after_its_end_there_may_be_another(network, kind):
    fact = kind(network)
    fact.begin()
    if kind is DelayedCargo:
        set_cargo(network, fact.cargo, "in transit")
        fact.wait_until("resolved")
        set_cargo(network, fact.cargo, "delayed")
    else:
        fact.end()
        fact.wait_until("resolved")
        count(network, fact.key if kind is LowStock else fact.station, 1, 5 if kind is LowStock else 0)
    first, second = fact.wait_until("resolved", "open")
    assert [first["id"], second["id"]] == [event["id"] for event in fact.criticals()]
    fact.end()
    fact.wait_until("resolved", "resolved")


@pytest.mark.parametrize("seen", [False, True], ids=["open", "acknowledged"])
def test_there_is_no_second_one_before_its_end(network, seen):
    """A shipment that is delayed by hand, and its eta passes: told again, no second alert."""
    fact = DelayedCargo(network)
    fact.begin()
    alert = ok(acknowledge(network, fact.the_alert()))["alert"] if seen else fact.the_alert()
    set_cargo(network, fact.cargo, "delayed", eta="2020-01-01T00:00:00Z")
    wait_for(lambda: len(fact.criticals()) == 2, "it is told again")
    assert fact.alerts() == [alert]
    fact.end()
    assert [one["id"] for one in fact.wait_until("resolved")] == [alert["id"]]


# Seen by somebody


def test_an_acknowledgement_is_told_once(network):
    fact = DelayedCargo(network)
    fact.begin()
    alert, start = fact.the_alert(), read_log(network.client)[-1]["seq"]
    watcher = ThoroughWatcher(network, start)
    answer = acknowledge(network, alert)
    seen = ok(answer)
    assert seen["message"] == "Alert acknowledged"
    assert seen["alert"] == alert | {
        "status": "acknowledged", "acknowledgedAt": seen["alert"]["acknowledgedAt"], "version": 2}
    assert answer.field("ETag") == '"2"'
    again = acknowledge(network, alert)
    assert ok(again) == seen and again.field("ETag") == '"2"'
    post_trade(network, [("tea", 1)])
    told = read_log(network.client, start)
    watcher.wait_seq(told[-1]["seq"])
    watcher.close()
    assert [event["event"] for event in told] == ["alertUpdated", "tradeCreate"] and watcher.frames == told
    assert told[0]["data"] == seen["alert"] and "causedBy" not in told[0]


def test_the_same_acknowledgement_again(network):
    """With a key: the answer of the first time, whatever has become of the alert."""
    fact, headers = DelayedCargo(network), WAIT | {"Idempotency-Key": secrets.token_hex(8)}
    fact.begin()
    alert = fact.the_alert()
    first = acknowledge(network, alert, headers)
    assert ok(first)["alert"]["status"] == "acknowledged"
    fact.end()
    over, = fact.wait_until("resolved")
    again = acknowledge(network, alert, headers)
    assert (again.status, again.body) == (200, first.body)
    assert fact.alerts() == [over]
    other = network.put(f"/api/alerts/{read_other(network, alert)}/acknowledge", None, headers)
    assert other.status == 422, other


def read_other(stack, alert):
    fact = LargeTrade(stack)
    fact.begin()
    assert fact.the_alert()["id"] != alert["id"]
    return fact.the_alert()["id"]


def test_what_is_over_can_be_seen_yet(network):
    fact = DelayedCargo(network)
    fact.begin()
    fact.end()
    over, = fact.wait_until("resolved")
    seen = ok(acknowledge(network, over))["alert"]
    assert seen == over | {"acknowledgedAt": seen["acknowledgedAt"], "version": 3}


# When an eta passes


class Late(Fact):
    """Cargo that is to be there soon."""

    kind, entity, member, message = "lateness", "cargo", "shipmentId", LATE

    def __init__(self, stack, mails, **eta):
        super().__init__(stack)
        self.mails = mails
        self.eta = in_future(**eta)
        self.cargo = post_cargo(stack, eta=self.eta)
        self.key = self.cargo["_id"]

    def status(self):
        return ok(self.stack.get(cargo_path(self.cargo)))["status"]

    def mailed(self):
        """To whom it was said that it is delayed, in alphabetical order."""
        return sorted(mail.recipients[0] for mail in self.mails.taken()
                      if mail.message["Subject"] == f"Shipment {self.key} is delayed")

    def wait_told(self, times):
        admins = sorted(["eve@example.org", "kim@example.org"] * times)
        wait_for(lambda: self.mailed() == admins, f"it was mailed {times} times")

    def tales(self):
        """What the log tells of it and its alerts."""
        ids = {alert["id"] for alert in self.alerts()} | {self.key}
        return [(event["event"], event["data"]["status"]) for event in read_log(self.stack.client) if event["data"].get("_id") in ids]


def has_passed(eta):
    """Also for clocks that differ by what the engine allows."""
    return eta < in_future(seconds=-1)


def test_when_the_eta_passes_it_is_late(network, mails):
    late = Late(network, mails, seconds=3)
    wait_for(lambda: late.status() == "delayed", "it is late")
    now = in_future()
    late.wait_until("open")
    critical, = late.criticals()
    assert late.eta <= critical["time"] <= now and critical["message"] == LATE
    shown = ok(network.get(cargo_path(late.cargo)))
    assert critical["data"] == shown and shown == late.cargo | {
        "status": "delayed", "version": late.cargo["version"] + 1, "updatedAt": shown["updatedAt"]}
    assert late.tales() == [("cargoUpdated", "pending"), ("cargoUpdated", "delayed"), ("criticalEvent", "delayed")]
    late.wait_told(1)


def test_a_new_eta_arms_it_again(network, mails):
    late = Late(network, mails, milliseconds=100)
    late.wait_until("open")
    late.wait_told(1)
    eta = in_future(milliseconds=100)
    set_cargo(network, late.cargo, "in transit", eta=eta)
    late.wait_until("resolved", "open")
    assert len(late.criticals()) == 2 and late.criticals()[1]["time"] >= eta and late.status() == "delayed"
    late.wait_told(2)
    set_cargo(network, late.cargo, "delivered", eta=in_future(milliseconds=-1))
    late.wait_until("resolved", "resolved")


def test_an_eta_is_told_once(network, mails):
    """The same one again, in transit again: nobody is told what is known. One that is told later says that the engine looked."""
    late = Late(network, mails, milliseconds=100)
    late.wait_until("open")
    set_cargo(network, late.cargo, "in transit", eta=late.eta)
    late.wait_until("resolved")
    later = Late(network, mails, milliseconds=100)
    later.wait_until("open")
    assert late.status() == "in transit" and len(late.criticals()) == 1
    late.wait_until("resolved")


def test_what_has_arrived_is_not_late(network, mails):
    arrived = Late(network, mails, days=1)
    set_cargo(network, arrived.cargo, "delivered", eta="2020-01-01T00:00:00Z")
    later = Late(network, mails, milliseconds=100)
    later.wait_until("open")
    assert arrived.status() == "delivered" and arrived.criticals() == arrived.alerts() == []


def frozen_before_its_eta(stack, mails):
    """Cargo whose eta is ahead, and the engine, which has it in the log, stopped. A slow machine gets more time."""
    for seconds in (2, 4, 8, 16, 32):
        late = Late(stack, mails, seconds=seconds)
        wait_for(lambda: any(event["data"].get("_id") == late.key for event in read_log(stack.client)), "it is in the log")
        freeze_engine(stack)
        if in_future() < late.eta:
            return late
        stack.thaw("itn-engine-1")
    raise AssertionError("the engine could not be stopped in time")


def test_an_engine_killed_before_it_told(network, mails):
    late = frozen_before_its_eta(network, mails)
    wait_for(lambda: has_passed(late.eta), "the eta has passed", 60)
    assert late.status() == "pending" and late.alerts() == []
    network.wait_restarted("itn-engine-1", network.kill("itn-engine-1"))
    wait_for(lambda: late.status() == "delayed", "it is late", 60)
    late.wait_until("open")
    late.wait_told(1)
    later = Late(network, mails, milliseconds=100)
    later.wait_told(1)
    assert late.tales() == [("cargoUpdated", "pending"), ("cargoUpdated", "delayed"), ("criticalEvent", "delayed")]
    late.wait_told(1)


def test_at_the_end_everything_fits(network):
    """The figures, too."""
    log, alerts = read_log(network.client), ok(network.get("/api/alerts"))
    assert_log_complete(log)
    criticals = {event["id"]: event for event in log if event["event"] == "criticalEvent"}
    for alert in alerts:
        assert criticals[alert["id"]]["kind"] == alert["kind"]
    figures = ok(network.get("/api/stats"))["alerts"]
    assert figures["raised"] == len(criticals)
    assert figures["byStatus"] == {
        status: sum(alert["status"] == status for alert in alerts) for status in ("open", "acknowledged", "resolved")}
    assert_all_fits(network)
