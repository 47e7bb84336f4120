"""A network of an older schema under this version: usable at once, brought on by the engine that has the lease."""

import os
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from harness.audit import assert_all_fits
from harness.wait import wait_for
from harness.watch import assert_log_complete, read_log
from schema.data import DATA, SOURCES, load_mongodb, load_sqlite, schema_of_sources

OLDER = range(1, schema_of_sources())
# From the first one every step is taken, from the last one the newest alone.
FIRST_AND_LAST = sorted({OLDER[0], OLDER[-1]})
# Since when timelines are shown.
TIMELINES = 7


class OldStore:
    """A stack over the data set of a schema, or over nothing when that is None; it is not started yet."""

    def __init__(self, kind, schema, make_stack, mongo, **settings):
        self.stack = make_stack(kind, **settings)
        self.client = None
        if kind == "sqlite":
            self.stack.folder.mkdir(mode=0o700)
            self.path = self.stack.folder / "itn.db"
            if schema:
                load_sqlite(self.path, schema)
        else:
            self.client = mongo().client()
            self.database = self.client[self.stack.settings["ITN_NETWORK"]]
            if schema:
                load_mongodb(self.database, schema)

    def head(self):
        if self.client:
            return self.database.head.find_one()
        with sqlite3.connect(self.path, timeout=10) as db:
            db.row_factory = sqlite3.Row
            return dict(db.execute("SELECT * FROM head").fetchone())

    def release_lease(self):
        if self.client:
            self.database.head.update_one({}, {"$set": {"holder": ""}, "$inc": {"beat": 1}})
            return
        with sqlite3.connect(self.path, timeout=10) as db:
            db.execute("UPDATE head SET holder = '', beat = beat + 1")

    def documents(self):
        """{id: version} of what clients made."""
        if self.client:
            return {one["_id"]: one["version"] for name in ("trades", "cargo") for one in self.database[name].find()}
        with sqlite3.connect(self.path, timeout=10) as db:
            return dict(db.execute("SELECT id, version FROM trade UNION ALL SELECT id, version FROM cargo").fetchall())

    def layout(self):
        if self.client:
            return {name: sorted(self.database[name].index_information()) for name in self.database.list_collection_names()}
        with sqlite3.connect(self.path, timeout=10) as db:
            return sorted(db.execute("SELECT name, sql FROM sqlite_schema").fetchall())


@pytest.fixture
def old_store(make_stack, store, request):
    stores = []

    def make(schema, **settings):
        stores.append(OldStore(store, schema, make_stack, lambda: request.getfixturevalue("mongo"), **settings))
        return stores[-1]
    yield make
    for one in stores:
        if one.client:
            one.client.close()


def trade(client, destination="Mars"):
    return client.post("/api/trades", {
        "buyer": "Ada", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
        "destination": destination, "items": [{"name": "Tea", "quantity": 1}]})


def wait_until_current(old):
    wait_for(lambda: old.head()["schema"] == schema_of_sources(), "the engine has brought the data on")


def assert_all_went_on(old, before):
    """The log has no hole and ends in the lists' state; what was half done is done, nothing went backwards."""
    stack = old.stack

    def state():
        return {one["_id"]: one for path in ("/api/trades", "/api/cargo") for one in stack.get(path).json()}

    def told():
        return {event["data"]["_id"]: event["data"] for event in read_log(stack.client)
                if event["event"] in ("tradeCreate", "tradeUpdated", "cargoUpdated")}
    wait_for(lambda: told() == state(), "the log tells what the lists show", 60, pause=0.2)
    wait_for(lambda: not any(one["status"] == "pending" for one in state().values()
                             if one["destination"] == "Mars" and "buyer" in one and one.get("shipmentId")),
             "the delivery that was half done is done", 60, pause=0.2)
    assert_log_complete(read_log(stack.client))
    after = state()
    assert_movements_add_up(stack)
    assert_timelines_are_whole(stack)
    assert_all_fits(stack)
    assert {key for key, version in before.items() if key not in after or after[key]["version"] < version} == set()


def assert_timelines_are_whole(stack):
    """Those of trades and cargo, also what happened before the index was there."""
    told = {}
    for event in read_log(stack.client):
        kind = {"tradeCreate": "trades", "tradeUpdated": "trades", "cargoUpdated": "cargo"}.get(event["event"])
        if kind:
            told.setdefault(f"/api/{kind}/{quote(event['data']['_id'], safe='')}", []).append(event["id"])
    for path, ids in told.items():
        timeline = stack.get(f"{path}/timeline").json()
        assert [entry["id"] for entry in timeline if entry["kind"] == "event" and entry["event"] != "criticalEvent"] == ids


