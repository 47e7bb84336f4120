"""/readyz?verbose of the running stack: words that stay the same, for the worker and for what it sees of its host."""

import fcntl
import re

import pytest

from conftest import STORES
from harness.stack import ROOT, Stack
from harness.wait import wait_for

WORDS = re.findall(r'^(?:REASON|SEEN)\(\w+, "([a-z-]+)"', (ROOT / "src/api/readiness.def").read_text(), re.MULTILINE)


@pytest.fixture(scope="module", params=STORES)
def stack(request, tmp_path_factory):
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp("readiness") / "stack", store_uri=uri)
    stack.up()
    yield stack
    stack.close()


def host(stack):
    """{name: reason or None} of what one worker sees; it is ready all the same."""
    answer = stack.get("/readyz?verbose")
    assert answer.status == 200 and answer.json()["status"] == "ready", answer
    assert all(check["ready"] for check in answer.json()["checks"])
    return {seen["name"]: seen.get("reason") for seen in answer.json()["host"]}


def test_all_is_well(stack):
    wait_for(lambda: set(host(stack).values()) == {None}, "all is well")
    assert list(host(stack)) == ["redis", "engine", "log", "feed", "clock", "schema", "gateway"]
    details = {seen["name"]: seen.get("detail") for seen in stack.get("/readyz?verbose").json()["host"]}
    assert details["engine"] == "itn-engine-1 has the lease"
    assert details["schema"].startswith("the store has ")
    assert details["clock"].startswith("the store's clock is ahead by ")


def test_redis_that_is_away_makes_no_worker_unready(stack):
    wait_for(lambda: set(host(stack).values()) == {None}, "all is well")
    stack.freeze("redis")
    wait_for(lambda: (lambda seen: seen["gateway"] == "gateway-behind")(host(stack)), "the gateway is seen behind")
    stack.wait_restarted("redis", stack.kill("redis"))
    wait_for(lambda: set(host(stack).values()) == {None}, "all is well again")


def test_who_is_gone_is_not_seen(stack):
    """The supervisor is stopped, so that it starts nothing again meanwhile."""
    stack.freeze("supervisor")
    try:
        stack.kill("itn-engine-1")
        stack.kill("itn-gateway")
        wait_for(lambda: (lambda seen: (seen["engine"], seen["gateway"]) == ("engine-absent", "gateway-absent"))(host(stack)),
                 "they are seen no longer")
    finally:
        stack.thaw("supervisor")
    wait_for(lambda: set(host(stack).values()) == {None}, "all is well again")


def test_a_store_that_refuses_makes_the_worker_unready(make_stack):
    stack = make_stack(ITN_STORE_TIMEOUT_MS=200)
    stack.up()
    with open(stack.folder / "itn.db-lock", "r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX, 2)
        answer = wait_for(lambda: (lambda a: a.status == 503 and a)(stack.get("/readyz?verbose")), "a worker is not ready")
    assert answer.json()["reasons"] == ["store-unavailable"]
    assert answer.json()["checks"][0]["reason"] == "store-unavailable"
    assert "can't be written" in answer.json()["checks"][0]["detail"]
    assert set(answer.json()["reasons"]) <= set(WORDS)
    wait_for(stack.is_ready, "it is ready again")
