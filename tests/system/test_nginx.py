"""What nginx itself answers, and what it passes on."""

import collections
import signal
import threading

import pytest

from harness.stack import Stack
from harness.wait import wait_for

SHAPE = {"type", "title", "status", "detail", "requestId", "error"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("nginx") / "stack")
    stack.up()
    yield stack
    stack.close()


@pytest.mark.parametrize("name, request_bytes, status", [
    ("not HTTP", b"garbage\r\n\r\n", 400),
    ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("bad percent-encoding in the path", b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("two lengths", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    ("a body far over the limit", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
    ("a long target", b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    ("a long field", b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20000 + b"\r\n\r\n", 431),
    ("unknown transfer coding", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: foo\r\n\r\n", 400),
    ("unknown version", b"GET / HTTP/3.1\r\nHost: a\r\n\r\n", 400),
    ("the name of the problem page", b"GET /.itn/problem HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
], ids=lambda value: value if isinstance(value, str) else "")
def test_own_errors_are_problems(running, name, request_bytes, status):
    answer = running.raw(request_bytes)
    assert answer.status == status
    assert answer.field("Content-Type") == "application/problem+json"
    problem = answer.json()
    assert set(problem) == SHAPE | ({"message"} if status == 404 else set())
    assert problem["status"] == status
    assert answer.field("X-Request-Id") == problem["requestId"]


@pytest.mark.parametrize("path, status, allow", [
    ("/api/trades", 405, "GET, HEAD, OPTIONS, POST"),
    ("/api/trades?limit=1", 405, "GET, HEAD, OPTIONS, POST"),
    ("/api/cargo/SH%2F1/status", 405, "OPTIONS, PATCH, PUT"),
    ("/livez", 405, "GET, HEAD, OPTIONS"),
    ("/api/updates/real-time", 405, "GET, HEAD, OPTIONS"),
    ("/nothing", 404, None),
])
@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_trace_and_connect_are_refused(running, method, path, status, allow):
    answer = running.raw(f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert answer.status == status
    assert answer.field("Content-Type") == "application/problem+json"
    allowed = answer.field("Allow")
    assert (", ".join(sorted(allowed.split(", "))) if allowed else None) == allow
    assert answer.field("X-Request-Id") == answer.json()["requestId"]


def test_trace_without_workers_is_a_problem(make_stack):
    stack = make_stack(ITN_API_PROCESSES=1)
    stack.up()
    stack.freeze("supervisor")
    stack.kill("itn-api-1")
    answer = stack.raw(b"TRACE /api/trades HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    stack.thaw("supervisor")
    assert answer.status == 502
    assert answer.json()["status"] == 502


def test_a_request_id_comes_back(running):
    assert running.get("/livez", {"X-Request-Id": "my.id-1"}).field("X-Request-Id") == "my.id-1"


def test_a_request_id_is_in_the_problem(running):
    answer = running.get("/.itn/problem", {"X-Request-Id": "my.id-1"})
    assert answer.status == 404
    assert answer.json()["requestId"] == "my.id-1"


def test_a_bad_request_id_is_replaced(running):
    answer = running.get("/livez", {"X-Request-Id": 'a"b'})
    assert answer.status == 200
    assert '"' not in answer.field("X-Request-Id")


def test_the_version_of_nginx_is_not_told(running):
    assert running.get("/livez").field("Server") == "nginx"


def test_other_subprotocols_do_not_break_the_connection(running):
    with running.feed(subprotocols=["soap", "itn.batch"]) as feed:
        assert feed.subprotocol == "itn.batch"
    with running.feed(subprotocols=["soap"]) as feed:
        assert feed.subprotocol is None


def test_a_dead_worker_is_passed_over(make_stack):
    stack = make_stack()
    stack.up()
    for _ in range(3):
        old = stack.kill("itn-api-1")
        assert [stack.get("/livez").status for _ in range(20)] == [200] * 20
        stack.wait_restarted("itn-api-1", old)


def test_workers_that_restart_in_turn_lose_no_request(make_stack):
    stack = make_stack()
    stack.up()
    done = threading.Event()
    statuses = collections.Counter()

    def work(method):
        client = stack.new_client()
        while not done.is_set():
            statuses[method, client.request(method, "/livez").status] += 1
        client.close()

    workers = [threading.Thread(target=work, args=(method,)) for method in ["GET", "POST"] * 4]
    for worker in workers:
        worker.start()
    for name in ["itn-api-1", "itn-api-2"] * 3:
        stack.wait_restarted(name, stack.signal(name, signal.SIGTERM))
        wait_for((stack.folder / "run" / f"{name}.sock").exists, "it listens again")
    done.set()
    for worker in workers:
        worker.join()
    assert set(statuses) == {("GET", 200), ("POST", 405)}
