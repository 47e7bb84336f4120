"""A SQLite database that can't be used as it stands: `up` says why and leaves nothing running, doctor names it."""

import json
import sqlite3
import subprocess
import sys

import pytest

from harness.disk import Disk
from harness.market import Market
from harness.wait import wait_for

PAGE = 4096
STATION = "Starbase 1"
# Another program's transaction, which knows nothing of itn's lock.
HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def garble_header(path):
    path.write_bytes(b"This is no database." * 1000)


def of_another_program(path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE mine (x)")


def of_a_newer_itn(path):
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA application_id = {0x49544e31}")
        database.execute("PRAGMA user_version = 999")
        database.execute("CREATE TABLE head (one)")


def doctor(stack):
    done = stack.itn("admin", "doctor", "--json")
    return done.returncode, {finding["name"]: finding for finding in json.loads(done.stdout)["checks"]}


@pytest.mark.parametrize("spoil, words", [
    pytest.param(garble_header, "not a database", id="garbage"),
    pytest.param(of_another_program, "another program's", id="another program's"),
    pytest.param(of_a_newer_itn, "a newer itn wrote it", id="of a newer itn"),
])
def test_what_is_no_database_of_ours_is_refused(make_stack, tmp_path, spoil, words):
    path = tmp_path / "itn.db"
    spoil(path)
    before = path.read_bytes()
    stack = make_stack(ITN_STORE=f"sqlite:{path}")
    done = stack.itn("up", "--detach")
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert stack.processes() == []
    status, findings = doctor(stack)
    assert status == 2 and words in findings["store"]["detail"], findings["store"]
    assert path.read_bytes() == before


def test_a_disk_that_can_only_be_read_is_refused(make_stack, tmp_path):
    with Disk(tmp_path / "disk", megabytes=16) as disk:
        stack = make_stack(ITN_STORE=f"sqlite:{disk.folder}/itn.db")
        stack.up()
        stack.down()
        disk.read_only(True)
        done = stack.itn("up", "--detach")
        assert done.returncode == 1 and "Read-only file system" in done.stderr, done.stderr
        disk.read_only(False)
        stack.up()
        stack.down()


def test_a_damaged_page_is_named_and_the_rest_goes_on(make_stack):
    stack = make_stack()
    stack.up()
    market = Market(stack)
    for _ in range(30):
        assert stack.post("/api/trades", market.trade_body(STATION), {"Prefer": "wait=10"}).status == 201
    assert stack.post("/api/cargo", market.cargo_body("Luna"), {"Prefer": "wait=10"}).status == 201
    stack.down()
    path = stack.folder / "itn.db"
    with sqlite3.connect(path) as database:
        page, = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'trade'").fetchone()
    with open(path, "r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xd5" * PAGE)
    stack.client.close()
    stack.up()
    assert stack.get("/api/trades").status == 500
    assert stack.post("/api/trades", market.trade_body(STATION)).status == 500
    assert len(stack.get("/api/cargo").json()) == 1
    assert stack.post("/api/cargo", market.cargo_body("Luna")).status == 201
    status, findings = doctor(stack)
    assert status == 2 and "the file is damaged" in findings["layout"]["detail"]
    wait_for(lambda: any("the database is damaged" in stack.log(name) for name in ("itn-api-1", "itn-api-2")),
             "the log names it")


def test_another_program_s_long_transaction(make_stack):
    stack = make_stack(ITN_STORE_TIMEOUT_MS=500)
    stack.up()
    market = Market(stack)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, stack.folder / "itn.db"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        answer = stack.post("/api/trades", market.trade_body(STATION))
        assert (answer.status, answer.json()["outcome"]) == (503, "not-done")
        assert stack.get("/api/trades").json() == []
        ready = wait_for(lambda: (lambda a: a.status == 503 and a)(stack.get("/readyz?verbose")), "not ready").json()
        assert ready["reasons"] == ["store-unavailable"] and "locked" in ready["checks"][0]["detail"]
        wait_for(lambda: "database is locked" in stack.log("itn-engine-1"), "the engine says why it waits")
    finally:
        holder.communicate()
    body = market.trade_body(STATION)
    answer = wait_for(lambda: (lambda a: a.status == 201 and a)(stack.post("/api/trades", body, {"Prefer": "wait=10"})),
                      "a trade is created again")
    assert stack.get("/api/trades").json() == [answer.json()]
