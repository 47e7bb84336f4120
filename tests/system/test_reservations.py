"""Goods that a station sets aside for trades: as clients see it, one after the other and many at once."""

import collections
import itertools
import secrets
import threading
import time
from urllib.parse import quote

import pytest

from conftest import STORES
from harness.audit import assert_all_fits
from harness.market import FAILURES, in_parallel
from harness.mongo import MongoServer
from harness.processes import active_engine
from harness.stack import Stack
from harness.wait import wait_for
from harness.watch import ThoroughWatcher, assert_log_complete, read_log

WAIT = {"Prefer": "wait=10"}
CLIENTS = 32
SHORTAGE, LOW = "Stock shortage detected!", "Low stock detected!"
numbers = itertools.count(1)


@pytest.fixture(scope="module", params=STORES)
def network(request, tmp_path_factory):
    """One running stack for each store: every test has stations of its own."""
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp("reservations") / "stack", store_uri=uri)
    stack.up()
    yield stack
    stack.close()


@pytest.fixture
def station(network):
    return Station(network)


def lines(**items):
    return [{"name": name, "quantity": quantity} for name, quantity in items.items()]


class Station:
    """A station, and the trades that leave it; each goes to a port of its own when none is named."""

    def __init__(self, stack, name=None):
        self.stack = stack
        self.name = name or f"Station {next(numbers)} {secrets.token_hex(4)}"
        self.path = f"/api/inventory/{quote(self.name)}"

    def count(self, **items):
        """A stock-take: tea=7, or tea=(7, 2) with a reorder level."""
        pairs = {name: value if isinstance(value, tuple) else (value,) for name, value in items.items()}
        answer = self.stack.put(self.path, {"items": [
            dict(zip(("name", "quantity", "reorderLevel"), (name, *value))) for name, value in pairs.items()]}, WAIT)
        assert answer.status == 200, answer
        return answer.json()["inventory"]

    def has(self, name="tea"):
        """(on hand, reserved, available) of an item."""
        for item in self.stack.get(self.path).json()["items"]:
            if item["name"] == name:
                return item["quantity"], item["reserved"], item["available"]
        return None

    def trade(self, items, to=None, headers=WAIT):
        answer = self.stack.post("/api/trades", {
            "buyer": f"buyer {next(numbers)}", "buyerEmail": "ada@example.org", "seller": "Bo",
            "sellerEmail": "bo@example.org", "stationId": self.name, "destination": to or f"Port {secrets.token_hex(6)}",
            "items": items}, headers)
        assert answer.status in (201, 202), answer
        return answer.json()

    def moved(self):
        """Its movements as (from, to, item, quantity, trade, shipment); `here` is itself."""
        here = {f"station:{self.name}": "here"}
        return [(here.get(one["from"], one["from"]), here.get(one["to"], one["to"]), one["item"], one["quantity"],
                 one.get("transactionId"), one.get("shipmentId")) for one in self.stack.get(self.path + "/movements").json()]


def show(stack, trade):
    return stack.get(f"/api/trades/{trade['_id']}").json()


def set_trade(stack, trade, status, headers=WAIT):
    return stack.put(f"/api/trades/{trade['_id']}/status", {"status": status}, headers)


def changed(answer):
    assert answer.status == 200, answer
    return answer.json().get("trade") or answer.json()["cargo"]


def a_cargo(stack, to, items=(), **members):
    body = {"shipmentId": f"SH-{next(numbers)} {secrets.token_hex(4)}", "emailId": "dock@example.org", "destination": to,
            "items": list(items), **members}
    answer = stack.post("/api/cargo", body, WAIT)
    assert answer.status == 201, answer
    return answer.json()


def set_cargo(stack, cargo, status):
    return changed(stack.put(f"/api/cargo/{quote(cargo['_id'])}/status", {"status": status}, WAIT))


def deliver(stack, to, **items):
    """Cargo with these goods arrives."""
    return set_cargo(stack, a_cargo(stack, to, lines(**items)), "delivered")


