"""GET /metrics of the running stack: who is in it, what it counts, who may see it."""

import json
import re
import subprocess
from collections import Counter

import pytest

from conftest import STORES
from harness import fcgi
from harness.daemon import Daemon
from harness.exposition import parse, scrape
from harness.http import HttpClient
from harness.stack import Stack
from harness.wait import answers, free_port, wait_for

TRADE = {"buyer": "Ada", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
         "items": [{"name": "Dilithium", "quantity": 10}], "destination": "Mars"}

# Each has its own route, method and status; the path is never a label.
REQUESTS = [
    ("POST", "/api/trades", TRADE, ("/api/trades", "POST", "201")),
    ("POST", "/api/trades", {}, ("/api/trades", "POST", "400")),
    ("GET", "/api/trades", None, ("/api/trades", "GET", "200")),
    ("HEAD", "/api/trades", None, ("/api/trades", "HEAD", "200")),
    ("GET", "/api/trades/000000000000000000000000", None, ("/api/trades/:transactionId", "GET", "404")),
    ("GET", "/api/trades/000000000000000000000001", None, ("/api/trades/:transactionId", "GET", "404")),
    ("PATCH", "/api/000000000000000000000000/status", {"status": "completed"},
     ("/api/:transactionId{id}/status", "PATCH", "404")),
    ("DELETE", "/api/cargo/x", None, ("/api/cargo/:shipmentId", "DELETE", "405")),
    ("OPTIONS", "/api/cargo/x", None, ("/api/cargo/:shipmentId", "OPTIONS", "204")),
    ("BREW", "/api/cargo/x", None, ("/api/cargo/:shipmentId", "other", "405")),
    ("GET", "/api/nothing", None, ("none", "GET", "404")),
    ("GET", '/"%22\\', None, ("none", "GET", "404")),
    ("GET", "/%ff", None, ("none", "GET", "400")),
]


@pytest.fixture(scope="module", params=STORES)
def stack(request, tmp_path_factory):
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp("metrics") / "stack", store_uri=uri, ITN_ENGINE_PROCESSES=2)
    stack.up()
    yield stack
    stack.close()


def requests_of(metrics):
    """{(route, method, status): number} over all workers."""
    counts = Counter()
    for labels, value in metrics.all("itn_http_requests_total"):
        counts[labels["route"], labels["method"], labels["status"]] += value
    return counts


def test_every_process_is_there(stack):
    metrics = scrape(stack)
    assert metrics.processes() == ["itn-api-1", "itn-api-2", "itn-engine-1", "itn-engine-2", "itn-gateway"]
    for name in metrics.processes():
        labels, one = metrics.all("itn_build_info", process=name)[0]
        assert one == 1 and name.startswith(labels["program"]) and labels["network"]
        for metric in ("process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds",
                       "process_max_fds", "process_threads", "process_start_time_seconds"):
            assert metrics.value(metric, process=name) > 0, (name, metric)
        assert metrics.value("process_cpu_seconds_total", process=name) >= 0


def test_requests_are_counted_exactly(stack):
    before, expected = requests_of(scrape(stack)), Counter()
    for repetition in (1, 2):
        for method, path, body, series in REQUESTS:
            answer = stack.request(method, path, body)
            assert str(answer.status) == series[2], (method, path, answer)
            expected[series] += 1
    after = scrape(stack)
    counted = requests_of(after)
    counted.subtract(before)
    # The scrape before is counted after it was answered.
    assert counted.pop(("/metrics", "GET", "200")) == 1
    assert {series: count for series, count in counted.items() if count} == expected
    for route in {series[0] for series in expected}:
        assert after.sum("itn_http_request_duration_seconds_count", route=route) == \
            sum(count for series, count in requests_of(after).items() if series[0] == route)


def test_it_holds_while_others_are_counted(stack):
    """Every scrape is well-formed and no counter falls, while requests come."""
    last = {}
    with_own_connection = stack.new_client()
    for _ in range(20):
        for _ in range(5):
            with_own_connection.get("/livez")
        metrics = scrape(stack)
        for (name, labels), value in metrics.series.items():
            if name.endswith(("_total", "_bucket", "_count")):
                assert value >= last.get((name, labels), 0), (name, labels)
                last[name, labels] = value
    with_own_connection.close()


