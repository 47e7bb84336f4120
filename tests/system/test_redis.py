"""Redis goes and comes back: nothing is lost, nothing comes twice, REST does not wait for it."""

import time

import pytest

from conftest import STORES
from harness.market import Market
from harness.stack import Stack
from harness.wait import wait_for
from harness.watch import Watcher, assert_log_complete, read_log

REQUESTS = 40


@pytest.fixture(scope="module", params=STORES)
def running(request, tmp_path_factory):
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp("redis") / "stack", store_uri=uri)
    stack.up()
    yield stack
    stack.close()


class Trader:
    """Writes and reads, one after the other, each answered as ever; how long each took."""

    def __init__(self, stack):
        self.market = Market(stack)
        self.client = stack.new_client()
        self.trades = set()

    def trade(self):
        """Seconds that the requests took, the quickest first."""
        return sorted(seconds for _ in range(REQUESTS) for seconds in self.once())

    def once(self):
        began = time.monotonic()
        answer = self.client.post("/api/trades", self.market.trade_body("Nowhere"))
        written = time.monotonic()
        assert answer.status == 201
        self.trades.add(answer.json()["_id"])
        assert self.client.get(f"/api/trades/{answer.json()['_id']}").status == 200
        return written - began, time.monotonic() - written


def nothing(stack):
    pass


def kill(stack):
    stack.wait_restarted("redis", stack.kill("redis"))


def stop(stack):
    stack.freeze("redis")


def go_on(stack):
    stack.thaw("redis")


def empty(stack):
    stack.redis("FLUSHALL")


@pytest.mark.parametrize("away, back", [
    pytest.param(kill, nothing, id="killed"),
    pytest.param(stop, go_on, id="stopped, continued"),
    pytest.param(stop, kill, id="stopped, killed"),
    pytest.param(empty, empty, id="emptied"),
])
def test_redis_goes_and_comes_back(running, away, back):
    trader = Trader(running)
    watcher = Watcher(running)
    before = trader.trade()
    away(running)
    during = trader.trade()
    back(running)
    trader.trade()
    wait_for(lambda: trader.trades <= {frame["data"]["_id"] for frame in list(watcher.frames)}, "every trade's frame")
    watcher.close()
    assert watcher.ends == 0
    first = watcher.frames[0]["seq"]
    log = read_log(running.client, first - 1)
    assert_log_complete(log, first - 1)
    assert watcher.frames == log[:len(watcher.frames)]
    assert during[-3] <= before[-3] + 0.05, "requests waited for Redis"