def about(stack, key):
    """The events about a trade or a shipment, or of a station."""
    return [event for event in read_log(stack.client) if key in (event["data"].get("_id"), event["data"].get("stationId"))]


def criticals(stack, key, message):
    return [event for event in about(stack, key) if event.get("message") == message]


def follows(event, cause):
    return event["id"].startswith(cause["id"] + ".")


# Setting aside


def test_what_a_trade_needs_is_set_aside(network, station):
    station.count(tea=10)
    trade = station.trade(lines(tea=4))
    assert (trade["status"], trade["reservedLines"], "holds" in trade) == ("pending", lines(tea=4), False)
    assert station.has() == (10, 4, 6)
    created, told = about(network, trade["_id"])
    assert (created["event"], told["event"], told["data"]) == ("tradeCreate", "tradeUpdated", trade)
    assert "reservedLines" not in created["data"] and follows(told, created)
    inventory = about(network, station.name)[-1]
    assert inventory["event"] == "inventoryUpdated" and follows(inventory, created)
    assert [item["reserved"] for item in inventory["data"]["items"]] == [4]


def test_lines_of_one_name_are_summed_and_untracked_ones_left_out(station):
    station.count(tea=10, iron=0)
    trade = station.trade([*lines(tea=2), *lines(spice=5), *lines(tea=3)])
    assert trade["reservedLines"] == lines(tea=5)
    assert station.has() == (10, 5, 5) and station.has("spice") is None


def test_lines_are_in_the_order_of_first_appearance(station):
    station.count(a=9, b=9, c=9)
    trade = station.trade([*lines(c=1), *lines(a=1), *lines(c=1, b=1)])
    assert trade["reservedLines"] == lines(c=2, a=1, b=1)


def test_a_station_that_tracks_nothing_sets_nothing_aside(network, station):
    to = f"Port {secrets.token_hex(6)}"
    cargo = a_cargo(network, to)
    trade = station.trade(lines(tea=4), to)
    assert (trade["status"], trade["shipmentId"], "reservedLines" in trade) == ("pending", cargo["_id"], False)
    set_cargo(network, cargo, "delivered")
    assert network.get(station.path).status == 404


def test_it_is_all_or_nothing(network, station):
    station.count(tea=10, iron=1)
    trade = station.trade(lines(tea=4, iron=2))
    assert (trade["status"], trade["holds"]) == ("delayed", ["shortage"])
    assert station.has() == (10, 0, 10) and station.has("iron") == (1, 0, 1)


# Shortages


def test_a_shortage_is_told_and_keeps_it_from_loading(network, station):
    station.count(tea=3)
    to = f"Port {secrets.token_hex(6)}"
    a_cargo(network, to)
    trade = station.trade(lines(tea=4), to)
    assert (trade["status"], trade["holds"]) == ("delayed", ["shortage"])
    assert "reservedLines" not in trade and "shipmentId" not in trade
    created, told, critical = about(network, trade["_id"])
    assert (told["event"], told["data"]["status"]) == ("tradeUpdated", "delayed")
    assert (critical["event"], critical["message"]) == ("criticalEvent", SHORTAGE)
    assert critical["data"]["_id"] == trade["_id"] and follows(critical, created) and follows(told, created)


def test_a_short_trade_can_only_be_canceled(network, station):
    station.count(tea=3)
    trade = station.trade(lines(tea=4))
    for status in ("completed", "pending"):
        refused = set_trade(network, trade, status)
        assert refused.status == 409 and "canceled" in refused.json()["detail"], refused
    assert show(network, trade) == trade
    assert changed(set_trade(network, trade, "canceled"))["status"] == "canceled"
    station.count(tea=10)
    assert station.has() == (10, 0, 10)
    assert show(network, trade)["status"] == "canceled"


