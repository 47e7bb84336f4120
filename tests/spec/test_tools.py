"""What others' tools say of the documents, and of the server by them: a linter, the collection's runner, a fuzzer."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.stack import Stack
from spec.documents import ROOT, OpenApi

HERE = Path(__file__).parent
DOCUMENTS = ROOT / "spec"
CASES_MIN = 2000
# A client can't bring these about: a store or workers that are away, a handshake, limits that nobody set.
NOT_BY_POSTMAN = {"Unavailable", "NotWritten", "NoRoom", "ServerError", "TooManyRequests", "get /readyz 503",
                  "get /api/updates/real-time 101", "StillUnderWay"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("tools") / "stack")
    stack.up()
    yield stack
    stack.close()


def run(*command, cwd=HERE, **environment):
    """Output and exit status of a tool."""
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    return done.stdout, done.returncode


def node(program, *arguments):
    """A tool of package.json; it asks nobody outside whether there is a newer one."""
    return run("/usr/bin/node", Path(os.environ["ITN_NODE_MODULES"]) / ".bin" / program, *arguments,
               REDOCLY_TELEMETRY="off", REDOCLY_SUPPRESS_UPDATE_NOTICE="true")


@pytest.mark.parametrize("name", ["openapi.yaml", "asyncapi.yaml"])
def test_the_linter_finds_nothing(name):
    output, status = node("redocly", "lint", "--config", "redocly.yaml", str(DOCUMENTS / name))
    assert status == 0, output


@pytest.fixture(scope="module")
def executions(stack, tmp_path_factory):
    """What the collection's requests came to, on a fresh stack."""
    report = tmp_path_factory.mktemp("newman") / "report.json"
    output, status = node("newman", "run", str(DOCUMENTS / "itn.postman_collection.json"), "--env-var",
                          f"baseUrl={stack.url}", "--color", "off", "--reporters", "cli,json",
                          "--reporter-json-export", str(report))
    assert status == 0, output
    return json.loads(report.read_text())["run"]["executions"]


def test_every_request_of_the_collection_has_tests(executions):
    assert [one["item"]["name"] for one in executions if not one.get("assertions")] == []


def test_the_collection_covers_every_route_and_every_answer(executions):
    api = OpenApi()
    operations, answers = set(), set()
    for one in executions:
        method = one["request"]["method"].lower()
        path = api.find_path("/" + "/".join(one["request"]["url"]["path"]))
        if path is None or (path, method) not in api.operations:
            continue
        status = one["response"]["code"]
        operations |= {(path, method)} if status < 300 else set()
        answers.add(api.responses(path, method)[str(status)][0])
    wanted = {name for path, method in api.operations for name, _ in api.responses(path, method).values()}
    assert set(api.operations) - operations == {("/api/updates/real-time", "get")}
    assert wanted - answers - NOT_BY_POSTMAN - {"MethodNotAllowed"} == set()


def test_the_collection_covers_every_problem_of_a_client(executions):
    kinds = {bytes(one["response"]["stream"]["data"]) for one in executions if one["response"]["code"] >= 400}
    types = {json.loads(body)["type"] for body in kinds}
    documented = set(OpenApi().document["components"]["schemas"]["ProblemType"]["enum"])
    assert documented - types == {"/problems/internal", "/problems/unavailable", "/problems/outcome-unknown",
                                  "/problems/insufficient-storage", "/problems/idempotency-pending"}


def test_the_fuzzer_finds_nothing(stack, tmp_path):
    output, status = run(Path(sys.executable).parent / "schemathesis", "--config-file",
                         str(HERE / "schemathesis.toml"), "run", str(DOCUMENTS / "openapi.yaml"), "--url", stack.url,
                         "--checks", "all", "--continue-on-failure", "--suppress-health-check", "too_slow", cwd=tmp_path,
                         SCHEMATHESIS_HOOKS="schemathesis_hooks", PYTHONPATH=str(HERE), NO_COLOR="1")
    assert status == 0, output
    assert re.search(r"Stateful \(in .*\)", output), output
    assert int(re.search(r"(\d+) generated", output)[1]) >= CASES_MIN, output
