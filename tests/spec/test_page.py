"""The page at /api/docs: made from the documents, complete, and enough to itself."""

import re
import runpy

import pytest

from harness.stack import Stack
from spec.documents import ROOT, OpenApi

PAGE = (ROOT / "spec/api.html").read_text()
SERVED = [("/api/docs", "api.html", "text/html; charset=utf-8"),
          ("/api/docs/", "api.html", "text/html; charset=utf-8"),
          ("/api/openapi.yaml", "openapi.yaml", "application/yaml"),
          ("/api/asyncapi.yaml", "asyncapi.yaml", "application/yaml"),
          ("/api/itn.postman_collection.json", "itn.postman_collection.json", "application/json")]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("page") / "stack")
    stack.up()
    yield stack
    stack.close()


def test_it_is_what_the_documents_say():
    assert runpy.run_path(str(ROOT / "tools/api-page"))["make"]() == PAGE, \
        "make it anew: var/venv/bin/python tools/api-page"


def test_every_link_leads_somewhere():
    places = re.findall(r' id="([^"]+)"', PAGE)
    assert len(places) == len(set(places))
    for link in re.findall(r' href="([^"]+)"', PAGE):
        assert link[1:] in places if link[0] == "#" else link in [path for path, _, _ in SERVED], link


def test_every_operation_and_schema_has_its_place():
    api = OpenApi()
    for path, method in api.operations:
        assert f'id="{api.operation(path, method)["operationId"]}"' in PAGE
    for name in api.document["components"]["schemas"]:
        assert f'<h3 id="{name}">' in PAGE


def test_nothing_is_loaded_and_nothing_runs():
    assert not re.search(r"<(script|link|img|iframe|object|form)|\ssrc=|url\(|@import|\son\w+=", PAGE)


@pytest.mark.parametrize("path, name, kind", SERVED, ids=[path for path, _, _ in SERVED])
def test_it_is_served(stack, path, name, kind):
    answer = stack.get(path)
    assert answer.status == 200
    assert answer.body == (ROOT / "spec" / name).read_bytes()
    assert answer.field("Content-Type") == kind
    assert "default-src 'none'" in answer.field("Content-Security-Policy")
    assert answer.field("X-Request-Id")
    again = stack.get(path, {"If-None-Match": answer.field("ETag")})
    assert again.status == 304


@pytest.mark.parametrize("host", ["trade.example.com", "127.0.0.1:8080"])
def test_the_root_leads_to_it(stack, host):
    """By whatever name and port it was come to."""
    answer = stack.get("/", {"Host": host})
    assert (answer.status, answer.field("Location")) == (302, "/api/docs")
    assert answer.field("X-Request-Id")


@pytest.mark.parametrize("path", ["/", *[path for path, _, _ in SERVED]])
def test_only_get_is_possible(stack, path):
    assert stack.request("HEAD", path).status == (302 if path == "/" else 200)
    options = stack.request("OPTIONS", path)
    assert (options.status, options.field("Allow")) == (204, "GET, HEAD, OPTIONS")
    for method in ("POST", "DELETE", "TRACE"):
        answer = stack.request(method, path)
        assert answer.status == 405, answer
        assert answer.field("Allow") == "GET, HEAD, OPTIONS"
        assert answer.json()["type"] == "/problems/method-not-allowed"
