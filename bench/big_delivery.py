"""One shipment with thousands of trades departs and is delivered: how much the engine's memory grows, and how long it
takes, with the engine killed in the middle of either. The trades take their goods from a station that has just enough."""

import os
import signal
import sys
import time

from common import arguments, memory, running, scratch, show, stack, store, wait_for

from harness.market import in_parallel
from harness.processes import active_engine, engines

GROWTH_KB = 64 * 1024
ITEMS, QUANTITY = 50, 3


def create(number):
    body = {"buyer": f"buyer {number}", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
            "stationId": "Mars", "destination": "Vega",
            "items": [{"name": f"item {number % ITEMS}", "quantity": QUANTITY}]}

    def task(client):
        assert client.post("/api/trades", body).status == 201
    return task


def fill(server, trades):
    """Everything is on one shipment, and Mars has no more than that needs."""
    counted = [{"name": f"item {n}", "quantity": len(range(n, trades, ITEMS)) * QUANTITY} for n in range(ITEMS)]
    assert server.put("/api/inventory/Mars", {"items": counted}).status == 200
    assert server.post("/api/cargo", {"shipmentId": "S1", "emailId": "dock@example.org", "destination": "Vega",
                                      "items": []}).status == 201
    in_parallel(server, 32, [create(number) for number in range(trades)], 600)
    wait_for(lambda: server.get("/api/cargo/S1").json()["tradeCount"] == trades, "all trades are loaded", 600)


def on_hand(server, station):
    answer = server.get(f"/api/inventory/{station}")
    return sum(item["quantity"] for item in answer.json()["items"]) if answer.status == 200 else 0


def set_status(server, status):
    assert server.put("/api/cargo/S1/status", {"status": status}).status in (200, 202)


def move(server, status, station, before, after):
    """(seconds, growth in kB of the engine that grew most). The engine that began it does not end it."""
    base = {name: memory(server.pid(name))["VmRSS"] for name in engines(server)}
    first = active_engine(server)
    pid = server.pid(first)
    began = time.monotonic()
    set_status(server, status)
    wait_for(lambda: on_hand(server, station) != before, "something has moved", 60)
    grew = memory(pid)["VmHWM"] - base[first]
    os.kill(pid, signal.SIGKILL)
    assert on_hand(server, station) != after, "all had moved before the engine was killed"
    wait_for(lambda: on_hand(server, station) == after, "everything has moved", 600)
    took = time.monotonic() - began
    second = active_engine(server)
    return took, max(grew, memory(server.pid(second))["VmHWM"] - base.get(second, 0))


def main():
    options = arguments(__doc__, store=("sqlite", "sqlite or mongodb"), count=(10000, "trades"))
    goods = options.count * QUANTITY
    with scratch() as folder, store(options.store, folder) as (name, uri):
        with running(stack(folder, options.build, uri, ITN_ENGINE_PROCESSES=2, ITN_LEASE_MS=2000)) as server:
            fill(server, options.count)
            rows = [("departure", *move(server, "in transit", "Mars", goods, 0)),
                    ("delivery", *move(server, "delivered", "Vega", 0, goods))]
            audit = server.get("/api/audit").json()
    target = [(f"{what}: an engine grows by 64 MB at most ({kb / 1024:.1f})", kb <= GROWTH_KB) for what, _, kb in rows]
    target.append(("the audit finds nothing", audit["ok"]))
    met = show(f"A shipment of {options.count} trades, {name}", ["", "seconds", "growth, MB"],
               [[what, f"{took:.1f}", f"{kb / 1024:.1f}"] for what, took, kb in rows], target, options, store=name,
               audit=audit)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
