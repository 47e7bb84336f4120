"""itn-admin doctor: each thing that it looks at is broken in turn, and it says so, and nothing else."""

import contextlib
import http.server
import json
import os
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from admin.conftest import post_trade
from admin.raw_store import now_ms, raw_store
from harness.processes import active_engine, holds_write_lock, is_stopped
from harness.wait import free_port, wait_for

CHECKS = ["store", "layout", "disk", "clock", "engine", "redis", "feed", "mail", "rest", "gateway"]
EXIT = {"ok": 0, "warning": 1, "failed": 2}


def doctor(stack, *flags):
    """{name: finding}; the exit status must fit them."""
    done = stack.itn("admin", "doctor", "--json", *flags)
    assert done.stderr == "", done.stderr
    report = json.loads(done.stdout)
    assert [check["name"] for check in report["checks"]] == CHECKS
    worst = max((check["state"] for check in report["checks"]), key=list(EXIT).index)
    assert report["state"] == worst and done.returncode == EXIT[worst]
    assert all(("todo" in check) == (check["state"] != "ok") for check in report["checks"])
    return {check["name"]: check for check in report["checks"]}


def ill(findings):
    """{name: state} of what is not well."""
    return {name: finding["state"] for name, finding in findings.items() if finding["state"] != "ok"}


@contextlib.contextmanager
def engine_stopped(stack):
    """The engine stands still, outside of any transaction, so that it mends nothing."""
    name = active_engine(stack)
    pid = stack.pid(name)

    def stopped():
        stack.freeze(name)
        wait_for(lambda: is_stopped(pid), f"{name} stands still")
        if "ITN_STORE" in stack.settings or not holds_write_lock(pid, stack.folder / "itn.db"):
            return True
        stack.thaw(name)
        return False
    wait_for(stopped, f"{name} stands still outside of a transaction")
    try:
        yield
    finally:
        stack.thaw(name)


@contextlib.contextmanager
def server(*answers):
    """The URL of an HTTP server that gives these in turn: (status, body)."""
    left = list(answers)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = left.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/prefix"
        listening.shutdown()


def test_all_is_well_and_stays_as_it_is(network, data):
    before = data.head("log"), data.head("lastSeq")
    findings = doctor(network)
    assert ill(findings) == {}
    assert f"the log {before[0]} ends at {before[1]}" in findings["store"]["detail"]
    assert (data.head("log"), data.head("lastSeq")) == before


def test_one_line_each(network):
    done = network.itn("admin", "doctor")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and [line.split()[:2] for line in lines] == [[name, "ok"] for name in CHECKS]


@pytest.mark.parametrize("harm", ["drop_some_index", "change_some_index"])
def test_an_index_is_not_as_it_should_be_and_the_remedy_works(network, data, harm):
    getattr(data, harm)()
    findings = doctor(network)
    assert ill(findings) == {"layout": "failed"}
    assert data.some_index in findings["layout"]["detail"]
    data.mend(findings["layout"]["todo"])
    assert ill(doctor(network)) == {}


def test_a_newer_schema_is_refused(network, data):
    with data.newer_schema():
        findings = doctor(network)
    assert findings["store"]["state"] == "failed" and "99" in findings["store"]["detail"]
    for name in "layout", "disk", "clock", "engine", "feed", "mail":
        assert (findings[name]["state"], findings[name]["todo"]) == ("failed", "See the line of the store.")
    assert {name: findings[name]["state"] for name in ("redis", "rest", "gateway")} == \
        {"redis": "ok", "rest": "ok", "gateway": "ok"}


def test_a_log_that_ends_in_the_future(network, data):
    before = data.head("loggedAt")
    data.set_head("loggedAt", now_ms() + 3600_000)
    findings = doctor(network)
    data.set_head("loggedAt", before)
    assert ill(findings) == {"clock": "warning"} and "min from now" in findings["clock"]["detail"]


def test_an_engine_that_stands_still(network):
    with engine_stopped(network):
        post_trade_without_waiting(network)
        findings = doctor(network)
    assert ill(findings) == {"engine": "failed"}
    assert "was silent for" in findings["engine"]["detail"] and "1 entries wait" in findings["engine"]["detail"]
    wait_for(lambda: not ill(doctor(network)), "it is active again")


def test_nobody_has_the_lease(network, data):
    with engine_stopped(network):
        holder = data.head("holder")
        data.set_head("holder", "")
        findings = doctor(network, "--lease-ms=200")
        data.set_head("holder", holder)
    assert ill(findings) == {"engine": "failed"} and "no engine is active" in findings["engine"]["detail"]


