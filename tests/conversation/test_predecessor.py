"""predecessor.js, a client of the program that itn replaces, against each store; each of its cases is a test."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import STORES
from harness.stack import Stack

SCRIPT = Path(__file__).with_name("predecessor.js")


def case_names():
    done = subprocess.run(["/usr/bin/node", SCRIPT, "--list"], capture_output=True, text=True, check=True, timeout=60,
                          env=os.environ | {"NODE_PATH": "/usr/share/nodejs"})
    return done.stdout.splitlines()


@pytest.fixture(scope="module", params=STORES)
def spoken(request, tmp_path_factory):
    """{name of the case: (ok, what it said)} of one conversation."""
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp(request.param) / "stack", store_uri=uri)
    try:
        stack.up()
        done = stack.node(SCRIPT)
    finally:
        stack.close()
    results, name = {}, None
    for line in done.stdout.splitlines():
        found = re.match(r"(not )?ok \d+ - (.*)", line)
        if found:
            name = found[2]
            results[name] = [found[1] is None, ""]
        elif name and line.startswith("# "):
            results[name][1] += line[2:] + "\n"
    assert results, done.stdout + done.stderr
    return results


@pytest.mark.parametrize("name", case_names())
def test_predecessor(spoken, name):
    assert name in spoken, "the script ended before this case"
    ok, said = spoken[name]
    assert ok, said
