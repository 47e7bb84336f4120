"""What the metrics say while the daemons are at work: events, leases, clients, Redis, the store."""

import fcntl
import threading
from contextlib import ExitStack

import pytest

from conftest import STORES
from harness.exposition import scrape
from harness.stack import Stack
from harness.wait import wait_for

CLIENTS = 3


@pytest.fixture(scope="module", params=STORES)
def stack(request, tmp_path_factory):
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp("daemons") / "stack", store_uri=uri, ITN_ENGINE_PROCESSES=2,
                  ITN_LEASE_MS=1000 if uri else 300)
    stack.up()
    yield stack
    stack.close()


def post_trades(stack, count, destination="Nowhere"):
    for _ in range(count):
        answer = stack.post("/api/trades", {
            "buyer": "Ada", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
            "items": [{"name": "Dilithium", "quantity": 10}], "destination": destination}, {"Prefer": "wait=10"})
        assert answer.status == 201, answer


def last_seq(stack):
    return int(stack.get("/api/events?limit=1").field("ITN-Seq"))


def lease_holders(metrics):
    return [labels["process"] for labels, held in metrics.all("itn_engine_lease_held") if held]


def settled(stack):
    """A scrape that shows the log as it stands, with nothing left to publish or to send."""
    def look():
        metrics, seq = scrape(stack), last_seq(stack)
        there = metrics.sum("itn_log_last_seq") == seq and metrics.value("itn_gateway_last_seq") == seq
        lags = [lag for _, lag in metrics.all("itn_publication_lag_events")]
        return there and lags == [0] and metrics
    return wait_for(look, "the metrics show where the log ends")


def test_the_log_is_counted_from_its_beginning_to_its_end(stack):
    post_trades(stack, 5)
    metrics = settled(stack)
    seq = last_seq(stack)
    assert seq >= 5
    assert metrics.sum("itn_engine_events_total") == metrics.sum("itn_publications_total") == seq
    assert metrics.sum("itn_engine_batch_size_sum") == metrics.sum("itn_engine_lag_seconds_count") == seq
    assert metrics.sum("itn_engine_batch_duration_seconds_count") == metrics.sum("itn_engine_batch_size_count") > 0
    assert metrics.sum("itn_gateway_events_total") == seq
    # A worker that is asked whether it is ready may try to write.
    assert metrics.sum("itn_store_round_size_sum") >= seq
    assert metrics.sum("itn_store_round_duration_seconds_count") == metrics.sum("itn_store_round_size_count") > 0


def test_only_the_engine_that_works_shows_the_outbox(stack):
    metrics = settled(stack)
    holders = lease_holders(metrics)
    assert len(holders) == 1 and len(metrics.all("itn_engine_lease_held")) == 2
    for name in ("itn_outbox_entries", "itn_outbox_oldest_seconds", "itn_engine_jobs"):
        assert metrics.all(name) == [({"process": holders[0]}, 0)], name


def test_a_stopped_engine_loses_the_lease_and_says_so(stack):
    """What is written while both are stopped waits, and is counted as late."""
    active = lease_holders(settled(stack))[0]
    standby = ({"itn-engine-1", "itn-engine-2"} - {active}).pop()
    stack.freeze(standby)
    stack.freeze(active)
    for n in range(3):
        assert stack.post("/api/cargo", {"shipmentId": f"W-{active}-{n}", "emailId": "a@example.org", "destination": "Mars",
                                         "items": [{"name": "Water", "quantity": 1}]}).status == 201
    stack.thaw(standby)
    wait_for(lambda: standby in lease_holders(scrape(stack)), "the other engine has taken the lease")
    assert scrape(stack).value("itn_engine_leases_total", process=standby) >= 1
    stack.thaw(active)
    wait_for(lambda: lease_holders(scrape(stack)) == [standby], "the stopped engine has stepped down")
    metrics = settled(stack)
    assert metrics.value("itn_engine_leases_lost_total", process=active) >= 1
    assert metrics.value("itn_engine_lag_seconds_count", process=standby) >= 3
    # Nobody takes over before the lease's time is over.
    slow = metrics.value("itn_engine_lag_seconds_bucket", process=standby, le="0.1")
    assert metrics.value("itn_engine_lag_seconds_count", process=standby) - slow >= 3


def test_a_killed_engine_hands_the_lease_on(stack):
    active = lease_holders(settled(stack))[0]
    stack.wait_restarted(active, stack.kill(active))
    wait_for(lambda: (lambda m: len(lease_holders(m)) == 1 and len(m.all("itn_engine_lease_held")) == 2)(scrape(stack)),
             "one of two engines has the lease")
    post_trades(stack, 1)
    settled(stack)


