"""One shipment with thousands of trades."""

import signal

from harness.market import Market, in_parallel
from harness.mongo import MongoServer
from harness.processes import active_engine
from harness.wait import wait_for
from harness.watch import ThoroughWatcher, assert_log_complete

STATION = "Starbase 1"


def how_many(store):
    """Trades, and documents that a batch changes: many batches. The stand-in for MongoDB takes minutes for what mongod does
    in seconds."""
    return (5000, 100) if store == "sqlite" or MongoServer.program() else (500, 25)


def test_a_delivery_of_thousands_of_trades_survives_its_engine(make_stack, store):
    trades, chunk = how_many(store)
    stack = make_stack(store, ITN_ENGINE_PROCESSES=2, ITN_LEASE_MS=2000, ITN_CHUNK_MAX=chunk)
    stack.up()
    market = Market(stack, seed=5)
    watcher = ThoroughWatcher(stack)
    in_parallel(stack, 32, [market.create_trade(STATION, lines=1) for _ in range(trades)], 240)
    in_parallel(stack, 1, [market.create_cargo(STATION, lines=1)])
    [shipment] = market.cargo

    def count(fits):
        return len({frame["data"]["_id"] for frame in list(watcher.frames)
                    if frame["event"] == "tradeUpdated" and fits(frame["data"])})

    wait_for(lambda: count(lambda trade: trade.get("shipmentId") == shipment) == trades, "all trades are loaded", 240)
    in_parallel(stack, 1, [market.set_cargo(shipment, "delivered")])
    wait_for(lambda: count(lambda trade: trade["status"] == "completed") > 0, "the first trade is completed", 60)
    stack.signal(active_engine(stack), signal.SIGKILL)
    assert 0 < len(market.list("/api/trades?status=completed")) < trades
    wait_for(lambda: count(lambda trade: trade["status"] == "completed") == trades, "every trade is completed", 240)
    market.wait_all_delivered()
    market.assert_consistent()
    watcher.close()
    assert_log_complete(watcher.frames)
