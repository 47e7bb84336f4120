"""Many clients at once through nginx, everything delivered; then the same while processes are killed."""

import threading

from harness.market import Market, in_parallel
from harness.processes import active_engine
from harness.wait import wait_for
from harness.watch import ThoroughWatcher, Watcher

CLIENTS = 32
STATIONS = [f"Station {n}" for n in range(5)]


def everything_at_once(market):
    """200 trades, some of them canceled at once, and 20 cargo, half of them sent off and delivered at once."""
    tasks = []
    for n in range(200):
        trade = market.cancel_trade if n % 20 == 7 else market.create_trade
        tasks.append(trade(STATIONS[n % 5]))
    for n in range(20):
        then = [["in transit", "delivered"], ["delivered"], [], []][n // 5]
        tasks.append(market.create_cargo(STATIONS[n % 5], then))
    market.random.shuffle(tasks)
    in_parallel(market.stack, CLIENTS, tasks)


def deliver_the_rest(market):
    market.wait_all_loaded()
    waiting = [cargo["shipmentId"] for cargo in market.list("/api/cargo") if cargo["status"] != "delivered"]
    in_parallel(market.stack, CLIENTS, [market.set_cargo(shipment, "delivered") for shipment in waiting])
    market.wait_all_delivered()


def test_every_client_gets_what_it_was_promised_and_watchers_see_all_of_it(stack):
    market = Market(stack)
    watchers = [Watcher(stack) for _ in range(3)]
    everything_at_once(market)
    deliver_the_rest(market)
    log = market.assert_consistent()
    for watcher in watchers:
        watcher.wait_seq(log[-1]["seq"])
        watcher.close()
        assert watcher.ends == 0
        assert watcher.frames == log


def test_killed_processes_lose_and_repeat_nothing(make_stack, store):
    stack = make_stack(store, ITN_ENGINE_PROCESSES=2, ITN_LEASE_MS=500)
    stack.up()
    market = Market(stack, insistent=True)
    watchers = [ThoroughWatcher(stack) for _ in range(3)]
    failures = []

    def load():
        try:
            everything_at_once(market)
        except BaseException as failure:
            failures.append(failure)

    loading = threading.Thread(target=load, daemon=True)
    loading.start()
    victims = [lambda: "itn-api-1", lambda: active_engine(stack), lambda: "itn-gateway"]
    for answered, victim in zip([40, 80, 120], victims):
        wait_for(lambda: failures or len(market.trades) >= answered, f"{answered} trades")
        name = victim()
        stack.wait_restarted(name, stack.kill(name))
    loading.join(120)
    assert not failures, failures
    deliver_the_rest(market)
    log = market.assert_consistent()
    for watcher in watchers:
        watcher.wait_seq(log[-1]["seq"])
        watcher.close()
        assert watcher.ends >= 1, "the gateway was killed"
        assert watcher.frames == log
