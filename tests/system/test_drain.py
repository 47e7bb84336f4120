"""Workers are restarted one after the other under load; no client notices."""

import signal
import threading

from harness.market import Market
from harness.wait import wait_for

CLIENTS = 16


def test_a_rolling_restart_of_the_workers_costs_no_request(stack):
    market = Market(stack)
    enough = threading.Event()
    failures = []

    def trade():
        client = stack.new_client()
        try:
            while not enough.is_set():
                trade = market.create_trade("Nowhere")(client)
                assert client.get(f"/api/trades/{trade}").status == 200
                market.set_status(client, f"/api/trades/{trade}/status", "completed")
        except BaseException as failure:
            failures.append(failure)
        finally:
            client.close()

    threads = [threading.Thread(target=trade, daemon=True) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for name in ["itn-api-1", "itn-api-2"] * 3:
        old = stack.signal(name, signal.SIGTERM)
        stack.wait_restarted(name, old)
        more = len(market.trades) + 50
        wait_for(lambda: failures or len(market.trades) >= more, "trade goes on")
    enough.set()
    for thread in threads:
        thread.join(60)
    assert not failures, failures
    assert set(market.answers) == {200, 201}
