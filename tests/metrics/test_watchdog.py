"""The supervisor's watchdog: each daemon feeds it while it does what it is for, and only then."""

import fcntl
import json
import os
import signal
import threading
import time
from contextlib import ExitStack

import pytest

from harness import fcgi
from harness.daemon import Daemon
from harness.exposition import parse
from harness.threads import all_but_the_first_stopped
from harness.wait import wait_for

USEC = 400_000


def feeds(daemon, seconds):
    """How often the watchdog is fed in this time."""
    count, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        count += daemon.told(left) == ["WATCHDOG=1", ""]
    return count


def settings(tmp_path, **more):
    return {"ITN_REDIS": "unix:no.sock", "ITN_GATEWAY_LISTEN": "unix:gateway.sock", "ITN_API_URL": "http://127.0.0.1:9",
            "ITN_LEASE_MS": 60000} | more


@pytest.mark.parametrize("program", ["itn-api", "itn-engine", "itn-gateway"])
def test_an_idle_daemon_feeds_it_in_time(tmp_path, program):
    """Redis is away, nothing is to be done: at least once in the watchdog's time, not many times more."""
    with Daemon(program, tmp_path, **settings(tmp_path, WATCHDOG_USEC=USEC)) as daemon:
        assert 3 <= feeds(daemon, 1.2) <= 15
        os.kill(daemon.process.pid, signal.SIGSTOP)
        feeds(daemon, 0.2)
        assert feeds(daemon, 1.0) == 0
        os.kill(daemon.process.pid, signal.SIGCONT)
        assert feeds(daemon, 1.0) >= 1


@pytest.mark.parametrize("program", ["itn-api", "itn-engine", "itn-gateway"])
@pytest.mark.parametrize("more", [{}, {"WATCHDOG_USEC": USEC, "WATCHDOG_PID": "1"}])
def test_nobody_is_told_who_does_not_watch(tmp_path, program, more):
    with Daemon(program, tmp_path, **settings(tmp_path, **more)) as daemon:
        assert feeds(daemon, 0.7) == 0


def busy_threads(watcher):
    """Of the worker that the test is about, as another one of its host sees it."""
    metrics = parse(fcgi.request(watcher.socket, "GET", "/metrics").body.decode())
    return metrics.value("itn_http_busy_threads", process="stuck")


def post(worker, answers):
    body = json.dumps({"shipmentId": f"S-{len(answers)}-{time.monotonic_ns()}", "emailId": "a@example.org", "destination": "Mars",
                       "items": [{"name": "Water", "quantity": 1}]}).encode()
    answers.append(fcgi.request(worker.socket, "POST", "/api/cargo", body, CONTENT_TYPE="application/json").status)


def test_a_worker_whose_threads_are_all_stuck_in_the_store_is_not_fed(tmp_path):
    """The write lock is another's, so both threads wait for it; there they are stopped, while the thread that accepts goes on."""
    stuck_settings = settings(tmp_path, ITN_METRICS_DIR=".", ITN_INSTANCE="stuck", ITN_THREADS=2, ITN_STORE_TIMEOUT_MS=2000,
                              WATCHDOG_USEC=USEC)
    watching = settings(tmp_path, ITN_METRICS_DIR=".", ITN_API_LISTEN="unix:watcher.sock")
    with ExitStack() as running:
        worker = running.enter_context(Daemon("itn-api", tmp_path, **stuck_settings))
        watcher = running.enter_context(Daemon("itn-api", tmp_path, **watching))
        watcher.socket = tmp_path / "watcher.sock"
        lock = running.enter_context(open(tmp_path / "itn.db-lock", "r+b"))
        fcntl.lockf(lock, fcntl.LOCK_EX, 2)
        answers = []
        requests = [threading.Thread(target=post, args=(worker, answers)) for _ in range(2)]
        for request in requests:
            request.start()
        wait_for(lambda: busy_threads(watcher) == 2, "both threads are at work", pause=0.05)
        try:
            with all_but_the_first_stopped(worker.process.pid):
                assert not answers
                wait_for(lambda: feeds(worker, 1.2) == 0, "nobody feeds the watchdog")
        except PermissionError as refused:
            pytest.skip(f"threads can't be stopped one by one here: {refused}")
        finally:
            for request in requests:
                request.join()
        assert answers == [503, 503]
        assert feeds(worker, 1.2) >= 2


def test_an_engine_that_stands_by_for_long_feeds_it(tmp_path):
    """It looks at the lease every 6 s, and feeds in between."""
    with Daemon("itn-engine", tmp_path, **settings(tmp_path)):
        with Daemon("itn-engine", tmp_path, **settings(tmp_path, WATCHDOG_USEC=USEC)) as standby:
            assert "lease taken" not in standby.log().split("msg=ready")[-1]
            assert feeds(standby, 1.2) >= 3