def test_a_trade_that_is_short_and_large(network, station):
    """It is delayed from the beginning: only why changes."""
    station.count(tea=3)
    trade = station.trade(lines(tea=4, a=1, b=1, c=1, d=1, e=1))
    assert (trade["status"], trade["holds"]) == ("delayed", ["size", "shortage"])
    assert len(criticals(network, trade["_id"], SHORTAGE)) == 1
    station.count(tea=4)
    wait_for(lambda: "reservedLines" in show(network, trade), "it is enough")
    trade = show(network, trade)
    assert (trade["status"], trade["holds"], trade["reservedLines"]) == ("delayed", ["size"], lines(tea=4))


# When there is more


@pytest.mark.parametrize("way", ["delivery", "stock-take"])
def test_who_waits_longest_gets_it_first(network, station, way):
    """(5, 3, 2) wait: 4 is enough for the second, 2 more for the third, the first gets the next 5."""
    station.count(tea=0)
    first, second, third = (station.trade(lines(tea=quantity)) for quantity in (5, 3, 2))

    def add(quantity):
        if way == "delivery":
            deliver(network, station.name, tea=quantity)
        else:
            station.count(tea=station.has()[0] + quantity)

    def having():
        return [len(show(network, trade).get("reservedLines", [])) for trade in (first, second, third)]
    assert having() == [0, 0, 0]
    add(4)
    wait_for(lambda: having() == [0, 1, 0], "the one that fits has it")
    assert station.has() == (4, 3, 1)
    add(1)
    wait_for(lambda: having() == [0, 1, 1], "so has the next")
    add(5)
    wait_for(lambda: having() == [1, 1, 1], "all have it")
    assert station.has() == (10, 10, 0)
    assert [show(network, trade)["status"] for trade in (first, second, third)] == ["pending"] * 3


def test_the_oldest_is_first_when_it_fits(network, station):
    station.count(tea=0)
    trades = [station.trade(lines(tea=2)) for _ in range(4)]
    deliver(network, station.name, tea=5)
    wait_for(lambda: station.has() == (5, 4, 1), "two have it")
    assert ["reservedLines" in show(network, trade) for trade in trades] == [True, True, False, False]


def test_it_is_loaded_then(network, station):
    station.count(tea=0)
    to = f"Port {secrets.token_hex(6)}"
    cargo = a_cargo(network, to)
    trade = station.trade(lines(tea=2, spice=1), to)
    taken = deliver(network, station.name, tea=2)
    wait_for(lambda: show(network, trade).get("shipmentId") == cargo["_id"], "it is on board")
    trade = show(network, trade)
    assert (trade["status"], trade["reservedLines"], "holds" in trade) == ("pending", lines(tea=2), False)
    assert network.get(f"/api/cargo/{quote(cargo['_id'])}").json()["items"] == lines(tea=2, spice=1)
    assert taken["status"] == "delivered"
    events = about(network, trade["_id"])
    assert [event["data"]["status"] for event in events if event["event"] == "tradeUpdated"][:2] == ["delayed", "pending"]
    assert_log_complete(read_log(network.client))


def test_a_cancellation_is_for_those_that_wait(network, station):
    station.count(tea=5)
    first, second = station.trade(lines(tea=4)), station.trade(lines(tea=3))
    assert second["holds"] == ["shortage"]
    canceled = changed(set_trade(network, first, "canceled"))
    assert "reservedLines" not in show(network, canceled)
    wait_for(lambda: station.has() == (5, 3, 2), "the other has it")
    assert show(network, second)["reservedLines"] == lines(tea=3)


# What becomes of it


def test_a_canceled_trade_leaves_its_cargo(network, station):
    station.count(tea=5)
    to = f"Port {secrets.token_hex(6)}"
    cargo = a_cargo(network, to)
    trade = station.trade(lines(tea=4), to)
    assert (trade["shipmentId"], trade["reservedLines"]) == (cargo["_id"], lines(tea=4))
    changed(set_trade(network, trade, "canceled"))
    assert station.has() == (5, 0, 5)
    left = network.get(f"/api/cargo/{quote(cargo['_id'])}").json()
    assert (left["items"], left["tradeCount"]) == ([], 0)
    assert "reservedLines" not in show(network, trade)