def post_trade_without_waiting(stack):
    assert stack.post("/api/trades", {"buyer": "b", "buyerEmail": "b@example.org", "seller": "s",
                                      "sellerEmail": "s@example.org", "destination": "Mars",
                                      "items": [{"name": "Tea", "quantity": 1}]}).status == 201


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_redis_does_not_answer(network):
    network.freeze("redis")
    try:
        findings = doctor(network)
    finally:
        network.thaw("redis")
    assert ill(findings) == {"redis": "failed", "feed": "failed"}
    assert "no answer in time" in findings["redis"]["detail"]
    wait_for(lambda: not ill(doctor(network)), "all is well again")


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
@pytest.mark.parametrize("harm, told", [
    pytest.param(lambda stack, key, end: stack.redis("SET", key("log"), "0123456789abcdef"),
                 "the feed of another log, 0123456789abcdef", id="another log's"),
    pytest.param(lambda stack, key, end: stack.redis("XADD", key("stream"), f"{end + 7}-0", "f", "{}"),
                 "behind the log's end", id="ahead"),
    pytest.param(lambda stack, key, end: (stack.redis("DEL", key("stream")),
                                          stack.redis("XADD", key("stream"), f"{end - 1}-0", "f", "{}")),
                 "1 events late", id="late"),
    pytest.param(lambda stack, key, end: stack.redis("DEL", key("stream")), "no recent feed", id="lost"),
])
def test_a_feed_that_is_not_the_log_s(network, harm, told):
    with raw_store(network) as data, engine_stopped(network):
        harm(network, lambda name: f"itn:{name}", data.head("lastSeq"))
        findings = doctor(network, "--lease-ms=200")
    assert ill(findings) == {"engine": "failed", "feed": "failed"}
    assert told in findings["feed"]["detail"]
    wait_for(lambda: not ill(doctor(network)), "the engine has mended it")


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
@pytest.mark.parametrize("settings, told", [
    ({"maxmemory": "1gb", "maxmemory-policy": "allkeys-lru"}, "may evict the recent feed (allkeys-lru)"),
    ({"maxmemory": "1mb", "maxmemory-policy": "noeviction"}, "of 1 MB"),
])
def test_a_redis_that_is_not_set_up_well(network, settings, told):
    for name, value in settings.items():
        network.redis("CONFIG", "SET", name, value)
    post_trade(network)
    findings = doctor(network)
    network.redis("CONFIG", "SET", "maxmemory", "0")
    network.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert findings["redis"]["state"] == "warning" and told in findings["redis"]["detail"]
    if settings["maxmemory"] == "1mb":
        assert "1 events late" in findings["feed"]["detail"] and "used memory > 'maxmemory'" in network.log("itn-engine-1")
    wait_for(lambda: not ill(doctor(network)), "what was not published is")


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
@pytest.mark.parametrize("answers, told", [
    pytest.param([(502, b""), (502, b"")], {"rest": "no itn-api (502)", "gateway": "no itn-gateway (502)"}, id="502"),
    pytest.param([(503, b'{"status":"not ready","reasons":["store: gone","engine: silent"]}'), (404, b"")],
                 {"rest": "not ready (503): store: gone; engine: silent", "gateway": "with 404"}, id="503"),
    pytest.param([(503, b"<html>\xff"), (200, b"")], {"rest": "not ready (503)", "gateway": "with 200"}, id="no JSON"),
])
def test_what_nginx_may_answer(network, answers, told):
    with server(*answers) as url:
        findings = doctor(network, f"--api-url={url}")
    assert ill(findings) == {"rest": "failed", "gateway": "failed"}
    assert all(words in findings[name]["detail"] for name, words in told.items())


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_no_nginx(network):
    findings = doctor(network, f"--api-url=http://127.0.0.1:{free_port()}")
    assert ill(findings) == {"rest": "failed", "gateway": "failed"}
    assert "Connection refused" in findings["rest"]["detail"]


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_database_that_others_have_locked(network):
    with contextlib.closing(sqlite3.connect(network.folder / "itn.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        findings = doctor(network)
        db.execute("ROLLBACK")
    assert findings["store"]["state"] == "failed" and "can't be written" in findings["store"]["detail"]
    wait_for(lambda: not ill(doctor(network)), "all is well again")


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_no_database_is_made(network, tmp_path):
    findings = doctor(network, f"--store=sqlite:{tmp_path}/none.db")
    assert findings["store"]["state"] == "failed" and "none.db" in findings["store"]["detail"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_no_password_is_told(network):
    uri = f"mongodb://ada:secret@127.0.0.1:{free_port()}/"
    done = network.itn("admin", "doctor", f"--store={uri}", "--store-timeout-ms=200")
    assert done.returncode == 2 and "secret" not in done.stdout + done.stderr
    assert "store    failed   MongoDB does not answer" in done.stdout


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
@pytest.mark.parametrize("arguments, status, told", [
    ([], 64, "which command?"),
    (["operate"], 64, "no command 'operate'"),
    (["doctor", "now"], 64, "'now' is one word too many"),
    (["doctor", "--after=1"], 64, "doctor has no option --after"),
    (["doctor", "--json=yes"], 64, "--json takes no value"),
    (["log", "--after"], 64, "--after needs a value"),
    (["resend"], 64, "resend needs ID"),
    (["resend", "a", "b"], 64, "'b' is one word too many"),
    (["notifications", "--status=late"], 64, "unsent, queued, sent or dead, not 'late'"),
    (["doctor", "--lease-ms=soon"], 78, "ITN_LEASE_MS (--lease-ms) must be a number"),
    (["doctor", "--threads=4"], 78, "--threads=4 is no flag of this program"),
])
def test_a_wrong_command_line(network, arguments, status, told):
    done = network.itn("admin", *arguments)
    assert (done.returncode, done.stdout) == (status, "") and told in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_and_version():
    program = Path(os.environ["ITN_BUILD"]) / "itn-admin"
    for flag, begin in ("--help", "itn-admin - "), ("--version", "itn-admin "):
        done = subprocess.run([program, flag], capture_output=True, text=True,
                              env={**os.environ, "MONGOC_DISABLE_SHM": "1"})
        assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(begin)
