"""The supervisor's watchdog: each daemon feeds it while it does what it is for, and only then."""

import os
import signal
import time

import pytest

from harness.daemon import Daemon

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


def test_an_engine_that_stands_by_for_long_feeds_it(tmp_path):
    """It looks at the lease every 6 s, and feeds in between."""
    with Daemon("itn-engine", tmp_path, **settings(tmp_path)):
        with Daemon("itn-engine", tmp_path, **settings(tmp_path, WATCHDOG_USEC=USEC)) as standby:
            assert "lease taken" not in standby.log().split("msg=ready")[-1]
            assert feeds(standby, 1.2) >= 3
