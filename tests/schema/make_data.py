"""Writes the data set of the schema that this checkout has, for both stores: run it before STORE_SCHEMA goes up.

    ITN_BUILD=BUILD python -m schema.make_data      in tests/, with the environment of ./itn check

It holds what an upgrade may find: documents of every status, a log, a delivery that is only half done (a job), and changes
and a request that the engine has not numbered yet.
"""

import os
import signal
import sqlite3
import tempfile
import time
from pathlib import Path

from harness.market import Market, in_parallel
from harness.mongo import MongoServer
from harness.processes import holds_write_lock, is_stopped
from harness.stack import Stack
from harness.wait import wait_for
from schema.data import DATA, dump_mongodb, dump_sqlite, schema_of_sources

LINES = {"large": 7, "small": 2}


def fill(stack):
    """Documents of every status, all numbered."""
    market = Market(stack, seed=4)
    client = stack.client
    for lines in (LINES["small"], LINES["large"]):
        market.create_trade("Vega", lines)(client)
        market.create_trade("Rigel", lines)(client)
    market.cancel_trade("Vega")(client)
    for then in ((), ("delayed",), ("in transit",), ("in transit", "delivered")):
        market.create_cargo("Vega", then, lines=2)(client)
        market.wait_all_logged()
    market.create_cargo("Rigel", lines=11)(client)
    expect(client, "late", "2020-01-01T00:00:00.123Z")
    expect(client, "early", "2999-01-01T00:00:00Z")
    expect(client, "arrived", "2020-01-01T00:00:00Z")
    market.set_cargo("arrived", "delivered")(client)
    shipment = market.create_cargo("Mars", lines=1)(client)
    for _ in range(24):
        market.create_trade("Mars", 1)(client)
    market.wait_all_logged()
    wait_for(lambda: stack.get(f"/api/cargo/{shipment}").json()["tradeCount"] == 24, "everything is loaded")
    market.wait_all_logged()
    return market, shipment


def expect(client, shipment, eta):
    """Cargo that says when it will be there."""
    cargo = {"shipmentId": shipment, "emailId": "ops@example.org", "destination": "Ceres", "eta": eta,
             "items": [{"name": "Ice", "quantity": 1}]}
    assert client.post("/api/cargo", cargo).status == 201


def step_engine(engine, when):
    """Lets a stopped engine go on by moments until `when()` holds. False: that did not happen."""
    for _ in range(5000):
        if when():
            return True
        os.kill(engine, signal.SIGCONT)
        time.sleep(0.0003)
        os.kill(engine, signal.SIGSTOP)
        wait_for(lambda: is_stopped(engine), "the engine is stopped", pause=0)
    return False


def crowd(stack, shipment):
    """So many changes of one cargo at once that some lose their race and become requests."""
    def change(n):
        return lambda client: client.put(f"/api/cargo/{shipment}/status", {"status": "pending", "location": f"Orbit {n}"})
    in_parallel(stack, 12, [change(n) for n in range(36)])


def leave_half_done(stack, has_job, market, shipment):
    """Stops the engine in the middle of a delivery, then changes what it does not see any more. False: it was too fast."""
    engine = stack.freeze("itn-engine-1")
    market.set_cargo(shipment, "delivered")(stack.client)
    if not step_engine(engine, lambda: has_job() and not holds_write_lock(engine, stack.folder / "itn.db")):
        return False
    market.create_trade("Vega", LINES["large"])(stack.client)
    trade = market.create_trade("Rigel", LINES["small"])(stack.client)
    market.set_status(stack.client, f"/api/trades/{trade}/status", "delayed")
    crowd(stack, market.create_cargo("Rigel", lines=1)(stack.client))
    return True


def sqlite_has_job(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM job").fetchone()[0]


def make(make_stack, has_job, dump):
    while True:
        with tempfile.TemporaryDirectory() as folder:
            stack = make_stack(Path(folder) / "stack")
            stack.up()
            try:
                market, shipment = fill(stack)
                done = leave_half_done(stack, lambda: has_job(stack), market, shipment)
                if done:
                    dump(stack)
            finally:
                stack.close()
            if done:
                return


def main():
    schema = schema_of_sources()
    settings = {"ITN_CHUNK_MAX": 10, "ITN_API_PROCESSES": 1, "ITN_LEASE_MS": 60000}
    make(lambda folder: Stack(folder, **settings),
         lambda stack: sqlite_has_job(stack.folder / "itn.db"),
         lambda stack: dump_sqlite(stack.folder / "itn.db", schema))
    with tempfile.TemporaryDirectory() as folder, MongoServer(folder) as server, server.client() as client:
        make(lambda folder: Stack(folder, store_uri=server.uri, **settings),
             lambda stack: client[stack.settings["ITN_NETWORK"]].jobs.count_documents({}),
             lambda stack: dump_mongodb(client[stack.settings["ITN_NETWORK"]], schema))
    print(*sorted(DATA.iterdir()), sep="\n")


if __name__ == "__main__":
    main()