def test_clients_are_counted_while_they_are_there(stack):
    before = settled(stack)
    with ExitStack() as open_ones:
        feeds = [open_ones.enter_context(stack.feed()) for _ in range(CLIENTS)]
        wait_for(lambda: scrape(stack).value("itn_gateway_connections") == CLIENTS, "the clients are shown")
        feeds[0].send("x" * 1000)
        post_trades(stack, 2)
        frames = [[feed.recv(timeout=20) for _ in range(2)] for feed in feeds]
    size = sum(len(frame.encode()) for each in frames for frame in each)
    wait_for(lambda: scrape(stack).value("itn_gateway_connections") == 0, "the clients are gone")
    after = settled(stack)

    def grown(name, **labels):
        return after.sum(name, **labels) - before.sum(name, **labels)

    assert grown("itn_gateway_handshakes_total") == CLIENTS
    assert grown("itn_gateway_messages_total") == 2 * CLIENTS
    assert grown("itn_gateway_received_bytes_total") == 1000
    # Each frame has a head of two or four bytes.
    assert size + 2 * 2 * CLIENTS <= grown("itn_gateway_sent_bytes_total") <= size + 2 * 4 * CLIENTS
    assert grown("itn_gateway_drops_total") == 0


def test_a_client_that_says_too_much_is_a_drop(stack):
    before = scrape(stack).value("itn_gateway_drops_total", reason="too_big")
    with stack.feed() as feed:
        feed.send("x" * 70000)
        wait_for(lambda: scrape(stack).value("itn_gateway_drops_total", reason="too_big") == before + 1, "the drop is shown")


def test_redis_that_goes_is_seen_by_all(stack):
    before = settled(stack)
    with_redis = ["itn-api-1", "itn-api-2", "itn-engine-1", "itn-engine-2", "itn-gateway"]
    assert [before.value("itn_redis_connected", process=name) for name in with_redis] == [1] * 5
    stack.freeze("redis")
    pid = stack.pid("redis")
    wait_for(lambda: scrape(stack).value("itn_redis_connected", process="itn-gateway") == 0, "the gateway misses Redis")
    assert scrape(stack).value("itn_gateway_live") == 0
    stack.kill("redis")
    stack.wait_restarted("redis", pid)
    wait_for(lambda: [scrape(stack).value("itn_redis_connected", process=name) for name in with_redis] == [1] * 5,
             "all have Redis again")
    after = settled(stack)
    for name in with_redis:
        assert after.value("itn_redis_errors_total", process=name) > before.value("itn_redis_errors_total", process=name), name
    assert after.value("itn_gateway_live") == 1
    assert after.sum("itn_publication_seeds_total") > before.sum("itn_publication_seeds_total")


def test_changes_that_compete_are_counted(stack):
    """Clients move one shipment at the same time until one of them loses a race."""
    assert stack.post("/api/cargo", {"shipmentId": "Hot", "emailId": "a@example.org", "destination": "Mars",
                                     "items": [{"name": "Water", "quantity": 1}]}, {"Prefer": "wait=10"}).status == 201
    assert stack.put("/api/cargo/Hot/status", {"status": "in transit"}, {"Prefer": "wait=10"}).status == 200
    enough = threading.Event()

    def move(number):
        client = stack.new_client()
        for n in range(1_000_000):
            if enough.is_set():
                break
            client.put("/api/cargo/Hot/status", {"status": "in transit", "location": f"{number}.{n}"})
        client.close()

    threads = [threading.Thread(target=move, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: scrape(stack).sum("itn_change_conflicts_total") > 0, "a race was lost")
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def test_a_store_that_refuses_is_counted(make_stack):
    """SQLite's write lock is held by somebody else until the workers have given up."""
    stack = make_stack(ITN_STORE_TIMEOUT_MS=200)
    stack.up()
    with open(stack.folder / "itn.db-lock", "r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX, 2)
        assert stack.post("/api/cargo", {"shipmentId": "X", "emailId": "a@example.org", "destination": "Mars",
                                         "items": [{"name": "Water", "quantity": 1}]}).status == 503
        metrics = scrape(stack)
        workers = [name for name in metrics.processes() if name.startswith("itn-api")]
        assert sum(metrics.value("itn_store_errors_total", process=name, kind="unavailable") for name in workers) >= 1
        wait_for(lambda: scrape(stack).value("itn_store_errors_total", process="itn-engine-1", kind="unavailable"),
                 "the engine misses the store")
