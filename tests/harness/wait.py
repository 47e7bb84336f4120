"""Waiting for a condition, and ports to wait on."""

import socket
import time


def wait_for(condition, what, seconds=30.0, pause=0.02):
    """Returns the first true value of condition(), looking every `pause` seconds; fails, naming `what`, when there is
    none in time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0
