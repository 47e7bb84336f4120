"""Peers that break RFC 6455: each is told so or dropped, nothing follows a Close, nobody else notices."""

import random

import pytest

from gateway.parts import BINARY, CLOSE, PING, PONG, TEXT

DROPPED = None  # the connection ends without a Close

# libwebsockets 4.1.6 decides these before our code runs; RFC 6455 says otherwise.
LIBRARY_DECIDES = {
    "a control frame of 126 bytes": DROPPED,
    "a control frame of 65,536 bytes": DROPPED,
    "a close frame of 126 bytes": DROPPED,
    "a length with its highest bit": DROPPED,
    "a close with one byte": "echo",
    "an unmasked text": "works",
    "an unmasked ping": "works",
    "a length of 2 bytes that fits in none": "works",
    "a length of 8 bytes that fits in 2": "works",
    "a close with a reason that is no UTF-8": DROPPED,
}


def code(n, reason=b""):
    return n.to_bytes(2, "big") + reason


# name, frames (arguments of Client.send), what comes of it: a close code, DROPPED, "works" or "echo"
CASES = [
    ("reserved bit 1", [(TEXT, b"x", dict(rsv=4))], 1002),
    ("reserved bit 2", [(TEXT, b"x", dict(rsv=2))], 1002),
    ("reserved bit 3", [(TEXT, b"x", dict(rsv=1))], 1002),
    ("all reserved bits", [(TEXT, b"x", dict(rsv=7))], 1002),
    ("a reserved bit in a ping", [(PING, b"x", dict(rsv=4))], 1002),
    *[(f"opcode {n}", [(n, b"x", {})], 1002) for n in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
    ("a continuation of nothing", [(0, b"x", {})], 1002),
    ("a continuation that goes on from nothing", [(0, b"x", dict(fin=False))], 1002),
    ("a text inside a fragmented text", [(TEXT, b"a", dict(fin=False)), (TEXT, b"b", {})], 1002),
    ("a binary inside a fragmented text", [(TEXT, b"a", dict(fin=False)), (BINARY, b"b", {})], 1002),
    ("a fragment inside a fragmented text", [(TEXT, b"a", dict(fin=False)), (TEXT, b"b", dict(fin=False))], 1002),
    ("a fragmented ping", [(PING, b"x", dict(fin=False))], 1002),
    ("a fragmented pong", [(PONG, b"x", dict(fin=False))], 1002),
    ("a fragmented close", [(CLOSE, code(1000), dict(fin=False))], 1002),
    ("a control frame of 126 bytes", [(PING, b"x" * 126, {})], 1002),
    ("a control frame of 65,536 bytes", [(PING, b"x" * 65536, {})], 1002),
    ("a close frame of 126 bytes", [(CLOSE, code(1000, b"x" * 124), {})], 1002),
    ("a length with its highest bit", [(TEXT, b"", dict(length=(8, 1 << 63)))], 1002),
    ("a length of 2^62", [(TEXT, b"x", dict(length=(8, 1 << 62)))], 1009),
    ("a length of 2^32", [(BINARY, b"x", dict(length=(8, 1 << 32)))], 1009),
    ("a length of 2 bytes that fits in none", [(TEXT, b"abc", dict(length=(2, 3)))], 1002),
    ("a length of 8 bytes that fits in 2", [(TEXT, b"a" * 300, dict(length=(8, 300)))], 1002),
    ("an unmasked text", [(TEXT, b"x", dict(masked=False))], 1002),
    ("an unmasked ping", [(PING, b"x", dict(masked=False))], 1002),
    ("bad UTF-8: a lone continuation byte", [(TEXT, b"\x80", {})], 1007),
    ("bad UTF-8: an overlong slash", [(TEXT, b"\xc0\xaf", {})], 1007),
    ("bad UTF-8: a surrogate", [(TEXT, b"\xed\xa0\x80", {})], 1007),
    ("bad UTF-8: above U+10FFFF", [(TEXT, b"\xf4\x90\x80\x80", {})], 1007),
    ("bad UTF-8: byte 0xff", [(TEXT, b"abc\xffdef", {})], 1007),
    ("bad UTF-8: cut at the end", [(TEXT, b"abc\xe2\x82", {})], 1007),
    ("bad UTF-8: cut in a fragment, not continued",
     [(TEXT, b"\xe2\x82", dict(fin=False)), (0, b"abc", {})], 1007),
    ("bad UTF-8 in a later fragment", [(TEXT, b"abc", dict(fin=False)), (0, b"\xff", {})], 1007),
    ("bad UTF-8 late in a long message", [(TEXT, b"a" * 5000 + b"\xff", {})], 1007),
    ("a close without a code", [(CLOSE, b"", {})], "echo"),
    ("a close with one byte", [(CLOSE, b"\x03", {})], 1002),
    *[(f"a close with {n}", [(CLOSE, code(n), {})], "echo") for n in (1000, 1001, 1003, 1007, 1009, 1011, 3000, 4999)],
    *[(f"a close with {n}, which nobody may send", [(CLOSE, code(n), {})], 1002)
      for n in (0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999)],
    ("a close with a reason", [(CLOSE, code(1000, b"bye \xe2\x82\xac"), {})], "echo"),
    ("a close with a reason of 123 bytes", [(CLOSE, code(1000, b"x" * 123), {})], "echo"),
    ("a close with a reason that is no UTF-8", [(CLOSE, code(1000, b"\xff\xfe"), {})], 1007),
    ("a close, then a ping", [(CLOSE, code(1000), {}), (PING, b"x", {})], "echo"),
    ("a close, then a text", [(CLOSE, code(1000), {}), (TEXT, b"x", {})], "echo"),
    ("a close, then a close", [(CLOSE, code(1000), {}), (CLOSE, code(1001), {})], "echo"),
    ("a message of the largest size", [(TEXT, b"a" * 65536, {})], "works"),
    ("a message above the limit", [(TEXT, b"a" * 65537, {})], 1009),
    ("a binary message above the limit", [(BINARY, b"a" * 65537, {})], 1009),
    ("fragments above the limit", [(TEXT, b"a" * 40000, dict(fin=False)), (0, b"a" * 40000, {})], 1009),
    ("endless fragments", [(TEXT, b"a" * 1000, dict(fin=False))] + [(0, b"a" * 1000, dict(fin=False))] * 100, 1009),
    ("fragments up to the limit", [(TEXT, b"a" * 32768, dict(fin=False)), (0, b"a" * 32768, {})], "works"),
    ("two messages of the largest size", [(TEXT, b"a" * 65536, {})] * 2, "works"),
    ("an empty text", [(TEXT, b"", {})], "works"),
    ("an empty binary", [(BINARY, b"", {})], "works"),
    ("empty fragments", [(TEXT, b"", dict(fin=False))] + [(0, b"", dict(fin=False))] * 50 + [(0, b"", {})], "works"),
    ("a text that is no JSON", [(TEXT, b"hello", {})], "works"),
    ("a subscription", [(TEXT, b'{"op":"subscribe","events":["tradeCreate"]}', {})], "works"),
    ("a binary with any bytes", [(BINARY, bytes(range(256)), {})], "works"),
    ("UTF-8 of every length", [(TEXT, "aé€😀".encode() * 100, {})], "works"),
    ("UTF-8 split between fragments", [(TEXT, b"\xf0\x9f", dict(fin=False)), (0, b"\x98\x80", {})], "works"),
    ("a ping between fragments", [(TEXT, b"a", dict(fin=False)), (PING, b"", {}), (0, b"b", {})], "works"),
    ("a pong between fragments", [(TEXT, b"a", dict(fin=False)), (PONG, b"zz", {}), (0, b"b", {})], "works"),
    ("a pong that nobody asked for", [(PONG, b"hello", {}), (PONG, b"", {})], "works"),
    ("many pings", [(PING, b"%d" % n, {}) for n in range(500)], "works"),
    ("a ping of 125 bytes", [(PING, b"x" * 125, {})], "works"),
    ("a mask of zeros", [(TEXT, b"abc", dict(mask=bytes(4)))], "works"),
]


def events_between_pongs(client, engine):
    new = engine.publish()
    while (received := client.receive())[0] == PONG:
        pass
    return [received[1]] == new


def end_of(client):
    """The payload of the Close that comes, DROPPED without; pongs and events may come before it."""
    while (received := client.receive()) is not None:
        if received[0] == CLOSE:
            return received[1]
        assert received[0] in (PONG, TEXT), received
    return DROPPED


@pytest.mark.parametrize("name,frames,expected", CASES, ids=[c[0] for c in CASES])
def test_frames(gateway, engine, name, frames, expected):
    expected = LIBRARY_DECIDES.get(name, expected)
    with gateway.connect() as other, gateway.connect() as client:
        for opcode, payload, options in frames:
            client.send(opcode, payload, **options)
        if expected == "works":
            assert events_between_pongs(client, engine)
            assert other.events(1) == engine.frames[-1:]
            return
        engine.publish(3)
        closing = end_of(client)
        if expected == "echo":
            assert closing == frames[0][1]
        elif expected is DROPPED:
            assert closing is DROPPED
        else:
            assert closing is not DROPPED, "dropped without a Close"
            assert int.from_bytes(closing[:2], "big") == expected
        assert other.events(3) == engine.frames[-3:]
        assert other.works(engine)
        client.socket.shutdown(1)
        assert client.receive() is None, "something after a Close"


@pytest.mark.parametrize("payload", [b"", b"x", b"\x00\xff" * 62])
def test_a_ping_is_answered_with_its_payload(gateway, payload):
    with gateway.connect() as client:
        client.send(PING, payload)
        assert client.receive() == (PONG, payload)


def test_a_frame_byte_by_byte(gateway, engine):
    with gateway.connect() as client:
        for byte in b"\x89\x83\x00\x00\x00\x00abc":
            client.socket.sendall(bytes([byte]))
        assert client.receive() == (PONG, b"abc")
        assert client.works(engine)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_harm_nobody(gateway, engine, seed):
    source = random.Random(seed)
    with gateway.connect() as other:
        for _ in range(20):
            with gateway.connect() as client:
                try:
                    client.socket.sendall(source.randbytes(source.randrange(1, 4000)))
                except (BrokenPipeError, ConnectionResetError):
                    pass
                if source.random() < 0.5:
                    engine.publish()
        engine.publish()
        assert other.events(engine.last) == engine.frames


def test_a_client_that_vanishes_in_the_middle_of_a_frame(gateway, engine):
    with gateway.connect() as other:
        for cut in range(1, 8):
            with gateway.connect() as client:
                client.socket.sendall(b"\x81\x85\x01\x02\x03\x04abcde"[:cut])
        assert other.works(engine)
