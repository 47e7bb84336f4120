"""What is no WebSocket request gets a problem document; what is one gets 101, with any subprotocol."""

import asyncio
import json

import pytest
import websockets

from gateway.parts import PATH, Client

UPGRADES = [
    # name, request, status
    ("plain GET", dict(without=["Upgrade", "Connection"]), 426),
    ("GET with a query", dict(path=PATH + "?a=b", without=["Upgrade", "Connection"]), 426),
    ("POST", dict(method="POST", without=["Upgrade", "Connection"], Content_Length="0"), 405),
    ("DELETE", dict(method="DELETE", without=["Upgrade", "Connection"]), 405),
    ("another path", dict(path="/api/updates", without=["Upgrade", "Connection"]), 404),
    ("the path with more", dict(path=PATH + "/x", without=["Upgrade", "Connection"]), 404),
    ("the root", dict(path="/", without=["Upgrade", "Connection"]), 404),
    ("POST elsewhere", dict(method="POST", path="/api/trades", without=["Upgrade", "Connection"],
                            Content_Length="0"), 404),
    ("upgrade of another path", dict(path="/chat"), 404),
    ("upgrade by POST", dict(method="POST", Content_Length="0"), 405),
    ("upgrade to h2c", dict(Upgrade="h2c"), 426),
    ("no Host", dict(without=["Host"]), 400),
    ("no key", dict(without=["Sec-WebSocket-Key"]), 400),
    ("a short key", dict(Sec_WebSocket_Key="AAAA"), 400),
    ("a key that is no base64", dict(Sec_WebSocket_Key="!" * 22 + "=="), 400),
    ("a long key", dict(Sec_WebSocket_Key="A" * 300), 400),
    ("no version", dict(without=["Sec-WebSocket-Version"]), 426),
    ("version 8", dict(Sec_WebSocket_Version="8"), 426),
    ("version 13x", dict(Sec_WebSocket_Version="13x"), 426),
    ("no Connection", dict(without=["Connection"]), 400),
    ("Connection without upgrade", dict(Connection="keep-alive"), 400),
    ("a subprotocol that is no token", dict(Sec_WebSocket_Protocol="a b@c"), 400),
    ("a subprotocol of 63 characters", dict(Sec_WebSocket_Protocol="p" * 63), 400),
    ("upgrade", dict(), 101),
    ("upgrade with a query", dict(path=PATH + "?token=x&y"), 101),
    ("upgrade in other letters", dict(Upgrade="WebSocket", Connection="keep-alive, UPGRADE"), 101),
    ("an extension offered", dict(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits"), 101),
    ("a browser's fields", dict(Origin="https://example.org", Cookie="a=b; c=d", User_Agent="x" * 500), 101),
]


@pytest.mark.parametrize("request_fields,status", [c[1:] for c in UPGRADES], ids=[c[0] for c in UPGRADES])
def test_answers(gateway, engine, request_fields, status):
    with Client(gateway.path, handshake=Client.upgrade(**request_fields)) as client:
        got, head = client.read_head()
        assert got == status, head
        if status == 101:
            assert "sec-websocket-extensions" not in head.lower()
            assert client.works(engine)
            return
        problem = json.loads(client.rest())
        assert problem["status"] == status and problem["error"] and problem["title"]
        assert problem["type"].startswith("/problems/") and len(problem["requestId"]) == 32
        assert "application/problem+json" in head
        assert ("message" in problem) == (status == 404)
        assert status != 405 or "allow: GET" in head
        assert status != 426 or "upgrade: websocket" in head or "sec-websocket-version: 13" in head


@pytest.mark.parametrize("offered,chosen", [
    ("chat", "chat"), ("itn.batch-x", "itn.batch-x"), ("graphql-ws, chat", "graphql-ws"), ("a,b", "a"),
    ("itn", "itn"), ("itn-fill", "itn-fill"), ("v1.soap", "v1.soap"), ("p" * 62, "p" * 62),
])
def test_any_subprotocol_connects(gateway, engine, offered, chosen):
    with gateway.connect() as plain, gateway.connect(
            handshake=Client.upgrade(Sec_WebSocket_Protocol=offered)) as client, gateway.connect() as later:
        status, head = client.read_head()
        assert status == 101
        assert f"\r\nSec-WebSocket-Protocol: {chosen}\r\n" in head + "\r\n"
        assert "Protocol:" not in plain.head + later.head
        new = engine.publish(2)
        for each in plain, client, later:
            assert each.events(2) == new


def test_head_has_no_body(gateway):
    request = Client.upgrade(method="HEAD", without=["Upgrade", "Connection"])
    with Client(gateway.path, handshake=request) as client:
        status, _ = client.read_head()
        assert status == 426
        assert client.rest() == b""


@pytest.mark.parametrize("request_bytes", [
    b"", b"\r\n\r\n", b"\x00" * 100, b"GET", b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET " + b"/a" * 5000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 20000 + b"\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nUpgrade: foo\r\nConnection: upgrade\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 2000 + b"\r\n", b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
])
def test_what_is_no_request_harms_nobody(gateway, engine, request_bytes):
    with gateway.connect() as client:
        with Client(gateway.path, handshake=request_bytes) as other:
            other.socket.shutdown(1)
            assert b" 101 " not in other.rest()
        assert client.works(engine)


def test_a_known_client_library_connects(gateway, engine):
    async def watch():
        async with websockets.unix_connect(gateway.path, f"ws://localhost{PATH}", subprotocols=["any"]) as ws:
            new = engine.publish(3, 70000)
            assert [(await ws.recv()).encode() for _ in range(3)] == new
            await (await ws.ping())

    asyncio.run(watch())
