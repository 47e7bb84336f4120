"""Requests and frames through the production site of nginx, over TLS, to the processes of the installed units."""

import contextlib
import json
import subprocess
import threading

import pytest

from deploy.deployment import NAME
from harness.http import HttpClient
from harness.stack import ROOT
from harness.wait import wait_for

TRADE = {"buyer": "Ada", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
         "items": [{"name": "Dilithium", "quantity": 10}], "destination": "Mars"}
PROBLEM = "application/problem+json"


@pytest.fixture
def client(deployment):
    client = deployment.client()
    yield client
    client.close()


def plain(deployment, method, path, body=None):
    client = HttpClient("127.0.0.1", deployment.http)
    answer = client.request(method, path, body, {"Host": NAME})
    client.close()
    return answer


def test_a_trade_is_posted_and_its_frame_arrives(deployment, client):
    with deployment.feed() as feed:
        answer = client.post("/api/trades", TRADE)
        assert answer.status == 201
        frame = json.loads(feed.recv(timeout=20))
    assert (frame["event"], frame["data"]) == ("tradeCreate", answer.json())


def test_browsers_are_told_to_stay_with_https(client):
    for path in "/", "/livez", "/api/trades", "/nothing", "/.itn/problem":
        assert client.get(path).field("Strict-Transport-Security") == "max-age=31536000"
    assert client.request("OPTIONS", "/api/updates/real-time").field("Strict-Transport-Security") == "max-age=31536000"


@pytest.mark.parametrize("path, name", [("/api/docs", "api.html"), ("/api/docs/", "api.html"),
                                        ("/api/openapi.yaml", "openapi.yaml"), ("/api/asyncapi.yaml", "asyncapi.yaml"),
                                        ("/api/itn.postman_collection.json", "itn.postman_collection.json")])
def test_the_description_of_the_api_is_served(client, path, name):
    answer = client.get(path)
    assert (answer.status, answer.body) == (200, (ROOT / "spec" / name).read_bytes())
    assert "default-src 'none'" in answer.field("Content-Security-Policy")


def test_http2_is_spoken(deployment):
    done = subprocess.run(["curl", "-sS", "--http2", "--cacert", deployment.prefix / "etc/itn/tls/fullchain.pem", "--resolve",
                           f"{NAME}:{deployment.https}:127.0.0.1", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
                           f"https://{NAME}:{deployment.https}/api/trades"], capture_output=True, text=True, timeout=30)
    assert done.stdout == "2 200", done.stderr


