"""A FastCGI client that speaks to one worker without nginx, and says of the client what it likes."""

import os
import socket
import struct
from pathlib import Path

from harness.http import Answer

BEGIN, PARAMS, STDIN, STDOUT, END = 1, 4, 5, 6, 3


def _record(kind, content=b""):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def _pair(name, value):
    lengths = b"".join(struct.pack(">B", len(text)) if len(text) < 128 else struct.pack(">I", len(text) | 1 << 31)
                       for text in (name, value))
    return lengths + name + value


def _connect(path, timeout):
    """The path of a unix socket is short; its folder's may be long."""
    folder = os.open(Path(path).parent, os.O_PATH)
    try:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(f"/proc/self/fd/{folder}/{Path(path).name}")
        return connection
    finally:
        os.close(folder)


def _read_exactly(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        assert more, "the worker closed the connection"
        data += more
    return data


def request(path, method, uri, body=b"", timeout=20, **variables):
    """One request over a connection of its own; `variables` such as REMOTE_ADDR."""
    given = {"REQUEST_METHOD": method, "REQUEST_URI": uri, "REMOTE_ADDR": "127.0.0.1", "CONTENT_LENGTH": str(len(body))}
    params = b"".join(_pair(name.encode(), value.encode()) for name, value in (given | variables).items())
    out = b""
    with _connect(path, timeout) as connection:
        connection.sendall(_record(BEGIN, struct.pack(">HB5x", 1, 0)) + _record(PARAMS, params) + _record(PARAMS) +
                           (_record(STDIN, body) if body else b"") + _record(STDIN))
        while True:
            _, kind, _, length, padding = struct.unpack(">BBHHBx", _read_exactly(connection, 8))
            content = _read_exactly(connection, length + padding)[:length]
            if kind == STDOUT:
                out += content
            elif kind == END:
                break
    head, _, body = out.partition(b"\r\n\r\n")
    fields = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
    return Answer(int(dict(fields)["Status"].split()[0]), fields, body)
