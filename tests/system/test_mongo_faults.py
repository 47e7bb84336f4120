"""MongoDB fails what it is asked for, by its own fail points: each answer tells rightly what became of the write, and the engine
settles, or waits, and does nothing twice."""

import time

import pytest

from harness.market import Market, in_parallel
from harness.mongo import MongoServer
from harness.wait import wait_for
from harness.watch import Watcher, read_log

STATION = "Starbase 1"
TIMEOUT_S = 1.5
NO_MAJORITY = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}
CONFLICT = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with MongoServer(tmp_path_factory.mktemp("mongo-faults")) as server:
        yield server


class FailPoint:
    """While it lasts the server's commands of these names do what `data` says."""

    def __init__(self, server, commands, data):
        self.server, self.commands, self.data = server, commands, data

    def set(self, mode):
        with self.server.client() as client:
            client.admin.command("configureFailPoint", "failCommand", mode=mode,
                                 data={"failCommands": self.commands, **self.data})

    def __enter__(self):
        self.set("alwaysOn")

    def __exit__(self, *_):
        self.set("off")


@pytest.mark.parametrize("data, status, kind, outcome", [
    pytest.param({"errorCode": 10107}, 503, "unavailable", "not-done", id="not the primary"),
    pytest.param({"errorCode": 189}, 503, "outcome-unknown", "outcome-unknown", id="stepped down"),
    pytest.param({"closeConnection": True}, 503, "outcome-unknown", "outcome-unknown", id="closed"),
    pytest.param({"blockConnection": True, "blockTimeMS": 3000}, 503, "outcome-unknown", "outcome-unknown", id="hung"),
    pytest.param({"errorCode": 14031}, 507, "insufficient-storage", "not-done", id="a full disk"),
    pytest.param(NO_MAJORITY, 201, None, None, id="no majority, and it is there"),
])
def test_a_write_is_told_rightly(make_stack, server, data, status, kind, outcome):
    stack = make_stack("sqlite", ITN_STORE=server.uri, ITN_NETWORK=f"t{time.monotonic_ns()}",
                       ITN_STORE_TIMEOUT_MS=int(TIMEOUT_S * 1000))
    stack.up()
    market = Market(stack)
    in_parallel(stack, 1, [market.create_trade(STATION)])
    market.wait_all_logged()
    body = market.trade_body(STATION)
    with FailPoint(server, ["insert"], data):
        began = time.monotonic()
        answer = stack.post("/api/trades", body)
        took = time.monotonic() - began
    assert answer.status == status, answer
    assert took < TIMEOUT_S + 1.5, f"answered after {took} s"
    stack.wait_ready()
    if status == 201:
        market.trades[body["buyer"]] = answer.json()["transactionId"], body
    else:
        assert (answer.json()["type"], answer.json()["outcome"]) == (f"/problems/{kind}", outcome)
        assert answer.field("Retry-After")
    in_parallel(stack, 1, [market.create_trade(STATION)])
    if outcome == "outcome-unknown":
        found = stack.get(f"/api/trades?buyer={body['buyer'].replace(' ', '%20')}").json()
        assert len(found) <= 1
        market.trades.update({body["buyer"]: (trade["transactionId"], body) for trade in found})
    market.assert_consistent()


@pytest.mark.parametrize("command, data, goes_on", [
    pytest.param("commitTransaction", CONFLICT, False, id="conflicts without end"),
    pytest.param("commitTransaction", {"errorCode": 189}, False, id="stepped down at the commit"),
    pytest.param("commitTransaction", {"closeConnection": True}, False, id="closed at the commit"),
    pytest.param("commitTransaction", NO_MAJORITY, True, id="commits of unknown result"),
    pytest.param("findAndModify", {"errorCode": 10107}, False, id="not the primary"),
    pytest.param("findAndModify", CONFLICT, False, id="conflicts at the head"),
])
def test_the_engine_settles_or_waits(make_stack, server, command, data, goes_on):
    stack = make_stack("sqlite", ITN_STORE=server.uri, ITN_NETWORK=f"t{time.monotonic_ns()}",
                       ITN_STORE_TIMEOUT_MS=int(TIMEOUT_S * 1000), ITN_ENGINE_PROCESSES=2)
    stack.up()
    market = Market(stack)
    watcher = Watcher(stack)
    in_parallel(stack, 2, [market.create_cargo(STATION), *[market.create_trade(STATION) for _ in range(5)]])
    market.wait_all_loaded()
    engines = {name: pid for name, pid in stack.pids().items() if name.startswith("itn-engine")}
    last = read_log(stack.client)[-1]["seq"]
    with FailPoint(server, [command], data):
        in_parallel(stack, 4, [market.create_trade(STATION) for _ in range(20)])
        if goes_on:
            wait_for(lambda: read_log(stack.client)[-1]["seq"] > last, "the log goes on")
        else:
            wait_for(lambda: any(word in stack.log(name) for name in engines for word in
                                 ("store does not answer", "conflict again and again", "lease lost")),
                     "an engine says that it can't go on", 60)
            assert read_log(stack.client)[-1]["seq"] == last
    market.wait_all_loaded()
    in_parallel(stack, 1, [market.set_cargo(shipment, "delivered") for shipment in market.cargo])
    market.wait_all_delivered()
    log = market.assert_consistent()
    watcher.wait_seq(log[-1]["seq"])
    watcher.close()
    assert watcher.frames == log
    assert {name: stack.pid(name) for name in engines} == engines, "an engine ended"
