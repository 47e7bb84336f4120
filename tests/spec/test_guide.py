"""docs/api.md is true: its commands answer what it shows, its client misses nothing, its tables are the code's."""

import re
import shlex
import subprocess

import pytest

from harness.market import Market, in_parallel
from harness.stack import Stack
from harness.wait import wait_for
from harness.watch import read_log
from spec.documents import ROOT, OpenApi
from spec.test_documents import filters, limits

GUIDE = (ROOT / "docs/api.md").read_text()
# What differs from one run to the next. Ids that an answer shows may be named by later commands.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{32}|[0-9a-f]{24}|[0-9a-f]{16})(?![0-9a-f])")


@pytest.fixture
def stack(tmp_path):
    stack = Stack(tmp_path / "stack")
    stack.up()
    yield stack
    stack.close()


def is_whole(command):
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\")


def commands(text):
    """(command, what the page shows as its output), in order."""
    lines = text.splitlines()
    found, at = [], 0
    while at < len(lines):
        if not lines[at].startswith("    $ "):
            at += 1
            continue
        command = lines[at][6:]
        while not is_whole(command):
            at += 1
            command += "\n" + lines[at]
        at += 1
        shown = []
        while re.match(r"(\n?)    (?!\$ )", "\n".join(lines[at:at + 2])):
            shown.append(lines[at].strip())
            at += 1
        found.append((command, "\n".join(shown)))
    return found


def run(stack, command, ids):
    """The command's output; `ids` are those that the page shows and those that this run has for them."""
    command = ID.sub(lambda match: ids.get(match[0], match[0]), command)
    command = command.replace("127.0.0.1:3000", f"{stack.host}:{stack.port}")
    done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def compare(shown, output, ids):
    """Fails when the output is not what is shown; `…` stands for anything, line breaks for nothing. Learns ids."""
    def form(part):
        at, pattern = 0, ""
        for match in re.finditer(f"{TIME.pattern}|{ID.pattern}", part):
            known.append(match[0])
            kind = TIME.pattern if TIME.fullmatch(match[0]) else f"[0-9a-f]{{{len(match[0])}}}"
            pattern += re.escape(part[at:match.start()]) + f"({kind})"
            at = match.end()
        return pattern + re.escape(part[at:])

    known = []
    shown, output = ("".join(text.splitlines()) for text in (shown, output))
    match = re.fullmatch(".*?".join(form(part) for part in shown.split("…")), output, re.DOTALL)
    assert match, f"the page shows\n{shown}\nthe answer is\n{output}"
    ids.update(zip(known, match.groups()))


def test_every_command_answers_what_is_shown(stack):
    ids = {}
    found = commands(GUIDE)
    assert len(found) > 15
    for command, shown in found:
        assert shown, f"nothing is shown for {command}"
        compare(shown, run(stack, command, ids), ids)


def test_the_client_of_the_page_misses_nothing(stack, tmp_path):
    script = tmp_path / "client.js"
    script.write_text("\n".join([
        'if (!globalThis.WebSocket) globalThis.WebSocket = require("ws");',
        re.search(r"```js\n(.*?)```", GUIDE, re.DOTALL)[1],
        f'follow("{stack.host}:{stack.port}", 0, event => console.log(event.seq));']))
    seen = tmp_path / "seen"
    with open(seen, "wb") as out:
        client = subprocess.Popen(["/usr/bin/node", script], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        market = Market(stack)
        in_parallel(stack, 4, [market.create_trade("Vega") for _ in range(40)])
        wait_for(lambda: seen.stat().st_size, "the client takes events")
        stack.wait_restarted("itn-gateway", stack.kill("itn-gateway"))
        in_parallel(stack, 4, [market.create_cargo("Vega") for _ in range(10)])
        market.wait_all_loaded()
        market.wait_all_logged()
        wait_for(lambda: seen.read_text().split() == [str(event["seq"]) for event in read_log(stack.client)],
                 "the client has every event of the log once, in order", 60, pause=0.2)
    finally:
        client.kill()
        client.wait()


def section(title):
    return re.search(rf"^## {title}$(.*?)(?=^## |\Z)", GUIDE, re.DOTALL | re.MULTILINE)[1]


def test_every_route_is_named():
    for path, _ in OpenApi().operations:
        name = re.sub(r"/\{\w+\}", "/", path).split("//")[0].rstrip("/")
        assert name in GUIDE, path


def test_every_problem_and_no_other_is_explained():
    explained = re.findall(r"^\| `(/problems/[a-z-]+|about:blank)` \|", section("Errors"), re.MULTILINE)
    assert sorted(explained) == sorted(OpenApi().document["components"]["schemas"]["ProblemType"]["enum"])


def test_every_event_and_no_other_is_explained():
    explained = re.findall(r"^\| `(\w+)` \|", section("The log"), re.MULTILINE)
    assert sorted(explained) == sorted(OpenApi().document["components"]["schemas"]["Event"]["discriminator"]["mapping"])


@pytest.mark.parametrize("path, names", [entry for entry in filters() if entry[0] != "/api/events"])
def test_filters_are_those_of_the_code(path, names):
    row = re.search(rf"^\|[^|]*`{path}`[^|]*\|[^|]*\|([^|]*)\|$", section("Lists"), re.MULTILINE)
    assert sorted([*re.findall(r"`(\w+)`", row[1]), "after", "limit"]) == sorted(names)


@pytest.mark.parametrize("where, number", [
    (where, number) for where, _, coded in limits() if coded is not True
    for number in (coded if isinstance(coded, tuple) else re.findall(r"\d+", str(coded)))])
def test_limits_are_those_of_the_code(where, number):
    assert re.search(rf"(?<![\d,]){int(number):,}(?![\d,])|(?<![\d,]){number}(?![\d,])", section("Limits")), f"{where}: {number}"