@pytest.mark.parametrize("version, accepted", [("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)])
def test_old_versions_of_tls_are_refused(deployment, version, accepted):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{deployment.https}", "-servername", NAME, version,
                           "-cipher", "ALL:@SECLEVEL=0"], input=b"", capture_output=True, timeout=30)
    assert (done.returncode == 0) == accepted


def test_plain_http_on_the_tls_port_is_a_problem(deployment):
    answer = HttpClient("127.0.0.1", deployment.https).get("/api/trades")
    assert answer.status == 400
    assert answer.field("Content-Type") == PROBLEM and answer.json()["status"] == 400


@pytest.mark.parametrize("method, path", [("GET", "/"), ("HEAD", "/livez"), ("GET", "/api/docs"), ("GET", "/api/docs/x?y=1"),
                                          ("GET", "/apis")])
def test_a_person_is_sent_on_to_https(deployment, method, path):
    answer = plain(deployment, method, path)
    assert (answer.status, answer.field("Location")) == (301, f"https://{NAME}{path}")


@pytest.mark.parametrize("method, path", [("GET", "/api"), ("GET", "/api/trades"), ("POST", "/api/trades"), ("POST", "/"),
                                          ("GET", "/api/updates/real-time"), ("PUT", "/api/cargo/x/status"),
                                          ("GET", "/api/docsx"), ("GET", "/%61pi/trades"), ("GET", "/x/../api/trades")])
def test_a_program_is_told_that_only_https_is_served(deployment, method, path):
    answer = plain(deployment, method, path, TRADE if method in ("POST", "PUT") else None)
    assert answer.status == 403
    assert answer.field("Content-Type") == PROBLEM
    assert answer.json()["detail"] == "this address answers over HTTPS only"


def test_trace_on_the_plain_port_is_a_problem(deployment):
    answer = plain(deployment, "TRACE", "/")
    assert (answer.status, answer.field("Content-Type"), answer.field("Allow")) == (405, PROBLEM, "GET, HEAD, OPTIONS")


def test_the_acme_client_answers_on_the_plain_port(deployment):
    folder = deployment.prefix / "www/.well-known/acme-challenge"
    folder.mkdir(parents=True)
    (folder / "token").write_text("proof")
    assert plain(deployment, "GET", "/.well-known/acme-challenge/token").body == b"proof"
    assert plain(deployment, "GET", "/.well-known/acme-challenge/other").status == 404


def test_every_process_is_at_metrics_of_this_host(deployment):
    text = deployment.get_local("/metrics").body.decode()
    for name in "itn-api@1", "itn-api@2", "itn-engine", "itn-gateway@1":
        assert f'process="{name}"' in text


def test_one_address_has_so_many_requests_at_once(deployment):
    """Uploads that are not yet whole hold a place each; the next one is answered 429."""
    with contextlib.ExitStack() as stack:
        for _ in range(256):
            held = stack.enter_context(deployment.tls.wrap_socket(deployment.dial(), server_hostname=NAME))
            held.sendall(b"POST /api/trades HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
        last = deployment.client()
        wait_for(lambda: last.get("/livez").status == 429, "a request is refused")
        answer = last.get("/livez")
        assert (answer.field("Content-Type"), answer.field("Retry-After"), answer.json()["status"]) == (PROBLEM, "1", 429)
        assert deployment.get_local("/livez").status == 200
        last.close()
    again = deployment.client()
    wait_for(lambda: again.get("/livez").status == 200, "there is room again")
    again.close()


def test_nginx_accepts_the_site(deployment):
    done = subprocess.run(deployment.nginx_command("-t"), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    assert "[warn]" not in done.stderr and "[emerg]" not in done.stderr


def test_nginx_accepts_the_site_as_it_is_installed(deployment, tmp_path):
    """With IPv6 and the ports 80 and 443, which -t does not open when another folder's nginx has them."""
    site = deployment.installed.nginx / "sites-available/itn"
    conf = (deployment.installed.nginx / "nginx.conf").read_text().replace("sites-enabled/*", "sites-available/itn")
    (deployment.installed.nginx / "as-installed.conf").write_text(conf)
    text = site.read_text()
    site.write_text(text.replace("/var/log/nginx", str(tmp_path)))
    try:
        done = subprocess.run(["/usr/sbin/nginx", "-e", "stderr", "-t", "-c", deployment.installed.nginx / "as-installed.conf"],
                              capture_output=True, text=True, timeout=30)
    finally:
        site.write_text(text)
    assert "syntax is ok" in done.stderr, done.stderr
    assert "[warn]" not in done.stderr


def test_workers_that_restart_in_turn_lose_nothing(deployment):
    """Their sockets stay: nginx meets no refused connection, not even of both at once."""
    done = threading.Event()
    statuses, buyers, failures = [], [], []

    def post(number):
        client = deployment.client()
        try:
            n = 0
            while not done.is_set():
                n += 1
                buyer = f"restart {number}-{n}"
                statuses.append(client.post("/api/trades", TRADE | {"buyer": buyer}).status)
                buyers.append(buyer)
        except Exception as failure:
            failures.append(failure)
        finally:
            client.close()

    threads = [threading.Thread(target=post, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for name in "itn-api@1", "itn-api@2", "itn-api@1", "itn-api@2":
        before = len(statuses)
        service = deployment.services[name]
        assert service.stop() == 0
        deployment.start(name)
        wait_for(lambda: len(statuses) > before + 20, "requests go on")
    both = [deployment.services[name] for name in ("itn-api@1", "itn-api@2")]
    assert [service.stop() for service in both] == [0, 0]
    for name in "itn-api@1", "itn-api@2":
        deployment.start(name)
    done.set()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert set(statuses) == {201}
    client = deployment.client()
    stored = [trade["buyer"] for trade in client.get("/api/trades").json()]
    client.close()
    assert sorted(buyer for buyer in stored if buyer.startswith("restart ")) == sorted(buyers)
