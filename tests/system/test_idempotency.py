"""Clients that send each write with an Idempotency-Key until they are told what became of it, while processes are killed."""

import collections
import http.client
import random
import secrets
import threading
import time

import pytest

from harness.audit import assert_all_fits
from harness.mongo import MongoServer
from harness.wait import wait_for
from harness.watch import assert_log_complete, read_log

CLIENTS = 8
KILLS = {"sqlite": 10, "mongodb": 6}
FAILURES = (OSError, http.client.HTTPException, EOFError)


class Insistent:
    """One client with writes of its own, one after the other; `answers` has what each key was told, in the end."""

    def __init__(self, stack, number):
        self.client = stack.new_client(timeout=20)
        self.random = random.Random(number)
        self.number, self.count = number, 0
        self.answers, self.tries = {}, collections.Counter()

    def until_told(self, method, path, body):
        """The answer that the store stands by, after as many tries as it takes; sometimes once more."""
        key = secrets.token_hex(8)
        end = time.monotonic() + 90
        while True:
            answer = self.try_once(method, path, body, key)
            if answer and answer.status != 409 and answer.status < 500:
                break
            assert answer is None or answer.status != 500, answer
            if answer and answer.status == 409:
                assert answer.json()["type"] == "/problems/idempotency-pending", answer
            assert time.monotonic() < end, f"{method} {path} was not answered: {answer}"
            time.sleep(0.05)
        self.answers[key] = method, path, body, answer.status, answer.body
        return answer

    def try_once(self, method, path, body, key):
        try:
            answer = self.client.request(method, path, body, {"Idempotency-Key": key})
        except FAILURES:
            self.tries["without an answer"] += 1
            return None
        self.tries[answer.status] += 1
        return answer

    def work(self):
        """A trade that is delayed, taken up again and canceled; a shipment that goes somewhere; a stock-take."""
        self.count += 1
        name = f"{self.number} {self.count}"
        body = {"buyer": f"Buyer {name}", "buyerEmail": "a@example.org", "seller": "Bo", "sellerEmail": "b@example.org",
                "items": [{"name": "tea", "quantity": 1}], "destination": f"Nowhere {name}"}
        trade = self.until_told("POST", "/api/trades", body)
        assert trade.status == 201, trade
        path = f"/api/trades/{trade.json()['_id']}/status"
        for status in ("delayed", "pending", "canceled"):
            changed = self.until_told("PUT", path, {"status": status})
            assert changed.status == 200, changed
        cargo = self.until_told("POST", "/api/cargo", {"shipmentId": f"S {name}", "emailId": "o@example.org", "items": [],
                                                       "destination": f"Elsewhere {name}"})
        assert cargo.status == 201, cargo
        moved = self.until_told("PATCH", f"/api/cargo/S%20{name.replace(' ', '%20')}/status", {"status": "in transit"})
        assert moved.status == 200, moved
        counted = self.until_told("PUT", f"/api/inventory/Depot%20{name.replace(' ', '%20')}",
                                  {"items": [{"name": "tea", "quantity": self.count}]})
        assert counted.status in (200, 202), counted


class Crowd:
    """CLIENTS of them at work until it is enough."""

    def __init__(self, stack):
        self.stack = stack
        self.clients = [Insistent(stack, number) for number in range(CLIENTS)]
        self.enough, self.failures = threading.Event(), []
        self.threads = [threading.Thread(target=self.run, args=(client,), daemon=True) for client in self.clients]

    def run(self, client):
        try:
            while not self.enough.is_set():
                client.work()
        except BaseException as failure:
            self.failures.append(failure)

    def told(self):
        return sum(len(client.answers) for client in self.clients)

    def wait_told(self, more):
        """Until so many more writes were answered for good."""
        until = self.told() + more
        wait_for(lambda: self.failures or self.told() >= until, f"{more} more writes are answered", 120)
        assert not self.failures, self.failures

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        for thread in self.threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self.threads)
        assert not self.failures, self.failures

    def tries(self):
        return sum((client.tries for client in self.clients), collections.Counter())


def logged(stack):
    return collections.Counter(event["event"] for event in read_log(stack.client))