def test_a_killed_process_disappears_and_comes_back(stack):
    before = scrape(stack).value("process_start_time_seconds", process="itn-gateway")
    pid = stack.kill("itn-gateway")
    stack.wait_restarted("itn-gateway", pid)
    wait_for(lambda: scrape(stack).value("process_start_time_seconds", process="itn-gateway") not in (None, before),
             "the new process is shown")
    assert len(list((stack.folder / "run").glob("itn-gateway.*.metrics"))) == 1


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "192.0.2.7"}, {"Forwarded": "for=192.0.2.7"}, {"Via": "1.1 proxy"}])
def test_who_comes_through_a_proxy_sees_nothing(stack, headers):
    answer = stack.get("/metrics", headers)
    unknown = stack.get("/api/nothing", headers)
    assert answer.status == unknown.status == 404
    assert answer.json()["type"] == unknown.json()["type"]
    assert "checks" not in stack.get("/readyz?verbose", headers).json()
    assert "checks" in stack.get("/readyz?verbose").json()


def test_head_has_no_body(stack):
    answer = stack.request("HEAD", "/metrics")
    assert answer.status == 200 and answer.body == b"" and int(answer.field("Content-Length")) > 0


# What nginx says of the client, in REMOTE_ADDR.
CLIENTS = [("127.0.0.1", 200), ("127.9.9.9", 200), ("::1", 200), ("unix:", 200), ("", 404), ("10.0.0.1", 404),
           ("192.0.2.1", 404), ("2001:db8::1", 404), ("1127.0.0.1", 404), ("fe80::1", 404)]


@pytest.mark.parametrize("address, status", CLIENTS)
def test_only_clients_of_this_host_see_it(stack, address, status):
    worker = stack.folder / "run" / "itn-api-1.sock"
    assert fcgi.request(worker, "GET", "/metrics", REMOTE_ADDR=address).status == status
    assert ("checks" in fcgi.request(worker, "GET", "/readyz?verbose", REMOTE_ADDR=address).json()) == (status == 200)


@pytest.fixture
def elsewhere(stack):
    """A second nginx before the same workers, with the stack's own configuration, which takes its clients for those that the
    field X-Test-Client names: a client of another host, as nginx sees it."""
    port = free_port()
    text = (stack.folder / "nginx" / "nginx.conf").read_text().replace("nginx/nginx.pid", "nginx/elsewhere.pid")
    text, changed = re.subn(r"listen [^;]*;", f"listen 127.0.0.1:{port}; set_real_ip_from 127.0.0.1; "
                            "real_ip_header X-Test-Client;", text)
    assert changed == 1
    (stack.folder / "nginx" / "elsewhere.conf").write_text(text)
    process = subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-p", f"{stack.folder}/", "-c", "nginx/elsewhere.conf",
                                "-g", "daemon off;"], cwd=stack.folder / "run", stderr=subprocess.DEVNULL)
    wait_for(lambda: answers(port), "the second nginx listens")
    client = HttpClient("127.0.0.1", port)
    yield client
    client.close()
    process.terminate()
    process.wait(20)


def test_it_is_the_clients_address_that_counts_not_nginxs(elsewhere):
    assert elsewhere.get("/metrics", {"X-Test-Client": "127.0.0.1"}).status == 200
    for address in ("192.0.2.7", "2001:db8::7"):
        assert elsewhere.get("/metrics", {"X-Test-Client": address}).status == 404
        assert set(elsewhere.get("/readyz?verbose", {"X-Test-Client": address}).json()) == {"status"}


@pytest.mark.parametrize("folder, warnings", [("none", 0), ("missing/folder", 1), ("log", 1)])
def test_a_worker_without_a_folder_works_and_shows_itself(tmp_path, folder, warnings):
    with Daemon("itn-api", tmp_path, ITN_METRICS_DIR=folder, ITN_REDIS="unix:no.sock") as api:
        assert fcgi.request(api.socket, "POST", "/api/trades", json.dumps(TRADE).encode(),
                            CONTENT_TYPE="application/json").status == 201
        metrics = parse(fcgi.request(api.socket, "GET", "/metrics").body.decode())
        assert metrics.processes() == [f"itn-api-{api.process.pid}"]
        assert metrics.value("itn_http_requests_total", route="/api/trades", method="POST", status="201") == 1
    assert api.log().count("metrics are seen in this process only") == warnings
