"""Clients that hold connections open, or send endless header fields, delay nobody else.

Quiet and attacked phases take turns, so that a busy machine is busy in both; what counts is the middle one of each kind."""

import contextlib
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

PHASES = 7
PHASE_REQUESTS = 300
# What the scheduler of a small busy machine adds now and then is no sign of anything.
NOISE = 0.001
ATTACKER = Path(__file__).with_name("attacker.py")


def p99(client):
    times = []
    for _ in range(PHASE_REQUESTS):
        began = time.perf_counter()
        assert client.get("/readyz").status == 200
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) * 99 // 100]


@contextlib.contextmanager
def attack(name, port):
    attacker = subprocess.Popen([sys.executable, ATTACKER, name, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert attacker.stdout.readline() == b"ready\n"
        yield
        assert attacker.poll() is None, "the attack ended by itself"
    finally:
        attacker.stdin.close()
        attacker.stdout.close()
        assert attacker.wait(70) == 0


@pytest.mark.parametrize("name", ["slow-loris", "header-flood"])
def test_others_are_served_as_before(deployment, name):
    quiet, attacked = [], []
    client = deployment.client()
    p99(client)
    for _ in range(PHASES):
        quiet.append(p99(client))
        with attack(name, deployment.https if name == "slow-loris" else deployment.local):
            attacked.append(p99(client))
    client.close()
    before, during = statistics.median(quiet), statistics.median(attacked)
    print(f"{name}: p99 {before * 1000:.2f} ms quiet, {during * 1000:.2f} ms attacked")
    assert during <= 2 * before + NOISE


def test_a_header_that_never_ends_is_refused(deployment):
    with deployment.tls.wrap_socket(deployment.dial(), server_hostname="itn.example.org") as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        with contextlib.suppress(OSError):
            for n in range(200):
                connection.sendall(b"X-%d: %s\r\n" % (n, b"a" * 1000))
        assert connection.recv(1000).startswith(b"HTTP/1.1 431 ")


def test_a_slow_header_is_given_up_in_time(deployment):
    """client_header_timeout counts from the first byte to the last: dripping does not help."""
    with deployment.dial(deployment.local) as connection:
        began = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        connection.settimeout(0.25)
        while time.monotonic() < began + 30:
            try:
                if not connection.recv(1):
                    break
            except TimeoutError:
                with contextlib.suppress(OSError):
                    connection.sendall(b"a")
            except OSError:
                break
        assert 10 < time.monotonic() - began < 20
