"""A disk is full: the store's, Redis', the logs'. It is told, nothing is lost or half done, and all goes on by itself."""

import contextlib
import json
import subprocess

import pytest

from harness.disk import Disk
from harness.market import Market, in_parallel
from harness.processes import holds_write_lock, is_stopped
from harness.wait import free_port, wait_for
from harness.watch import Watcher, read_log

STATION = "Starbase 1"
WAIT = {"Prefer": "wait=10"}


@pytest.fixture
def disk(tmp_path):
    with Disk(tmp_path / "disk", megabytes=32) as disk:
        yield disk


def find(findings, name):
    return next(finding for finding in findings if finding["name"] == name)


def doctor(stack):
    done = stack.itn("admin", "doctor", "--json")
    return done.returncode, json.loads(done.stdout)["checks"]


def key_of(body):
    return body["buyer"].replace(" ", "-")


def freeze_engine(stack, database):
    """Outside of any transaction, so that workers can write. Its process number."""
    def frozen():
        pid = stack.freeze("itn-engine-1")
        wait_for(lambda: is_stopped(pid), "the engine stands still")
        if not holds_write_lock(pid, database):
            return pid
        stack.thaw("itn-engine-1")
        return None
    return wait_for(frozen, "the engine stands still outside of a transaction")


def assert_refused(answer):
    assert (answer.status, answer.json()["type"]) == (507, "/problems/insufficient-storage"), answer
    assert answer.json()["outcome"] == "not-done" and answer.field("Retry-After") == "1"


def is_not_ready(stack, reason):
    answer = stack.get("/readyz?verbose")
    return answer.status == 503 and answer.json()["reasons"] == [reason] and answer.json()


def test_the_store_s_disk_is_full(make_stack, disk):
    stack = make_stack(ITN_STORE=f"sqlite:{disk.folder}/itn.db")
    stack.up()
    market = Market(stack)
    watcher = Watcher(stack)
    in_parallel(stack, 4, [market.create_cargo(STATION), *[market.create_trade(STATION) for _ in range(20)]])
    market.wait_all_loaded()
    engine = freeze_engine(stack, disk.folder / "itn.db")
    in_parallel(stack, 4, [market.create_trade(STATION) for _ in range(20)])
    last = read_log(stack.client)[-1]["seq"]
    disk.fill()
    refused = [market.trade_body(STATION) for _ in range(8)]
    for body in refused:
        assert_refused(stack.post("/api/trades", body, {"Idempotency-Key": key_of(body)}))
        assert_refused(stack.post("/api/trades", body))
    shipment, = market.cargo
    assert_refused(stack.put(f"/api/cargo/{shipment}/status", {"status": "delivered"}))
    assert len(market.list("/api/trades")) == 40 and stack.get(f"/api/cargo/{shipment}").status == 200
    stack.thaw("itn-engine-1")
    wait_for(lambda: find(is_not_ready(stack, "store-full")["host"], "engine").get("reason") == "engine-no-room",
             "the engine's state is seen")
    status, findings = doctor(stack)
    assert status == 2 and "full" in find(findings, "store")["detail"]
    assert "no-room" in stack.log("itn-engine-1")
    assert read_log(stack.client)[-1]["seq"] == last and stack.pid("itn-engine-1") == engine
    disk.empty()
    stack.wait_ready()
    for body in refused:
        answer = stack.post("/api/trades", body, {"Idempotency-Key": key_of(body), **WAIT})
        assert answer.status == 201, answer
        market.trades[body["buyer"]] = answer.json()["transactionId"], body
    market.wait_all_loaded()
    assert stack.put(f"/api/cargo/{shipment}/status", {"status": "delivered"}, WAIT).status == 200
    market.wait_all_delivered()
    log = market.assert_consistent()
    watcher.wait_seq(log[-1]["seq"])
    watcher.close()
    assert watcher.frames == log
    assert "store answers again" in stack.log("itn-engine-1") and stack.pid("itn-engine-1") == engine


def test_up_on_a_full_disk_says_so(make_stack, disk):
    stack = make_stack(ITN_STORE=f"sqlite:{disk.folder}/itn.db", ITN_START_SECONDS=20)
    disk.fill()
    done = stack.itn("up", "--detach")
    assert done.returncode == 1 and "disk is full" in done.stderr, done.stderr
    disk.empty()
    stack.up()
    assert stack.post("/api/trades", Market(stack).trade_body(STATION)).status == 201


@contextlib.contextmanager
def redis_on(folder):
    """A Redis server that saves to this folder and, as Redis does by default, takes no writes while that fails."""
    port = free_port()
    process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save",
                                "3600 1000000", "--daemonize", "no"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)

    def say(*command):
        return subprocess.run(["redis-cli", "-p", str(port), *command], capture_output=True, text=True, timeout=20).stdout
    try:
        wait_for(lambda: say("PING") == "PONG\n", "Redis answers")
        yield port, say
    finally:
        process.kill()
        process.wait()


def test_redis_disk_is_full(make_stack, disk):
    with redis_on(disk.folder) as (port, say):
        stack = make_stack(ITN_REDIS=f"127.0.0.1:{port}")
        stack.up()
        market = Market(stack)
        watcher = Watcher(stack)
        in_parallel(stack, 2, [market.create_trade(STATION) for _ in range(4)])
        disk.fill()
        say("BGSAVE")
        wait_for(lambda: "rdb_last_bgsave_status:err" in say("INFO", "persistence"), "Redis could not save")
        in_parallel(stack, 2, [market.create_trade(STATION) for _ in range(10)])
        log = market.assert_consistent()
        wait_for(lambda: "publishing waits" in stack.log("itn-engine-1"), "the engine says that it can't publish")
        assert stack.is_ready()
        disk.empty()
        say("BGSAVE")
        watcher.wait_seq(log[-1]["seq"])
        watcher.close()
        assert watcher.frames == log
        stack.close()


def test_the_logs_disk_is_full(make_stack, disk, tmp_path):
    stack = make_stack(folder=disk.folder / "stack", ITN_STORE=f"sqlite:{tmp_path}/itn.db")
    stack.up()
    market = Market(stack)
    watcher = Watcher(stack)
    disk.fill()
    in_parallel(stack, 4, [market.create_cargo(STATION), *[market.create_trade(STATION) for _ in range(20)]])
    market.wait_all_loaded()
    assert stack.is_ready()
    disk.empty()
    log = market.assert_consistent()
    watcher.wait_seq(log[-1]["seq"])
    watcher.close()
    assert watcher.frames == log
    stack.close()
