"""Two engines: one is stopped until the other has taken over, then goes on as if nothing had been."""

import os
import signal
import threading
import time

import pytest

from harness.market import Market, in_parallel
from harness.processes import active_engine, freeze, leases_taken, wait_takeover
from harness.watch import Watcher

ROUNDS = {"sqlite": 8, "mongodb": 4}
LEASE_MS = {"sqlite": 300, "mongodb": 1000}


class Traffic:
    """A few clients that trade until the test has seen enough, each no faster than the engine."""

    def __init__(self, market, clients=4):
        self.market = market
        self.enough = threading.Event()
        self.failures = []
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(clients)]

    def run(self, n):
        client = self.market.stack.new_client()
        station = f"Station {n}"
        try:
            while not self.enough.is_set():
                shipment = self.market.create_cargo(station, lines=1)(client)
                for _ in range(4):
                    self.market.create_trade(station)(client)
                self.market.set_cargo(shipment, "delivered", {"Prefer": "wait=10"})(client)
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            client.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        for thread in self.threads:
            thread.join(60)
        assert not self.failures, self.failures


def freeze_active(stack, database):
    """Stops the engine that has the lease: (name, pid, the leases taken until then)."""
    while True:
        name = active_engine(stack)
        pid = freeze(stack, name, database)
        taken = leases_taken(stack)
        if taken[-1][1] == name:
            return name, pid, taken
        os.kill(pid, signal.SIGCONT)


def deliver_everything(market):
    for n in range(4):
        in_parallel(market.stack, 1, [market.create_cargo(f"Station {n}", lines=0)])
    market.wait_all_loaded()
    waiting = [cargo["shipmentId"] for cargo in market.list("/api/cargo") if cargo["status"] != "delivered"]
    in_parallel(market.stack, 8, [market.set_cargo(shipment, "delivered") for shipment in waiting])
    market.wait_all_delivered()


def test_an_engine_stopped_until_another_took_over_does_no_harm(make_stack, store):
    stack = make_stack(store, ITN_ENGINE_PROCESSES=2, ITN_LEASE_MS=LEASE_MS[store])
    stack.up()
    database = stack.folder / "itn.db" if store == "sqlite" else None
    market = Market(stack, insistent=True)
    watcher = Watcher(stack)
    with Traffic(market):
        for _ in range(ROUNDS[store]):
            name, pid, taken = freeze_active(stack, database)
            assert wait_takeover(stack, taken) != name
            seen = watcher.last()
            watcher.wait_seq(seen + 3)
            os.kill(pid, signal.SIGCONT)
            watcher.wait_seq(watcher.last() + 3)
    assert len({name for _, name in leases_taken(stack)}) == 2
    deliver_everything(market)
    log = market.assert_consistent()
    watcher.wait_seq(log[-1]["seq"])
    watcher.close()
    assert watcher.ends == 0
    assert watcher.frames == log


@pytest.mark.parametrize("then", ["continued", "killed"])
def test_sqlite_an_engine_stopped_with_the_write_lock_delays_nobody_for_long(make_stack, then):
    stack = make_stack("sqlite", ITN_LEASE_MS=300)
    stack.up()
    market = Market(stack, insistent=True)
    watcher = Watcher(stack)
    refused = []

    def refused_in_time(client):
        began = time.monotonic()
        answer = client.post("/api/trades", market.trade_body("Station 0"))
        refused.append((answer, time.monotonic() - began))

    with Traffic(market):
        for _ in range(3):
            pid = freeze(stack, active_engine(stack), stack.folder / "itn.db", with_lock=True)
            refused.clear()
            in_parallel(stack, 8, [refused_in_time] * 16)
            assert all(answer.status == 503 and answer.field("Retry-After") for answer, _ in refused), refused
            assert max(seconds for _, seconds in refused) < 2.5
            assert stack.get("/api/cargo").status == 200
            seen = watcher.last()
            os.kill(pid, signal.SIGCONT if then == "continued" else signal.SIGKILL)
            watcher.wait_seq(seen + 3)
    deliver_everything(market)
    log = market.assert_consistent()
    watcher.wait_seq(log[-1]["seq"])
    watcher.close()
    assert watcher.frames == log
