"""itn-admin log: the log as GET /api/events gives it, byte for byte."""

import signal
import subprocess

import pytest

from admin.conftest import post_trade
from admin.raw_store import raw_store
from harness.market import Market, in_parallel
from harness.mongo import MongoServer
from harness.stack import RUNNER
from harness.wait import wait_for

EVENTS = 620  # more than one slice


@pytest.fixture(scope="module", autouse=True)
def events(network):
    market = Market(network)
    in_parallel(network, 8, [market.create_trade("Mars") for _ in range(EVENTS)])
    with raw_store(network) as data:
        wait_for(lambda: data.head("lastSeq") >= EVENTS and logged(data), "all is logged")


def logged(data):
    end = data.head("lastSeq")
    if data.kind == "sqlite":
        return data.db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0
    return data.db.trades.count_documents({"outboxAt": {"$exists": True}}) == 0 and end == data.head("lastSeq")


def log(stack, *flags):
    return subprocess.run([RUNNER, "admin", "log", *flags], env=stack.environment(), capture_output=True, timeout=60)


def rest(stack, after):
    answer = stack.get(f"/api/events?after={after}", {"Accept": "application/x-ndjson"})
    assert answer.status == 200
    return answer.body


def test_the_same_as_rest_byte_for_byte(network, data):
    end, identity = data.head("lastSeq"), data.head("log")
    for after in 0, 1, 499, 500, 501, end - 1, end, f"{identity}:0", f"{identity}:{end - 3}":
        done = log(network, f"--after={after}")
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout == rest(network, after), after
    done = log(network)
    assert done.stdout == rest(network, 0) and done.stdout.count(b"\n") == end


@pytest.mark.parametrize("position", [lambda log, end: end + 1, lambda log, end: f"{log}:{end + 1}",
                                      lambda log, end: f"{log[:-1]}:1", lambda log, end: "0123456789abcdef:0"])
def test_a_gap(network, data, position):
    end, identity = data.head("lastSeq"), data.head("log")
    done = log(network, f"--after={position(identity, end)}")
    assert (done.returncode, done.stdout) == (65, b"")
    assert f"it is {identity} and ends at {end}" in done.stderr.decode()
    assert network.get(f"/api/events?after={position(identity, end)}").status == 410


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
@pytest.mark.parametrize("position", ["", "x", "-1", ":3", "abc:", "1e3"])
def test_no_position(network, position):
    done = log(network, "--after", position)
    assert (done.returncode, done.stdout) == (64, b"") and b"SEQ or LOG:SEQ" in done.stderr


def follow(stack, after):
    return subprocess.Popen([RUNNER, "admin", "log", "--follow", f"--after={after}"], env=stack.environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_what_comes_later_is_followed(network, data):
    end = data.head("lastSeq")
    process = follow(network, end - 2)
    lines = [process.stdout.readline(), process.stdout.readline()]
    for n in range(3):
        post_trade(network, n)
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20) == (b"", b"") and process.returncode == -signal.SIGTERM
    assert b"".join(lines) == rest(network, end - 2)


def test_a_log_that_becomes_another_is_not_gone_on_with(network, data):
    identity, end = data.head("log"), data.head("lastSeq")
    process = follow(network, end - 1)
    assert process.stdout.readline()
    data.set_head("log", "0123456789abcdef")
    output, errors = process.communicate(timeout=20)
    data.set_head("log", identity)
    assert (output, process.returncode) == (b"", 65)
    assert f"gap: the log {identity} is no more, it is 0123456789abcdef now" in errors.decode()


def test_a_reader_may_leave(network):
    process = follow(network, 0)
    process.stdout.read(100)
    process.stdout.close()
    assert process.wait(20) == 0 and process.stderr.read() == b""


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_output_that_can_t_be_written(network):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([RUNNER, "admin", "log"], env=network.environment(), stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 74 and b"can't write" in done.stderr


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_store_that_goes_away_is_told_with_the_place_to_go_on(network, make_stack, tmp_path):
    with MongoServer(tmp_path) as server:
        stack = make_stack(ITN_STORE=server.uri)
        stack.up()
        post_trade(stack)
        identity = stack.get("/api/trades").field("ITN-Log")
        process = follow(stack, 0)
        assert process.stdout.readline()
        server.freeze()
        output, errors = process.communicate(timeout=20)
        server.thaw()
        stack.down()
    assert (output, process.returncode) == (b"", 69)
    assert f"go on with --after {identity}:1" in errors.decode()
