"""A database is restored: with renew-log no client goes on in a log that has become another one."""

import contextlib
import shutil
import sqlite3

import pytest

from admin.conftest import post_trade
from admin.raw_store import raw_store
from gateway.parts import Redis
from harness.wait import wait_for
from harness.watch import Watcher, read_log


@pytest.fixture
def redis(tmp_path):
    """It goes on running, with what was published, while everything else is stopped."""
    with Redis(tmp_path) as server:
        yield server


def back_up(stack, data, folder):
    """As docs/operations.md says, while everything is at work."""
    if data.kind == "mongodb":
        return data.snapshot()
    copy = folder / "copy.db"
    with contextlib.closing(sqlite3.connect(copy)) as target:
        data.db.backup(target)
    return copy


def restore(stack, data, saved):
    if data.kind == "mongodb":
        data.restore(saved)
        return
    data.close()
    for name in "itn.db-wal", "itn.db-shm":
        (stack.folder / name).unlink(missing_ok=True)
    shutil.copyfile(saved, stack.folder / "itn.db")


def stop(stack):
    stack.client.close()
    stack.down()


def test_positions_of_the_lost_log_are_gaps(make_stack, store, redis, tmp_path):
    stack = make_stack(store, ITN_REDIS=f"unix:{redis.path}", ITN_LEASE_MS=600)
    stack.up()
    for n in range(5):
        post_trade(stack, n)
    with raw_store(stack) as data:
        saved = back_up(stack, data, tmp_path)
        lost = data.head("log")
    for n in range(3):
        post_trade(stack, n)
    assert len(read_log(stack.client)) == 8

    refused = stack.itn("admin", "renew-log")
    assert refused.returncode == 75 and "stop all itn-engine first" in refused.stderr
    assert stack.get("/api/trades").field("ITN-Log") == lost

    stop(stack)
    with raw_store(stack) as data:
        restore(stack, data, saved)
    renewed = stack.itn("admin", "renew-log")
    assert renewed.returncode == 0, renewed.stderr
    assert renewed.stdout.startswith(f"the log was {lost} and is ") and renewed.stdout.endswith("; it ends at 5\n")

    stack.up()
    watcher = Watcher(stack)
    for n in range(4):
        post_trade(stack, n)
    identity = stack.get("/api/trades").field("ITN-Log")
    assert identity != lost and identity in renewed.stdout
    for seq in 0, 5, 8, 9:
        assert stack.get(f"/api/events?after={lost}:{seq}").status == 410, seq
    assert [event["seq"] for event in stack.get(f"/api/events?after={identity}:5").json()] == [6, 7, 8, 9]
    watcher.wait_seq(9)
    assert [frame["seq"] for frame in watcher.frames] == [6, 7, 8, 9]
    watcher.close()
    prefix = stack.settings.get("ITN_NETWORK", "itn")
    assert redis("GET", f"{prefix}:log") == identity.encode()
    wait_for(lambda: stack.itn("admin", "doctor").returncode == 0, "all is well")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_without_it_the_restored_log_would_pass_for_the_lost_one(make_stack, store, redis, tmp_path):
    """What the command is for: the same positions name other events."""
    stack = make_stack(store, ITN_REDIS=f"unix:{redis.path}", ITN_LEASE_MS=600)
    stack.up()
    for n in range(2):
        post_trade(stack, n)
    with raw_store(stack) as data:
        saved = back_up(stack, data, tmp_path)
    post_trade(stack, 3)
    told = read_log(stack.client)[2]
    stop(stack)
    with raw_store(stack) as data:
        restore(stack, data, saved)
    findings = stack.itn("admin", "doctor")
    assert findings.returncode == 2 and "run itn-admin renew-log" in findings.stdout
    stack.up()
    post_trade(stack, 4)
    assert read_log(stack.client)[2]["seq"] == told["seq"] and read_log(stack.client)[2]["id"] != told["id"]


def test_a_store_that_is_not_there(tmp_path, make_stack):
    stack = make_stack()
    done = stack.itn("admin", "renew-log", f"--store=sqlite:{tmp_path}/none.db")
    assert done.returncode == 69 and "none.db" in done.stderr
