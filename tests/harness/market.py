"""Many clients at once, what they were promised, and what the stores must then show."""

import collections
import http.client
import itertools
import queue
import random
import secrets
import threading
import time
from urllib.parse import quote

from harness.audit import assert_all_fits
from harness.wait import wait_for
from harness.watch import assert_log_complete, read_log

FAILURES = (OSError, http.client.HTTPException, EOFError)
ITEMS = ["Dilithium", "Latinum", "Tea", "Plasma.Conduit", "$tem bolts", "Ünobtainium"]


def in_parallel(stack, count, tasks, seconds=120):
    """Does the tasks, functions of a client, by `count` clients at once, each with a connection of its own. The first
    exception of any of them is raised. Returns their results in the order of the tasks."""
    work = queue.SimpleQueue()
    for numbered in enumerate(tasks):
        work.put(numbered)
    results, failures = {}, []

    def run():
        client = stack.new_client()
        try:
            while not failures:
                try:
                    n, task = work.get_nowait()
                except queue.Empty:
                    return
                results[n] = task(client)
        except BaseException as failure:
            failures.append(failure)
        finally:
            client.close()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    end = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.1, end - time.monotonic()))
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads), "clients are still waiting for answers"
    return [results[n] for n in sorted(results)]


class Market:
    """Trades and cargo of one test. With `insistent` a client asks again when it was not told the outcome (a process
    was killed, the store was away); else anything but the promised answer fails the test.

    trades  {buyer: (transactionId, body)}   every buyer buys once, so that a client knows its trade again
    cargo   {shipmentId: body}
    """

    def __init__(self, stack, insistent=False, seed=1):
        self.stack = stack
        self.insistent = insistent
        self.random = random.Random(seed)
        self.numbers = itertools.count(1)
        self.trades, self.cargo = {}, {}
        self.answers = collections.Counter()

    # What clients send

    def items(self, count):
        names = ITEMS + [f"part {n}" for n in range(count)]
        return [{"name": name, "quantity": self.random.randint(1, 9)} for name in names[:count]]

    def trade_body(self, destination, lines=None):
        return {"buyer": f"buyer {next(self.numbers)}", "buyerEmail": "ada@example.org", "seller": "Bo",
                "sellerEmail": "bo@example.org", "destination": destination,
                "items": self.items(lines or self.random.choice([1, 1, 2, 3, 6]))}

    def cargo_body(self, destination, lines=None):
        return {"shipmentId": f"S{next(self.numbers)}", "emailId": "dock@example.org", "destination": destination,
                "items": self.items(self.random.choice([0, 1, 2, 11]) if lines is None else lines)}

    # Requests

    def ask(self, client, method, path, body=None, headers=None, seconds=60):
        """The answer; an insistent client asks again on a failure that is nobody's fault, but with a POST that has no key."""
        end = time.monotonic() + seconds
        while True:
            try:
                answer = client.request(method, path, body, headers)
                self.answers[answer.status] += 1
                if answer.status < 500 or not self.insistent:
                    return answer
            except FAILURES:
                if not self.insistent:
                    raise
                self.answers["no answer"] += 1
                answer = None
            assert time.monotonic() < end, f"{method} {path}: {answer}"
            if method == "POST" and headers is None:
                return answer
            time.sleep(0.02)

    def create_trade(self, destination, lines=None, body=None):
        body = body or self.trade_body(destination, lines)

        # Who can't be sure of an answer sends a key, and the same again until there is one.
        headers = {"Idempotency-Key": f'"{secrets.token_hex(12)}"'} if self.insistent else None

        def task(client):
            answer = self.ask(client, "POST", "/api/trades", body, headers)
            assert answer.status == 201, answer
            trade = answer.json()
            self.trades[body["buyer"]] = trade["transactionId"], body
            return trade["transactionId"]
        return task

    def create_cargo(self, destination, then=(), lines=None, body=None):
        body = body or self.cargo_body(destination, lines)
        path = f"/api/cargo/{quote(body['shipmentId'])}/status"

        def task(client):
            again = False
            while True:
                answer = self.ask(client, "POST", "/api/cargo", body)
                if answer is not None and (answer.status == 201 or again and answer.status == 409):
                    break
                assert self.insistent and (answer is None or answer.status >= 500), answer
                again = True
            self.cargo[body["shipmentId"]] = body
            for status in then:
                self.set_status(client, path, status)
            return body["shipmentId"]
        return task

    def set_cargo(self, shipment, status, headers=None):
        return lambda client: self.set_status(client, f"/api/cargo/{quote(shipment)}/status", status, headers)

    def cancel_trade(self, destination):
        create = self.create_trade(destination)

        def task(client):
            trade = create(client)
            answer = self.ask(client, "PUT", f"/api/trades/{trade}/status", {"status": "canceled"})
            assert answer.status in (200, 202, 409), answer
            return trade
        return task

    def set_status(self, client, path, status, headers=None):
        answer = self.ask(client, "PUT", path, {"status": status}, headers)
        assert answer.status in (200, 202), answer

    # What must be

    def list(self, path):
        """A list as any client gets it, once the store answers."""
        answer = self.ask(self.stack.client, "GET", path)
        assert answer.status == 200, answer
        return answer.json()

    def shipments_of(self, trades):
        return {trade["transactionId"]: trade.get("shipmentId") for trade in trades}

    def wait_all_loaded(self, seconds=90):
        wait_for(lambda: all(trade.get("shipmentId") for trade in self.list("/api/trades")
                             if trade["status"] in ("pending", "delayed")), "every open trade is on cargo",
                 seconds, pause=0.2)

    def wait_all_delivered(self, seconds=90):
        wait_for(lambda: all(cargo["status"] == "delivered" for cargo in self.list("/api/cargo")) and
                 not any(trade["status"] in ("pending", "delayed") for trade in self.list("/api/trades")) and
                 self.inventory() == self.delivered(), "everything is delivered", seconds, pause=0.2)

    def wait_all_logged(self, seconds=30):
        """What a client changed is in the lists at once, in the log a little later."""
        def versions(documents):
            return {document["_id"]: document["version"] for document in documents}

        def logged():
            told = versions(event["data"] for event in read_log(self.stack.client)
                            if event["event"] in ("tradeCreate", "tradeUpdated", "cargoUpdated"))
            return told == versions(self.list("/api/trades") + self.list("/api/cargo"))
        wait_for(logged, "the log tells the lists' state", seconds, pause=0.2)

    def inventory(self):
        return {(station["stationId"], item["name"]): item["quantity"]
                for station in self.list("/api/inventory") for item in station["items"] if item["quantity"]}

    def delivered(self):
        """What must be on hand by what clients sent: own lines of delivered cargo, and trades that it took along."""
        stock = collections.Counter()
        cargo = {cargo["shipmentId"]: cargo for cargo in self.list("/api/cargo") if cargo["status"] == "delivered"}
        for shipment in cargo:
            body = self.cargo[shipment]
            for item in body["items"]:
                stock[body["destination"], item["name"]] += item["quantity"]
        shipments = self.shipments_of(self.list("/api/trades"))
        for trade, body in self.trades.values():
            if shipments[trade] in cargo:
                for item in body["items"]:
                    stock[body["destination"], item["name"]] += item["quantity"]
        return dict(stock)

    def assert_consistent(self):
        """The lists hold exactly what was promised, the inventory what was delivered, the log tells all of it; an
        audit has nothing to add."""
        self.wait_all_logged()
        trades, cargo = self.list("/api/trades"), self.list("/api/cargo")
        assert sorted(trade["transactionId"] for trade in trades) == sorted(trade for trade, _ in self.trades.values())
        assert sorted(entry["shipmentId"] for entry in cargo) == sorted(self.cargo)
        self.assert_manifests(trades, cargo)
        assert self.inventory() == self.delivered()
        closed = {entry["shipmentId"] for entry in cargo if entry["status"] == "delivered"}
        assert [trade for trade in trades if trade.get("shipmentId") in closed and
                trade["status"] in ("pending", "delayed")] == []
        assert_all_fits(self.stack)
        return self.assert_log(trades, cargo)

    def assert_manifests(self, trades, cargo):
        bodies = dict(self.trades.values())
        for entry in cargo:
            lines = collections.Counter()
            aboard = [trade for trade in trades if trade.get("shipmentId") == entry["shipmentId"]]
            for body in [self.cargo[entry["shipmentId"]], *(bodies[trade["transactionId"]] for trade in aboard)]:
                assert body["destination"] == entry["destination"]
                for item in body["items"]:
                    lines[item["name"]] += item["quantity"]
            assert {item["name"]: item["quantity"] for item in entry["items"]} == lines, entry["shipmentId"]
            assert entry["tradeCount"] == len(aboard)

    def assert_log(self, trades, cargo):
        """Returns the log, which ends in the state that the lists show."""
        events = read_log(self.stack.client)
        assert_log_complete(events)
        state = {}
        created = collections.Counter()
        stock = {}
        for event in events:
            data = event["data"]
            if event["event"] == "inventoryUpdated":
                stock.update({(data["stationId"], item["name"]): item["quantity"] for item in data["items"]})
            elif event["event"] in ("tradeCreate", "tradeUpdated", "cargoUpdated"):
                state[data["_id"]] = data
                created[data["_id"]] += event["event"] == "tradeCreate"
        assert {trade["_id"]: trade for trade in trades} | {entry["_id"]: entry for entry in cargo} == state
        assert all(created[trade["_id"]] == 1 for trade in trades)
        assert {key: quantity for key, quantity in stock.items() if quantity} == self.inventory()
        return events
