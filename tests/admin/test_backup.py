"""A copy is made while clients write; another network goes on from it, and nobody takes its log for the one that was lost."""

import itertools
import shutil
import stat
import threading

import pytest

from harness.audit import audit, audit_once_it_answers
from harness.market import Market
from harness.wait import wait_for
from harness.watch import read_log
from system.test_load import everything_at_once


@pytest.fixture
def writing(make_stack):
    """A stack with clients that write until they are told to stop."""
    stack = make_stack(ITN_LEASE_MS=600)
    stack.up()
    market = Market(stack)
    stop, failures = threading.Event(), []

    def load():
        try:
            while not stop.is_set():
                everything_at_once(market)
        except BaseException as failure:
            failures.append(failure)

    clients = threading.Thread(target=load, daemon=True)
    clients.start()
    yield stack
    stop.set()
    clients.join(120)
    assert not failures, failures


def last_seq(stack):
    return int(stack.get("/api/trades?limit=1").field("ITN-Seq"))


def test_a_network_goes_on_from_a_copy_that_was_made_under_load(writing, make_stack, tmp_path):
    wait_for(lambda: last_seq(writing) > 300, "much was written", 60)
    copy = tmp_path / "copy.db"
    before = last_seq(writing)
    done = writing.itn("admin", "backup", str(copy))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{copy} has the log ")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("copy.db*")) == ["copy.db"]
    wait_for(lambda: last_seq(writing) > before + 100, "writes went on")

    restored = make_stack(folder=tmp_path / "restored", ITN_LEASE_MS=600)
    restored.folder.mkdir(mode=0o700)
    shutil.copyfile(copy, restored.folder / "itn.db")
    assert audit(restored)["ok"]
    renewed = restored.itn("admin", "renew-log")
    assert renewed.returncode == 0, renewed.stderr
    answer = audit(restored)
    assert answer["ok"] and answer["seq"] >= before, answer

    restored.up()
    market = Market(restored)
    market.numbers = itertools.count(1_000_000)
    everything_at_once(market)
    lost = writing.get("/api/trades?limit=1").field("ITN-Log")
    identity = restored.get("/api/trades?limit=1").field("ITN-Log")
    assert identity != lost and identity in renewed.stdout
    for seq in 0, before, answer["seq"]:
        assert restored.get(f"/api/events?after={lost}:{seq}").status == 410, seq
    wait_for(lambda: last_seq(restored) > answer["seq"] + 200, "the log goes on")
    assert [event["seq"] for event in read_log(restored.client)][:3] == [1, 2, 3]
    final = audit_once_it_answers(restored)
    assert final["ok"] and final["seq"] > answer["seq"], final


def test_nothing_is_overwritten(make_stack, tmp_path):
    stack = make_stack()
    stack.up()
    copy = tmp_path / "copy.db"
    copy.write_text("precious")
    done = stack.itn("admin", "backup", str(copy))
    assert done.returncode == 73 and "is there already" in done.stderr
    assert copy.read_text() == "precious" and list(tmp_path.glob("copy.db.part")) == []

    part = tmp_path / "other.db.part"
    part.write_text("another copy is under way")
    done = stack.itn("admin", "backup", str(tmp_path / "other.db"))
    assert done.returncode == 73 and part.read_text() == "another copy is under way"
    assert not (tmp_path / "other.db").exists()


def test_a_copy_that_fails_leaves_nothing(make_stack, tmp_path):
    stack = make_stack()
    stack.up()
    done = stack.itn("admin", "backup", str(tmp_path / "no folder" / "copy.db"))
    assert done.returncode == 69 and "No such file or directory" in done.stderr
    assert stack.itn("admin", "backup").returncode == 64


def test_with_mongodb_it_says_what_to_do(make_stack):
    stack = make_stack("mongodb")
    stack.up()
    done = stack.itn("admin", "backup", "/nowhere/copy")
    assert done.returncode == 64 and "mongodump" in done.stderr and "--oplog" in done.stderr