def test_a_trade_that_is_completed_by_hand_takes_its_goods_along(network, station):
    station.count(tea=10)
    to = f"Port {secrets.token_hex(6)}"
    cargo = a_cargo(network, to)
    trade = station.trade(lines(tea=4, spice=2), to)
    assert changed(set_trade(network, trade, "completed"))["status"] == "completed"
    assert station.has() == (6, 0, 6)
    assert "reservedLines" not in show(network, trade) and "shipmentId" not in show(network, trade)
    assert network.get(f"/api/cargo/{quote(cargo['_id'])}").json()["tradeCount"] == 0
    assert station.moved() == [("external", "here", "tea", 10, None, None), ("here", "external", "tea", 4, trade["_id"], None)]
    set_cargo(network, cargo, "delivered")
    assert network.get(Station(network, to).path).status == 404, "nothing of it was on board"


@pytest.mark.parametrize("way", [["in transit", "delivered"], ["delivered"]], ids="-".join)
def test_a_departure_takes_what_is_set_aside(network, station, way):
    station.count(tea=10)
    port = Station(network, f"Port {secrets.token_hex(6)}")
    first, second = (station.trade(lines(tea=quantity, spice=5), port.name) for quantity in (4, 3))
    cargo = a_cargo(network, port.name, lines(water=2, tea=1))
    for status in way:
        if status == "delivered" and len(way) > 1:
            incoming = {item["name"]: item["incoming"] for item in network.get(port.path).json()["items"]}
            assert incoming == {"tea": 8, "spice": 10, "water": 2}
            assert station.has() == (3, 0, 3)
        set_cargo(network, cargo, status)
    assert station.has() == (3, 0, 3)
    transit = f"transit:{cargo['_id']}"
    assert station.moved() == [("external", "here", "tea", 10, None, None),
                               ("here", transit, "tea", 4, first["_id"], cargo["_id"]),
                               ("here", transit, "tea", 3, second["_id"], cargo["_id"])]
    assert (port.has(), port.has("spice"), port.has("water")) == ((8, 0, 8), (10, 0, 10), (2, 0, 2))
    assert show(network, first)["reservedLines"] == lines(tea=4), "what the station gave"
    assert [show(network, trade)["status"] for trade in (first, second)] == ["completed"] * 2


def test_a_station_that_delivers_to_itself(network, station):
    station.count(tea=10)
    trade = station.trade(lines(tea=4), station.name)
    cargo = a_cargo(network, station.name)
    set_cargo(network, cargo, "delivered")
    assert station.has() == (10, 0, 10)
    assert show(network, trade)["status"] == "completed"


def test_what_is_under_way_stays_so_when_it_is_canceled(network, station):
    station.count(tea=10)
    port = Station(network, f"Port {secrets.token_hex(6)}")
    trade = station.trade(lines(tea=4), port.name)
    cargo = a_cargo(network, port.name)
    set_cargo(network, cargo, "in transit")
    changed(set_trade(network, trade, "canceled"))
    assert station.has() == (6, 0, 6)
    set_cargo(network, cargo, "delivered")
    assert port.has() == (4, 0, 4) and station.has() == (6, 0, 6)


# Stock-takes


def test_a_count_below_what_is_set_aside_releases_the_youngest(network, station):
    station.count(tea=10, iron=10)
    to = f"Port {secrets.token_hex(6)}"
    cargo = a_cargo(network, to)
    first, second, third = station.trade(lines(tea=4), to), station.trade(lines(tea=3, iron=2), to), station.trade(lines(tea=3), to)
    iron = station.trade(lines(iron=8))
    station.count(tea=6)
    assert station.has() == (6, 4, 2) and station.has("iron") == (10, 8, 2)
    assert [show(network, trade).get("holds") for trade in (first, second, third, iron)] == [None, ["shortage"], ["shortage"], None]
    for trade in (second, third):
        trade = show(network, trade)
        assert trade["status"] == "delayed" and "reservedLines" not in trade and "shipmentId" not in trade
        taken = next(event for event in reversed(about(network, station.name)) if event["event"] == "stockTaken")
        assert [follows(event, taken) for event in criticals(network, trade["_id"], SHORTAGE)] == [True]
    assert network.get(f"/api/cargo/{quote(cargo['_id'])}").json()["items"] == lines(tea=4)
    station.count(tea=10)
    wait_for(lambda: station.has() == (10, 10, 0), "they have it again")
    wait_for(lambda: all(show(network, trade).get("shipmentId") == cargo["_id"] for trade in (second, third)), "they are on board again")
    assert station.has("iron") == (10, 10, 0)


