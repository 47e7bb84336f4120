"""Odd names through every door, numbers in disguise, half HTTP, races: 4xx or plain text, never 5xx."""

import base64
import csv
import io
import json
import socket
from collections import Counter
from urllib.parse import quote

import pytest

from api.bodies import a_cargo, a_trade, created, numbers, problem
from harness.market import in_parallel
from harness.wait import wait_for

JSON = {"Content-Type": "application/json"}
NAMES = [".", "..", "...", "a/b", "a%2Fb", "%", "%25", "a+b", "a b", "a?b#c", "a&b=c", "a;b", "$gt", "a.b", '"q"',
         "'; DROP", "<script>", "=1+1", "@x", "a,b", "a\\b", ":id", "status", "\u03a9", "e\u0301", "a\u2028b",
         "a\u202eb", "\ufeffx", "\U0001f680" * 64, "\U0010ffff", "x" * 64]
NO_QUANTITIES = ["0", "-0", "-0.0", "-1", "1.5", "1e400", "-1e400", "1e-400", "1000000000001", "9007199254740993",
                 "18446744073709551617", "1e999999999999999999999", '"0x10"', '" 10"', '"10 "', '""', '"+10"',
                 '"010"', '"1_0"', '"\u0661\u0660"', '"10\\u0000"', '"1e1000000000000000000000000"', "true",
                 "null", "[10]", "{}"]