def assert_movements_add_up(stack):
    """Also what was there before there was a ledger."""
    inventories = stack.get("/api/inventory").json()
    assert any(item["quantity"] for one in inventories for item in one["items"])
    for one in inventories:
        left = {move["item"]: move["toBalance" if move["to"].startswith("station:") else "fromBalance"]
                for move in stack.get(f"/api/inventory/{one['stationId']}/movements").json()}
        assert left == {item["name"]: item["quantity"] for item in one["items"] if item["quantity"]}


def test_a_data_set_of_each_older_schema_is_kept():
    assert [(DATA / f"{schema}.{kind}").exists() for schema in OLDER for kind in ("sql", "json")] == [True] * 2 * len(OLDER)


@pytest.mark.parametrize("schema", OLDER)
def test_a_data_set_has_all_of_its_schema(schema):
    """Tables, indexes and triggers of SQLite: one that was made too early would test another upgrade than users have."""
    layout = (SOURCES / "store/sqlite_schema.def").read_text()
    kept = (DATA / f"{schema}.sql").read_text()
    made = re.findall(r'^TABLE\((\d+), "CREATE (?:UNIQUE )?(?:TABLE|INDEX|TRIGGER) (\w+) ', layout, re.MULTILINE)
    assert len(made) > 20
    assert [name for number, name in made if int(number) <= schema
            and not re.search(rf'^CREATE (UNIQUE )?(TABLE|INDEX|TRIGGER) "?{name}"?[ (]', kept, re.MULTILINE)] == []


@pytest.mark.parametrize("schema", OLDER)
def test_an_old_network_goes_on(old_store, schema):
    old = old_store(schema, ITN_LEASE_MS=300, ITN_CHUNK_MAX=10)
    before = old.documents()
    old.stack.up()
    wait_until_current(old)
    assert trade(old.stack.client).status == 201
    assert_all_went_on(old, before)


def test_cargo_of_before_is_late_too(old_store):
    """From when engines look at etas on; data sets before the fifth have none."""
    old = old_store(5, ITN_LEASE_MS=300)
    old.stack.up()
    wait_until_current(old)
    wait_for(lambda: old.stack.get("/api/cargo/late").json()["status"] == "delayed", "it is late", 60)
    assert [old.stack.get(f"/api/cargo/{name}").json()["status"] for name in ("early", "arrived")] == [
        "pending", "delivered"]
    alert, = old.stack.get("/api/alerts?shipmentId=late").json()
    assert (alert["kind"], alert["shipmentId"], alert["status"]) == ("lateness", "late", "open")


@pytest.mark.parametrize("schema", OLDER)
def test_it_has_then_what_a_new_one_has(old_store, schema):
    """Tables, collections, indexes, triggers."""
    old, new = (old_store(one, ITN_LEASE_MS=300) for one in (schema, None))
    for one in (old, new):
        one.stack.up()
        wait_until_current(one)
    assert old.layout() == new.layout()


@pytest.mark.parametrize("schema", FIRST_AND_LAST)
def test_workers_do_not_wait_for_it(old_store, schema):
    """An engine that has not the lease leaves the data as they are, and workers of this version work on them."""
    old = old_store(schema, ITN_LEASE_MS=60000)
    before, layout = old.documents(), old.layout()
    old.stack.up()
    answer = trade(old.stack.client)
    assert answer.status == 201
    path = f"/api/trades/{answer.json()['transactionId']}"
    assert old.stack.get(path).json()["version"] == 1
    assert old.stack.put(f"{path}/status", {"status": "delayed"}).status == 200
    assert old.stack.get("/api/getallCargo").status == 200
    assert old.stack.get(f"{path}/timeline").status == (503 if schema < TIMELINES else 200)
    assert old.head()["schema"] == schema
    assert old.layout() == layout
    old.release_lease()
    wait_until_current(old)
    assert_all_went_on(old, before)


@pytest.mark.parametrize("schema", FIRST_AND_LAST)
def test_an_engine_killed_meanwhile_is_gone_on_from(old_store, schema):
    old = old_store(schema, ITN_LEASE_MS=200)
    stack, before = old.stack, old.documents()
    stack.folder.mkdir(mode=0o700, exist_ok=True)
    environment = {"ITN_STORE": f"sqlite:{stack.folder}/itn.db", "ITN_REDIS": f"unix:{stack.folder}/no-redis.sock",
                   **stack.environment()}
    program = Path(os.environ["ITN_BUILD"]) / "itn-engine"
    for delay in range(8):
        epoch = old.head()["epoch"]
        with subprocess.Popen([program], env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              cwd=stack.folder) as engine:
            wait_for(lambda: old.head()["epoch"] > epoch, "the engine has the lease", pause=0)
            time.sleep(delay * 0.002)
            engine.send_signal(signal.SIGKILL)
        assert old.head()["schema"] in range(schema, schema_of_sources() + 1)
    stack.up()
    wait_until_current(old)
    assert_all_went_on(old, before)