def assert_each_once(stack, crowd):
    """Every write had one effect, and its answer stays."""
    works = sum(client.count for client in crowd.clients)
    expected = {"trades": {f"Buyer {client.number} {n + 1}" for client in crowd.clients for n in range(client.count)},
                "cargo": {f"S {client.number} {n + 1}" for client in crowd.clients for n in range(client.count)}}
    trades, cargo = stack.get("/api/trades").json(), stack.get("/api/cargo").json()
    assert len(trades) == len(cargo) == works
    assert {one["buyer"] for one in trades} == expected["trades"]
    assert {one["shipmentId"] for one in cargo} == expected["cargo"]
    writes = {"tradeCreate": works, "tradeUpdated": 3 * works, "cargoUpdated": 2 * works, "stockTaken": works}
    wait_for(lambda: writes.items() <= logged(stack).items(), "all is in the log", 60, pause=0.3)
    log = read_log(stack.client)
    assert_log_complete(log)
    versions = collections.defaultdict(list)
    for event in log:
        if event["event"] in ("tradeCreate", "tradeUpdated", "cargoUpdated"):
            versions[event["data"]["_id"]].append((event["data"]["version"], event["data"]["status"]))
    counted = collections.Counter(event["data"]["stationId"] for event in log if event["event"] == "stockTaken")
    assert counted == {f"Depot {client.number} {n + 1}": 1 for client in crowd.clients for n in range(client.count)}
    for one in trades:
        assert versions[one["_id"]] == [(1, "pending"), (2, "delayed"), (3, "pending"), (4, "canceled")], one
    for one in cargo:
        assert versions[one["_id"]] == [(1, "pending"), (2, "in transit")], one
    assert_all_fits(stack)
    for client in crowd.clients:
        for key, (method, path, body, status, first) in client.random.sample(sorted(client.answers.items()), min(10, len(client.answers))):
            again = stack.request(method, path, body, {"Idempotency-Key": key})
            assert (again.status, again.body) == (status, first), key


def kill_by_turns(stack, crowd, names, kills):
    for n in range(kills):
        crowd.wait_told(CLIENTS * 4)
        old = stack.kill(names[n % len(names)])
        stack.wait_restarted(names[n % len(names)], old)


def test_killed_workers_and_engines_do_everything_once(make_stack, store):
    stack = make_stack(store, ITN_LEASE_MS=500)
    stack.up()
    with Crowd(stack) as crowd:
        kill_by_turns(stack, crowd, ["itn-api-1", "itn-api-2", "itn-engine-1"], KILLS[store])
    tries = crowd.tries()
    assert tries["without an answer"] + tries[502] > 0, "no request met its worker's death"
    assert_each_once(stack, crowd)


@pytest.mark.parametrize("away, back", [
    pytest.param(MongoServer.kill, MongoServer.start, id="killed"),
    pytest.param(MongoServer.freeze, MongoServer.thaw, id="stopped"),
])
def test_a_store_that_is_away_does_everything_once(make_stack, tmp_path, away, back):
    with MongoServer(tmp_path) as server:
        stack = make_stack(ITN_STORE=server.uri)
        stack.up()
        with Crowd(stack) as crowd:
            for _ in range(2):
                crowd.wait_told(CLIENTS * 4)
                away(server)
                wait_for(lambda: stack.get("/readyz").status == 503, "not ready")
                back(server)
                stack.wait_ready(60)
            crowd.wait_told(CLIENTS * 4)
        assert crowd.tries()[503] > 0
        assert_each_once(stack, crowd)
        stack.down()


def test_everything_dies_at_once(make_stack, store):
    """What was answered before is answered the same afterwards."""
    stack = make_stack(store)
    stack.up()
    with Crowd(stack) as crowd:
        crowd.wait_told(CLIENTS * 4)
    pids = stack.pids()
    for name in pids:
        if name.startswith("itn-"):
            stack.kill(name)
    for name, pid in pids.items():
        if name.startswith("itn-"):
            stack.wait_restarted(name, pid)
    stack.wait_ready(60)
    assert_each_once(stack, crowd)