DUPLICATES = [
    ('{"buyer":"a","bu\\u0079er":"b"}', "/buyer"),
    ('{"items":[{"name":"a","na\\u006de":"b","quantity":1}]}', "/items/0/name"),
    ('{"items":[],"items":[{"name":"a","quantity":1}]}', "/items"),
]
BODY = json.dumps(a_trade(destination="Raw")).encode()
POST = b"POST /api/trades HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HALF_HTTP = [
    ("HTTP/1.0", POST.replace(b"1.1", b"1.0") + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY, 201),
    ("chunks", CHUNKED + b"5\r\n" + BODY[:5] + b"\r\n%x;x=y\r\n" % len(BODY[5:]) + BODY[5:] +
     b"\r\n0\r\nX: y\r\n\r\n", 201),
    ("a bad chunk", CHUNKED + b"zz\r\n" + BODY, 400),
    ("two lengths", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + BODY, 400),
    ("length and chunks", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("a negative length", POST + b"Content-Length: -1\r\n\r\n", 400),
    ("a length that is too small", POST + b"Content-Length: 5\r\nConnection: close\r\n\r\n" + BODY, 400),
    ("too much in chunks", CHUNKED + b"%x\r\n" % 1100000 + b"x" * 1100000 + b"\r\n0\r\n\r\n", 413),
    ("far too much, asked for first", POST + b"Expect: 100-continue\r\nContent-Length: 3000000\r\n\r\n", 413),
    ("too much for a GET", b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1150000\r\n\r\n" + b"x" * 1150000, 413),
    ("bytes in the path", b"GET /api/cargo/\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("a method nobody knows", b"FOO /api/trades HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    ("many fields", b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 3000 + b"\r\n", 431),
]


@pytest.mark.parametrize("name", NAMES)
def test_names_come_back_by_every_way(api, name):
    segment = quote(name, safe="")
    items = [{"name": name, "quantity": 3}]
    body = a_cargo(shipmentId=name, destination=name, origin=name, location=name, items=items)
    answer = api.post("/api/cargo", body)
    assert created(answer)["items"] == body["items"]
    assert api.get(answer.field("Location")).json()["shipmentId"] == name
    assert api.put(f"/api/cargo/{segment}/status", {"status": "delivered"}, {"Prefer": "wait=10"}).status == 200
    station = api.get(f"/api/inventory/{segment}").json()
    assert station["stationId"] == name
    assert [(item["name"], item["quantity"]) for item in station["items"]] == [(name, 3)]
    for path in ("/api/cargo?shipmentId=", "/api/cargo?destination=", "/api/inventory?stationId="):
        assert [one["_id"] for one in api.get(path + segment).json()] == [name]
    text = api.get(f"/api/cargo?shipmentId={segment}", {"Accept": "text/csv"}).body.decode()
    row, = csv.DictReader(io.StringIO(text, newline=""))
    guarded = "'" + name if name[0] in "=+-@" else name
    assert (row["shipmentId"], row["location"], json.loads(row["items"])) == (guarded, guarded, body["items"])


@pytest.mark.parametrize("text", NO_QUANTITIES)
def test_what_is_no_quantity(api, text):
    body = json.dumps(a_trade()).replace('"quantity": 10', f'"quantity": {text}')
    problem(api.request("POST", "/api/trades", body.encode(), JSON), 400, ["/items/0/quantity"])


@pytest.mark.parametrize("body, pointer", DUPLICATES)
def test_members_given_twice_in_disguise(api, body, pointer):
    faults = problem(api.request("POST", "/api/trades", body, JSON), 400)["errors"]
    assert pointer in [fault["pointer"] for fault in faults if "more than once" in fault["detail"]]


def forged_cursor(kind, time, key):
    """An `after` with a right checksum, which is no secret."""
    place = bytes([kind]) + (time % (1 << 64)).to_bytes(8, "big") + key
    checksum = 2166136261 ^ 0x69746E
    for byte in place:
        checksum = (checksum ^ byte) * 16777619 % (1 << 32)
    return base64.urlsafe_b64encode(place + checksum.to_bytes(4, "big")).decode().rstrip("=")


@pytest.mark.parametrize("kind, path", list(enumerate(["/api/trades", "/api/cargo", "/api/inventory"])))
def test_a_forged_cursor(api, kind, path):
    for time in (-(1 << 63), -1, 253402300800000, (1 << 63) - 1):
        problem(api.get(f"{path}?after={forged_cursor(kind, time, b'x')}"), 400, ["?after"])
    assert api.get(f"{path}?after={forged_cursor(kind, 253402300799999, b'x')}").status == 200


@pytest.mark.parametrize("size, status", [(1 << 20, 201), ((1 << 20) + 1, 413), (1200 * 1024 + 1, 413)])
def test_the_limit_to_the_byte(api, size, status):
    bare = json.dumps(a_trade(pad="", destination="Pad"))
    body = bare.replace('"pad": ""', f'"pad": "{"x" * (size - len(bare))}"')
    assert len(body) == size
    assert api.request("POST", "/api/trades", body, JSON).status == status


@pytest.mark.parametrize("name, sent, status", HALF_HTTP, ids=[case[0] for case in HALF_HTTP])
def test_half_http(api, name, sent, status):
    before = len(api.get("/api/trades?destination=Raw").json())
    answer = api.raw(sent)
    assert answer.status == status, answer
    if status >= 400:
        assert answer.field("Content-Type") == "application/problem+json"
        assert answer.json()["status"] == status
    assert len(api.get("/api/trades?destination=Raw").json()) - before == (status == 201)


def test_a_body_that_stops_half_way_is_not_stored(api):
    with socket.create_connection((api.host, api.port), timeout=20) as s:
        s.sendall(POST + b"Content-Length: %d\r\n\r\n" % (len(BODY) + 1) + BODY.replace(b"Raw", b"Cut"))
        s.shutdown(socket.SHUT_WR)
        while s.recv(65536):
            pass
    assert api.get("/api/trades?destination=Cut").json() == []


@pytest.mark.parametrize("identity", ["a" * 129, 'x" level=error msg="y', "\u00ff", "a b", "\x1b[31m"])
def test_a_request_id_can_not_forge(api, identity):
    answer = api.get("/api/nowhere", {"X-Request-Id": identity.encode("latin-1")})
    assert answer.field("X-Request-Id") not in (None, identity)
    if answer.status == 404:
        assert problem(answer, 404)["requestId"] == answer.field("X-Request-Id")


def test_every_line_of_the_access_log_is_one_request(api):
    for target in ('/api/cargo/"},{"status":200', "/api/cargo/%0a%0d", "/api/cargo/%1b%5b2J", "/api/cargo/\\u000a"):
        api.get(target)
    api.raw(b"GET /api/cargo/\xc2\x9b31m HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    api.get("/api/cargo/last-of-the-log")
    lines = []

    def is_written():
        lines[:] = api.log("access").split("\n")[:-1]
        return any("last-of-the-log" in line for line in lines)

    wait_for(is_written, "the access log is written")
    for line in lines:
        assert set(json.loads(line)) >= {"time", "method", "target", "status", "requestId"}
        assert line.isprintable()


@pytest.mark.parametrize("kind, ends", [("trades", ["completed", "canceled"]), ("cargo", ["delivered"])])
def test_only_one_end_wins_a_race(api, kind, ends):
    body = a_trade(destination=f"Race {next(numbers)}") if kind == "trades" else a_cargo()
    path = f"/api/{kind}/{created(api.post(f'/api/{kind}', body))['_id']}"
    wishes = (ends + ["delayed", "pending"]) * 12

    def wish(status):
        return lambda client: (status, client.put(path + "/status", {"status": status}).status)

    verdicts = in_parallel(api, 16, [wish(status) for status in wishes])
    final = api.get(path).json()["status"]
    assert final in ends
    assert {status for _, status in verdicts} <= {200, 409, 503}
    won = Counter(wished for wished, status in verdicts if status == 200)
    assert won[final] and not any(won[other] for other in ends if other != final)
