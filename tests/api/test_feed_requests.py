"""Whatever asks for the live feed gets it or a problem; libwebsockets alone would hang up or answer HTML."""

import pytest

PATH = "/api/updates/real-time"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
VERSION = "Sec-WebSocket-Version: 13"
UPGRADE = "Upgrade: websocket"

ASKED = [
    ("plainly", "", [], 101),
    ("with 60 long fields", "", [f"X-{n}: {'x' * 200}" for n in range(60)], 101),
    ("with a cookie of 15,000 bytes", "", ["Cookie: " + "c" * 15000], 101),
    ("with an extension that nobody knows", "", ["Sec-WebSocket-Extensions: " + "e" * 300], 101),
    ("with compression", "", ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99"], 101),
    ("with many extensions", "", ["Sec-WebSocket-Extensions: " + "a," * 3000], 101),
    ("with a long Origin", "", ["Origin: " + "o" * 5000], 101),
    ("with bytes that are no UTF-8", "?station=%ff\udcff", ["Origin: \udcff"], 101),
    ("with a body", "", ["Content-Length: 3"], 101),
    ("with the longest query", "?x=" + "x" * 1998, ["X-Request-Id: " + "i" * 128], 101),
    ("with a query that is too long", "?x=" + "x" * 1999, [], 414),
    ("with too many parameters", "?" + "&" * 33, [], 414),
    ("with bad percent-encoding", "?after=%zz", [], 400),
    ("with half an encoding", "?after=%2", [], 400),
    ("with an encoded NUL", "?after=%00", [], 400),
    ("with an encoded line break", "?station=%0d%0aX:%20y", [], 400),
]

HANDSHAKES = [
    ("no upgrade", [KEY, VERSION], 426),
    ("another protocol", [KEY, VERSION, "Upgrade: h2c"], 426),
    ("a long protocol", [KEY, VERSION, "Upgrade: " + "x" * 5000], 426),
    ("a protocol that is no text", [KEY, VERSION, "Upgrade: \udcff"], 426),
    ("two protocols", [KEY, VERSION, "Upgrade: websocket, h2c"], 101),
    ("capitals", [KEY, VERSION, "Upgrade: WEBSOCKET"], 101),
    ("no version", [KEY, UPGRADE], 426),
    ("version 8", [KEY, UPGRADE, "Sec-WebSocket-Version: 8"], 426),
    ("a long version", [KEY, UPGRADE, "Sec-WebSocket-Version: " + "1" * 5000], 426),
    ("no key", [VERSION, UPGRADE], 400),
    ("a short key", [VERSION, UPGRADE, "Sec-WebSocket-Key: x"], 400),
    ("a long key", [VERSION, UPGRADE, "Sec-WebSocket-Key: " + "x" * 5000], 400),
]


def ask(api, method, target, fields, body=b""):
    lines = [f"{method} {target} HTTP/1.1", "Host: a", "Connection: Upgrade", *fields, "", ""]
    return api.raw("\r\n".join(lines).encode("utf-8", "surrogateescape") + body)


def check(answer, status):
    assert answer.status == status, answer
    assert answer.field("X-Request-Id")
    assert (answer.field("Upgrade") or "").lower() == ("websocket" if status in (101, 426) else "")
    if status == 101:
        return
    assert answer.field("Content-Type") == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["requestId"] == answer.field("X-Request-Id")
    assert problem["type"].startswith(("/problems/", "about:blank")) and problem["title"] and problem["error"]


def names(cases):
    return [case[0] for case in cases]


@pytest.mark.parametrize("name, query, fields, status", ASKED, ids=names(ASKED))
def test_asked_for(api, name, query, fields, status):
    body = b"abc" if name == "with a body" else b""
    check(ask(api, "GET", PATH + query, [KEY, VERSION, UPGRADE, *fields], body), status)


@pytest.mark.parametrize("name, fields, status", HANDSHAKES, ids=names(HANDSHAKES))
def test_handshakes(api, name, fields, status):
    check(ask(api, "GET", PATH, fields), status)


def test_the_problem_names_the_place(api):
    assert api.get(PATH).json()["instance"] == PATH


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE", "FOO"])
def test_other_methods(api, method):
    answer = ask(api, method, PATH, ["Content-Length: 5"], b"hello")
    check(answer, 405)
    assert answer.field("Allow") == "GET, HEAD, OPTIONS"


def test_options(api):
    answer = api.request("OPTIONS", PATH)
    assert (answer.status, answer.field("Allow"), answer.body) == (204, "GET, HEAD, OPTIONS", b"")
    assert answer.field("X-Request-Id")


def test_head(api):
    whole, head = api.get(PATH), api.request("HEAD", PATH)
    assert (head.status, head.body) == (whole.status, b"")
    assert head.field("Content-Length") == whole.field("Content-Length")
