"""The MongoDB server is gone or does not answer: 503 in time at any load, and all is well by itself once it is back."""

import time

import pytest

from harness.market import Market, in_parallel
from harness.mongo import MongoServer
from harness.wait import wait_for
from harness.watch import Watcher

CLIENTS = 64
STATION = "Starbase 1"


@pytest.fixture
def server(tmp_path):
    with MongoServer(tmp_path) as server:
        yield server


class Refusals:
    """Requests while the store is away."""

    def __init__(self, market):
        self.market = market
        self.seconds = []
        self.wrong = []
        self.writes = []

    def __call__(self, client):
        body = self.market.trade_body(STATION)
        for ask in [lambda: client.get("/api/trades"), lambda: client.post("/api/trades", body)]:
            began = time.monotonic()
            answer = ask()
            self.seconds.append(time.monotonic() - began)
            if answer.status != 503 or not answer.field("Retry-After"):
                self.wrong.append(answer)
        self.writes.append((body, answer.json()))

    def settle(self, trades):
        """What was refused as not done is not there; what was refused with an unknown outcome is there or not."""
        ids = {trade["buyer"]: trade["transactionId"] for trade in trades}
        for body, problem in self.writes:
            if body["buyer"] in ids:
                assert problem["outcome"] == "outcome-unknown"
                self.market.trades[body["buyer"]] = ids[body["buyer"]], body


@pytest.mark.parametrize("away, back", [
    pytest.param(MongoServer.kill, MongoServer.start, id="killed"),
    pytest.param(MongoServer.freeze, MongoServer.thaw, id="stopped"),
])
def test_mongodb_that_is_away_is_told_in_time_and_found_again(make_stack, server, away, back):
    stack = make_stack(ITN_STORE=server.uri)
    stack.up()
    market = Market(stack)
    watcher = Watcher(stack)
    in_parallel(stack, 8, [market.create_trade(STATION) for _ in range(40)])
    away(server)
    refusals = Refusals(market)
    in_parallel(stack, CLIENTS, [refusals] * CLIENTS * 2)
    assert stack.get("/livez").status == 200
    wait_for(lambda: stack.get("/readyz").status == 503, "not ready")
    back(server)
    stack.wait_ready(60)
    assert refusals.wrong == []
    assert max(refusals.seconds) < 2
    refusals.settle(market.list("/api/trades"))
    in_parallel(stack, 1, [market.create_cargo(STATION)])
    market.wait_all_loaded()
    in_parallel(stack, 1, [market.set_cargo(shipment, "delivered") for shipment in market.cargo])
    market.wait_all_delivered()
    log = market.assert_consistent()
    watcher.wait_seq(log[-1]["seq"])
    watcher.close()
    assert watcher.frames == log