def test_a_count_of_nothing(network, station):
    station.count(tea=10)
    trades = [station.trade(lines(tea=2)) for _ in range(5)]
    station.count(tea=0)
    assert station.has() == (0, 0, 0)
    assert all(show(network, trade)["holds"] == ["shortage"] for trade in trades)


def test_departures_before_a_count_have_left_before_it(network, station):
    station.count(tea=10)
    port = Station(network, f"Port {secrets.token_hex(6)}")
    station.trade(lines(tea=4), port.name)
    cargo = a_cargo(network, port.name)
    network.put(f"/api/cargo/{quote(cargo['_id'])}/status", {"status": "in transit"})
    station.count(tea=10)
    assert station.has() == (10, 0, 10)
    assert [move[:4] for move in station.moved()] == [
        ("external", "here", "tea", 10), ("here", f"transit:{cargo['_id']}", "tea", 4), ("external", "here", "tea", 4)]


# Low stock


def test_low_stock_is_told_once_until_there_is_enough(network, station):
    station.count(tea=(10, 5))
    trades = [station.trade(lines(tea=quantity)) for quantity in (5, 1, 1)]
    [low] = criticals(network, station.name, LOW)
    assert low["event"] == "criticalEvent"
    item = {"name": "tea", "quantity": 10, "reserved": 6, "available": 4, "incoming": 0, "reorderLevel": 5, "version": 3}
    assert low["data"] == {"stationId": station.name, **item}
    changed(set_trade(network, trades[1], "canceled"))
    changed(set_trade(network, trades[2], "canceled"))
    assert station.has() == (10, 5, 5)
    station.trade(lines(tea=2))
    assert [event["data"]["available"] for event in criticals(network, station.name, LOW)] == [4, 3]


def test_a_count_may_find_it_low(network, station):
    station.count(tea=(3, 5))
    station.count(tea=2)
    assert [event["data"]["available"] for event in criticals(network, station.name, LOW)] == [3]
    station.count(tea=(2, 1))
    station.count(tea=(2, 3))
    assert [event["data"]["reorderLevel"] for event in criticals(network, station.name, LOW)] == [5, 3]


# Right after the creation


@pytest.mark.parametrize("headers", [{}, {"If-Match": '"1"'}, {"If-Match": "*"}], ids=["", "If-Match", "any"])
def test_a_short_trade_is_never_completed_however_fast(network, station, headers):
    station.count(tea=3)
    for _ in range(20):
        trade = station.trade(lines(tea=4), headers=None)
        refused = set_trade(network, trade, "completed", headers)
        assert refused.status == (412 if headers == {"If-Match": '"1"'} else 409), refused
        assert show(network, trade)["holds"] == ["shortage"]


def test_a_trade_that_has_its_goods_is_completed_however_fast(network, station):
    station.count(tea=40)
    for n in range(20):
        trade = station.trade(lines(tea=2), headers=None)
        assert changed(set_trade(network, trade, "completed", {}))["status"] == "completed"
    wait_for(lambda: station.has() == (0, 0, 0), "all of it has left")


# Many at once


def how_many(stack, trades):
    """The stand-in for MongoDB is slow."""
    return trades if "ITN_NETWORK" not in stack.settings or MongoServer.program() else trades // 4


class Rush:
    """32 clients that buy, cancel, complete, count and ship at a few stations, and one that looks at them all the time."""

    def __init__(self, stack, insistent=False):
        self.stack, self.insistent = stack, insistent
        self.stations = [Station(stack) for _ in range(3)]
        self.ports = [f"Port {secrets.token_hex(6)}" for _ in range(3)]
        self.enough, self.answered, self.seen, self.failure = threading.Event(), 0, 0, None
        self.watching = threading.Thread(target=self.watch, daemon=True)
        for station in self.stations:
            station.count(tea=60, iron=40)

    def ask(self, client, method, path, body, expected=(200, 201, 202, 409)):
        """With one key until it is answered: there may be no place to wait for the engine, or it is slow, or they die."""
        headers, end = {"Idempotency-Key": secrets.token_hex(8)}, time.monotonic() + 120
        while True:
            answer = self.try_once(client, method, path, body, headers)
            if answer and answer.status < 500 and not self.is_under_way(answer):
                break
            assert self.insistent or answer.status in (409, 503), answer
            assert time.monotonic() < end, f"{method} {path}: {answer}"
            time.sleep(0.05)
        assert answer.status in expected, answer
        self.answered += 1
        return answer

    def try_once(self, client, *request):
        """The answer; None when there is none because a process died."""
        try:
            return client.request(*request)
        except FAILURES:
            if not self.insistent:
                raise
            return None

    @staticmethod
    def is_under_way(answer):
        return answer.status == 409 and answer.json()["type"] == "/problems/idempotency-pending"

    def buy(self, n):
        station, to = self.stations[n % 3], self.ports[n // 3 % 3]
        body = {"buyer": f"buyer {next(numbers)}", "buyerEmail": "ada@example.org", "seller": "Bo",
                "sellerEmail": "bo@example.org", "stationId": station.name, "destination": to,
                "items": [*lines(tea=1 + n % 5), *(lines(iron=1 + n % 3) if n % 2 else [])]}

        def task(client):
            trade = self.ask(client, "POST", "/api/trades", body).json()
            if n % 7 in (1, 2):
                status = "canceled" if n % 7 == 1 else "completed"
                self.ask(client, "PUT", f"/api/trades/{trade['_id']}/status", {"status": status})
        return task

    def ship(self, n):
        body = {"shipmentId": f"R-{next(numbers)} {secrets.token_hex(4)}", "emailId": "dock@example.org",
                "destination": self.ports[n % 3], "items": [], "capacity": 30}

        def task(client):
            self.ask(client, "POST", "/api/cargo", body)
            path = f"/api/cargo/{quote(body['shipmentId'])}/status"
            for status in (["in transit", "delivered"] if n % 2 else ["in transit"]):
                self.ask(client, "PUT", path, {"status": status})
        return task

    def count(self, n):
        station = self.stations[n % 3]
        return lambda client: self.ask(client, "PUT", station.path, {"items": lines(tea=20 + n * 7 % 60)}, (200, 202))

    def watch(self):
        """What a station set aside is there, at every moment that anybody sees."""
        client = self.stack.new_client()
        try:
            while not self.enough.is_set():
                for station in self.stations:
                    answer = self.try_once(client, "GET", station.path)
                    assert self.insistent or answer.status == 200, answer
                    for item in answer.json()["items"] if answer and answer.status == 200 else []:
                        assert 0 <= item["reserved"] <= item["quantity"], item
                        assert item["available"] == item["quantity"] - item["reserved"], item
                        self.seen += 1
        except BaseException as failure:
            self.failure = failure
        finally:
            client.close()

    def run(self, trades):
        tasks = [self.buy(n) for n in range(trades)]
        tasks += [self.ship(n) for n in range(trades // 20)] + [self.count(n) for n in range(trades // 20)]
        self.watching.start()
        try:
            in_parallel(self.stack, CLIENTS, [tasks[n * 7919 % len(tasks)] for n in range(len(tasks))], 300)
        finally:
            self.enough.set()
            self.watching.join(60)
        assert self.failure is None, self.failure
        assert self.seen > 20

    # At rest

    def trades(self):
        return [trade for station in self.stations
                for trade in self.stack.get(f"/api/trades?stationId={quote(station.name)}").json()]

    def is_at_rest(self):
        """Nobody short whom there is enough for; what is set aside is what the trades have."""
        return self.reserved() == self.set_aside() and not [trade for trade in self.trades() if self.would_fit(trade)]

    def available(self):
        return {(station.name, item["name"]): item["available"] for station in self.stations
                for item in self.stack.get(station.path).json()["items"]}

    def would_fit(self, trade):
        wanted = collections.Counter()
        for line in trade["items"]:
            wanted[trade["stationId"], line["name"]] += line["quantity"]
        available = self.available()
        return "shortage" in trade.get("holds", []) and all(available[key] >= needed for key, needed in wanted.items())

    def reserved(self):
        return {(station.name, item["name"]): item["reserved"] for station in self.stations
                for item in self.stack.get(station.path).json()["items"] if item["reserved"]}

    def set_aside(self):
        departed = {cargo["_id"] for cargo in self.stack.get("/api/cargo").json() if "departedAt" in cargo}
        found = collections.Counter()
        for trade in self.trades():
            if trade.get("shipmentId") not in departed:
                for line in trade.get("reservedLines", []):
                    found[trade["stationId"], line["name"]] += line["quantity"]
        return dict(found)

    def assert_consistent(self, log):
        wait_for(self.is_at_rest, "what is set aside is what the trades have", 60, pause=0.5)
        assert_log_complete(log)
        names = {station.name for station in self.stations}
        for event in log:
            if event["event"] == "inventoryUpdated" and event["data"]["_id"] in names:
                for item in event["data"]["items"]:
                    assert 0 <= item["reserved"] <= item["quantity"], event
        for trade in self.trades():
            assert not ("shortage" in trade.get("holds", []) and ("reservedLines" in trade or "shipmentId" in trade)), trade
        for station in self.stations:
            self.assert_movements_add_up(station)
        assert_all_fits(self.stack)

    def assert_movements_add_up(self, station):
        balance = collections.Counter()
        for source, to, item, quantity, *_ in station.moved():
            balance[item] += quantity if to == "here" else -quantity
            assert balance[item] >= 0, "more has left than was there"
        assert dict(balance) == {item["name"]: item["quantity"] for item in self.stack.get(station.path).json()["items"]}


def test_nothing_is_promised_twice(network):
    rush = Rush(network)
    watcher = ThoroughWatcher(network, read_log(network.client)[-1]["seq"])
    rush.run(how_many(network, 240))
    rush.assert_consistent(read_log(network.client))
    short = [event for event in read_log(network.client) if event.get("message") == SHORTAGE]
    assert short, "there was never too little"
    watcher.wait_seq(read_log(network.client)[-1]["seq"])
    watcher.close()
    for frame in watcher.frames:
        for item in frame["data"]["items"] if frame["event"] == "inventoryUpdated" else []:
            assert item["reserved"] <= item["quantity"], frame


def test_nothing_is_promised_twice_while_processes_die(make_stack, store):
    stack = make_stack(store, ITN_ENGINE_PROCESSES=2, ITN_LEASE_MS=500)
    stack.up()
    rush = Rush(stack, insistent=True)
    failures, trades = [], how_many(stack, 400)

    def run():
        try:
            rush.run(trades)
        except BaseException as failure:
            failures.append(failure)
    rushing = threading.Thread(target=run, daemon=True)
    rushing.start()
    victims = [lambda: active_engine(stack), lambda: "itn-api-1", lambda: active_engine(stack), lambda: "itn-api-2"]
    for part, victim in zip([0.15, 0.35, 0.6, 0.8], victims):
        wait_for(lambda: failures or rush.answered >= part * trades, f"{part:.0%} of the answers", 120)
        name = victim()
        stack.wait_restarted(name, stack.kill(name))
    rushing.join(360)
    assert not failures, failures
    stack.wait_ready(60)
    rush.assert_consistent(read_log(stack.client))
