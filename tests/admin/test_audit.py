"""itn-admin audit: nothing to complain of while all is at work, and each fault by its name when the data were changed
behind everybody's back."""

import contextlib
import shutil
import sqlite3
import threading

import pytest

from admin.raw_store import MongoData
from conftest import STORES
from harness.audit import audit, audit_once_it_answers
from harness.market import Market
from harness.stack import ROOT, Stack
from harness.wait import wait_for
from system.test_load import everything_at_once

NOBODY = "f" * 24
# Crowds of clients, one after the other as audits see what they do.
ROUNDS = 4


def trade(stack, n, destination, lines=1, key=None, **members):
    body = {"buyer": f"buyer {n}", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
            "items": [{"name": f"part {line}", "quantity": 10 + line} for line in range(lines)], "destination": destination} | members
    answer = stack.post("/api/trades", body, {"Prefer": "wait=5"} | ({"Idempotency-Key": key} if key else {}))
    assert answer.status == 201, answer
    return answer.json()["transactionId"]


def cargo(stack, shipment, destination, *then):
    answer = stack.post("/api/cargo", {"shipmentId": shipment, "emailId": "dock@example.org", "destination": destination,
                                       "items": [{"name": "Water", "quantity": 5}]}, {"Prefer": "wait=5"})
    assert answer.status == 201, answer
    for status in then:
        assert stack.put(f"/api/cargo/{shipment}/status", {"status": status}, {"Prefer": "wait=5"}).status == 200


class Story:
    """A network in which a little of everything happened, at rest and stopped."""

    def __init__(self, stack):
        self.stack = stack
        self.delivered = trade(stack, 1, "Mars", key="once")
        large = trade(stack, 2, "Mars", lines=6)
        alert, = stack.get(f"/api/alerts?transactionId={large}").json()
        self.alert = alert["id"]
        assert stack.put(f"/api/alerts/{self.alert}/acknowledge", None).status == 200
        cargo(stack, "SH-1", "Mars", "in transit", "delivered")
        self.loaded = trade(stack, 3, "Venus")
        cargo(stack, "SH-2", "Venus")
        cargo(stack, "SH-3", "Pluto", "in transit")
        self.reserved = trade(stack, 5, "Ceres", stationId="Mars")
        assert stack.get(f"/api/trades/{self.reserved}").json()["reservedLines"]
        canceled = trade(stack, 4, "Venus")
        assert stack.put(f"/api/trades/{canceled}/status", {"status": "canceled"}, {"Prefer": "wait=5"}).status == 200
        stack.client.close()
        stack.down()


@pytest.fixture(scope="module", params=STORES)
def story(request, tmp_path_factory):
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp("audit") / "stack", store_uri=uri, ITN_API_PROCESSES=1)
    try:
        stack.up()
        yield Story(stack)
    finally:
        stack.close()


class SqliteCopy:
    """The data once more, to be spoiled."""

    kind = "sqlite"

    def __init__(self, stack, folder):
        self.path = folder / "copy.db"
        shutil.copyfile(stack.folder / "itn.db", self.path)
        self.option = f"--store=sqlite:{self.path}"
        self.db = self.open()

    def open(self):
        return sqlite3.connect(self.path, isolation_level=None)

    def __call__(self, statement, *values):
        done = self.db.execute(statement, values)
        assert done.rowcount, statement

    def without_unique_ids(self):
        self.db.executescript("""
            PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = replace(sql, 'id TEXT NOT NULL UNIQUE', 'id TEXT NOT NULL') WHERE name = 'event';
            DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_event_1';
            PRAGMA writable_schema = OFF;""")
        self.db.close()
        self.db = self.open()

    def close(self):
        self.db.close()


class MongoCopy(MongoData):
    def __init__(self, stack):
        super().__init__(stack)
        self.saved = self.snapshot()
        self.option = f"--network={stack.settings['ITN_NETWORK']}"

    def __call__(self, collection, which, update):
        done = self.db[collection].update_one(which, update)
        assert done.modified_count == 1, (collection, which)

    def without_unique_ids(self):
        self.db.events.drop_index([("id", 1)])

    def close(self):
        self.restore(self.saved)
        self.db.events.create_index([("id", 1)], unique=True)
        super().close()


@pytest.fixture
def copy(story, tmp_path):
    made = MongoCopy(story.stack) if "ITN_STORE" in story.stack.settings else SqliteCopy(story.stack, tmp_path)
    with contextlib.closing(made):
        yield made


def test_what_is_well_is_said_to_be(story):
    answer = audit(story.stack)
    counts = answer["counts"]
    assert answer["violations"] == [] and answer["more"] == 0
    assert counts["trades"] == 5 and counts["cargo"] == 3 and counts["claims"] == 1 and counts["jobs"] == 0
    assert counts["events"] == answer["seq"] and counts["postings"] > 0 and counts["stock"] > 0
    done = story.stack.itn("admin", "audit")
    assert done.returncode == 0 and done.stdout.startswith(f"everything fits as of seq {answer['seq']}: "), done.stdout


# One row a fault: what is done to SQLite, what to MongoDB, and what the audit must name (rule, a part of the entity).
FAULTS = {
    "the head is behind the log": (
        lambda db, story: db("UPDATE head SET last_seq = last_seq - 1"),
        lambda db, story: db("head", {}, {"$inc": {"lastSeq": -1}}),
        ("log.head", "head")),
    "an event is lost": (
        lambda db, story: db("DELETE FROM event WHERE seq = 3"),
        lambda db, story: db.db.events.delete_one({"_id": 3}),
        ("log.gap", "event 4")),
    "the last event is lost": (
        lambda db, story: db("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)"),
        lambda db, story: db.db.events.delete_one({"_id": db.head("lastSeq")}),
        ("log.gap", "head")),
    "two events have one id": (
        lambda db, story: (db.without_unique_ids(),
                           db("UPDATE event SET id = (SELECT id FROM event WHERE seq = 1) WHERE seq = 2")),
        lambda db, story: (db.without_unique_ids(),
                           db("events", {"_id": 2}, {"$set": {"id": db.db.events.find_one({"_id": 1})["id"]}})),
        ("log.id", "event ")),
    "time goes backwards": (
        lambda db, story: db("UPDATE event SET logged_at = logged_at - 600000 WHERE seq = 4"),
        lambda db, story: db.db.events.update_one({"_id": 4}, [{"$set": {"loggedAt": {"$subtract": ["$loggedAt", 600000]}}}]),
        ("log.time", "event 4")),
    "a frame of another event": (
        lambda db, story: db("UPDATE event SET frame = replace(frame, '\"seq\":4,', '\"seq\":5,') WHERE seq = 4"),
        lambda db, story: db("events", {"_id": 4}, {"$set": {
            "frame": db.db.events.find_one({"_id": 4})["frame"].replace('"seq":4,', '"seq":5,')}}),
        ("log.frame", "event 4")),
    "a cause that is none": (
        lambda db, story: db("UPDATE event SET caused_by = ? WHERE seq = (SELECT min(seq) FROM event WHERE caused_by"
                             " IS NOT NULL)", NOBODY),
        lambda db, story: db("events", {"causedBy": {"$exists": True}}, {"$set": {"causedBy": NOBODY}}),
        ("log.cause", "event ")),
    "a version that nobody told": (
        lambda db, story: db("UPDATE trade SET version = version + 1 WHERE id = ?", story.loaded),
        lambda db, story: db("trades", {"_id": story.loaded}, {"$inc": {"version": 1}}),
        ("document.versions", "trade LOADED")),
    "a version beyond all reason": (
        lambda db, story: db("UPDATE trade SET version = 999999999999 WHERE id = ?", story.loaded),
        lambda db, story: db("trades", {"_id": story.loaded}, {"$set": {"version": 999999999999}}),
        ("document.versions", "trade LOADED")),
    "a version of stock that nobody told": (
        lambda db, story: db("UPDATE stock SET version = version + 1 WHERE station = 'Mars' AND item = 'Water'"),
        lambda db, story: db("stock", {"stationId": "Mars", "name": "Water"}, {"$inc": {"version": 1}}),
        ("document.versions", "inventory Mars, Water")),
    "a trade that was changed by hand": (
        lambda db, story: db("UPDATE trade SET doc = replace(doc, 'buyer 3', 'buyer 5') WHERE id = ?", story.loaded),
        lambda db, story: db("trades", {"_id": story.loaded}, {"$set": {"buyer": "buyer 5"}}),
        ("document.data", "trade LOADED")),
    "cargo that is gone": (
        lambda db, story: db("DELETE FROM cargo WHERE id = 'SH-2'"),
        lambda db, story: db.db.cargo.delete_one({"_id": "SH-2"}),
        ("document.data", "cargo SH-2")),
    "stock that was changed by hand": (
        lambda db, story: db("UPDATE stock SET incoming = incoming + 1 WHERE station = 'Pluto'"),
        lambda db, story: db("stock", {"stationId": "Pluto"}, {"$inc": {"incoming": 1}}),
        ("document.data", "inventory Pluto, Water")),
    "a posting of nothing": (
        lambda db, story: db("UPDATE posting SET quantity = 0 WHERE n = (SELECT min(n) FROM posting)"),
        lambda db, story: db("postings", {"_id": db.db.postings.find_one(sort=[("_id", 1)])["_id"]}, {"$set": {"quantity": 0}}),
        ("ledger.posting", "posting ")),
    "a posting of another time": (
        lambda db, story: db("UPDATE posting SET at = at + 1 WHERE n = (SELECT min(n) FROM posting)"),
        lambda db, story: db.db.postings.update_one({}, [{"$set": {"at": {"$add": ["$at", 1]}}}]),
        ("ledger.posting", "posting ")),
    "a balance that does not follow": (
        lambda db, story: db("UPDATE posting SET target_balance = target_balance + 1 WHERE station = 'Mars' AND item = 'Water'"),
        lambda db, story: db("postings", {"stationId": "Mars", "item": "Water"}, {"$inc": {"toBalance": 1}}),
        ("ledger.chain", "station:Mars, Water")),
    "goods from nowhere": (
        lambda db, story: db("UPDATE stock SET on_hand = on_hand + 7 WHERE station = 'Mars' AND item = 'Water'"),
        lambda db, story: db("stock", {"stationId": "Mars", "name": "Water"}, {"$inc": {"onHand": 7}}),
        ("ledger.balance", "station:Mars, Water")),
    "goods in transit that nobody sent": (
        lambda db, story: db("UPDATE balance SET quantity = quantity + 1 WHERE account = 'transit:SH-3'"),
        lambda db, story: db("balances", {"_id": "transit:SH-3\nWater"}, {"$inc": {"quantity": 1}}),
        ("ledger.balance", "transit:SH-3, Water")),
    "more in the network than outside knows of": (
        lambda db, story: db("UPDATE balance SET quantity = quantity - 1 WHERE account = 'external' AND item = 'Water'"),
        lambda db, story: db("balances", {"_id": "external\nWater"}, {"$inc": {"quantity": -1}}),
        ("ledger.sum", "item Water")),
    "less than nothing": (
        lambda db, story: db("UPDATE stock SET on_hand = -1 WHERE station = 'Mars' AND item = 'Water'"),
        lambda db, story: db("stock", {"stationId": "Mars", "name": "Water"}, {"$set": {"onHand": -1}}),
        ("stock.bounds", "station Mars, Water")),
    "more reserved than on hand": (
        lambda db, story: db("UPDATE stock SET reserved = on_hand + 1 WHERE station = 'Mars' AND item = 'Water'"),
        lambda db, story: db("stock", {"stationId": "Mars", "name": "Water"}, {"$set": {"reserved": 6}}),
        ("stock.bounds", "station Mars, Water")),
    "reserved for nobody": (
        lambda db, story: db("UPDATE stock SET reserved = 1 WHERE station = 'Mars' AND item = 'Water'"),
        lambda db, story: db("stock", {"stationId": "Mars", "name": "Water"}, {"$set": {"reserved": 1}}),
        ("stock.reserved", "station Mars, Water")),
    "a reservation that was forgotten": (
        lambda db, story: db("UPDATE trade SET goods = 1 WHERE id = ?", story.reserved),
        lambda db, story: db("trades", {"_id": story.reserved}, {"$set": {"goods": "none"}}),
        ("stock.reserved", "station Mars, part 0")),
    "a trade that the delivery forgot": (
        lambda db, story: db("UPDATE trade SET status = 0 WHERE id = ?", story.delivered),
        lambda db, story: db("trades", {"_id": story.delivered}, {"$set": {"status": "pending"}}),
        ("trade.settled", "trade DELIVERED")),
    "goods that the delivery forgot": (
        lambda db, story: db("UPDATE trade SET goods = 3 WHERE id = ?", story.delivered),
        lambda db, story: db("trades", {"_id": story.delivered}, {"$set": {"goods": "loaded"}}),
        ("trade.settled", "trade DELIVERED")),
    "a manifest with what nobody brought": (
        lambda db, story: db("UPDATE trade SET goods = 1 WHERE id = ?", story.loaded),
        lambda db, story: db("trades", {"_id": story.loaded}, {"$set": {"goods": "none"}}),
        ("cargo.manifest", "cargo SH-2, part 0")),
    "an effect of nothing": (
        lambda db, story: db("INSERT INTO job VALUES (4711, 'Nowhere', 1, 'k', ?, 1, 0, 0, NULL)", NOBODY),
        lambda db, story: db.db.jobs.insert_one({"_id": 4711, "lane": "Nowhere", "kind": 1, "key": "k", "cause": NOBODY}),
        ("job.cause", "job of ffff")),
    "an answer for what never happened": (
        lambda db, story: db("UPDATE claim SET event = ?", NOBODY),
        lambda db, story: db("claims", {}, {"$set": {"event": NOBODY}}),
        ("claim.answer", "claim ")),
    "an alert that nothing raised": (
        lambda db, story: db("UPDATE alert SET doc = replace(doc, 'oversize', 'lateness') WHERE id = ?", story.alert),
        lambda db, story: db("alerts", {"_id": story.alert}, {"$set": {"kind": "lateness"}}),
        ("document.versions", "alert ALERT")),
    "an alert that was changed by hand": (
        lambda db, story: db("UPDATE alert SET doc = replace(doc, 'shipment', 'parcel') WHERE id = ?", story.alert),
        lambda db, story: db("alerts", {"_id": story.alert}, {"$set": {"message": "Nothing!"}}),
        ("document.data", "alert ALERT")),
    "an alert that is gone": (
        lambda db, story: db("DELETE FROM alert WHERE id = ?", story.alert),
        lambda db, story: db.db.alerts.delete_one({"_id": story.alert}),
        ("document.data", "alert ALERT")),
    "a counter of alerts that counts wrong": (
        lambda db, story: db("UPDATE counter SET value = value + 1 WHERE name = 'alerts.status.resolved'"),
        lambda db, story: db("counters", {"_id": "alerts.status.resolved"}, {"$inc": {"value": 1}}),
        ("counter.value", "counter alerts.status.resolved")),
    "a counter that counts wrong": (
        lambda db, story: db("UPDATE counter SET value = value + 1 WHERE name = 'cargo.status.delivered'"),
        lambda db, story: db("counters", {"_id": "cargo.status.delivered"}, {"$inc": {"value": 1}}),
        ("counter.value", "counter cargo.status.delivered")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(story, copy, fault):
    in_sqlite, in_mongodb, (rule, entity) = FAULTS[fault]
    (in_sqlite if copy.kind == "sqlite" else in_mongodb)(copy, story)
    entity = entity.replace("LOADED", story.loaded).replace("DELIVERED", story.delivered)
    entity = entity.replace("ALERT", story.alert)
    found = audit(story.stack, copy.option)["violations"]
    assert [one for one in found if one["rule"] == rule and one["entity"].startswith(entity)], found
    assert all(one["detail"] for one in found)


def test_older_frames_do_not_tell_causes(story, copy):
    if copy.kind == "sqlite":
        copy("UPDATE event SET frame = replace(frame, '\"causedBy\":\"' || caused_by || '\",', '') WHERE caused_by IS NOT NULL")
    else:
        for event in list(copy.db.events.find({"causedBy": {"$exists": True}})):
            told = f'"causedBy":"{event["causedBy"]}",'
            assert told in event["frame"]
            copy.db.events.update_one({"_id": event["_id"]}, {"$set": {"frame": event["frame"].replace(told, "")}})
    assert audit(story.stack, copy.option)["violations"] == []


def test_every_rule_can_fail(story):
    names = set()
    for line in (ROOT / "src/audit/rules.def").read_text().splitlines():
        if line.startswith("RULE("):
            names.add(line.split('"')[1])
    assert names == {rule for _, _, (rule, _) in FAULTS.values()}


def test_inventories_are_compared_with_the_ledger(story, copy):
    done = story.stack.itn("admin", "rebuild", "--diff", copy.option)
    assert done.returncode == 0 and done.stdout.startswith("inventories are what the ledger says as of seq "), done
    for fault in "goods from nowhere", "stock that was changed by hand", "reserved for nobody":
        in_sqlite, in_mongodb, _ = FAULTS[fault]
        (in_sqlite if copy.kind == "sqlite" else in_mongodb)(copy, story)
    done = story.stack.itn("admin", "rebuild", "--diff", copy.option)
    assert done.returncode == 1, done
    lines = done.stdout.splitlines()
    assert sorted(lines[:-1]) == ["Mars, Water: on hand 12, by the ledger 5", "Mars, Water: reserved 1, by the ledger 0",
                                  "Pluto, Water: incoming 6, by the ledger 5"]
    assert lines[-1].startswith("3 quantities are not what the ledger says") and lines[-1].endswith("; nothing was changed")
    assert story.stack.itn("admin", "rebuild", "--diff", copy.option).stdout == done.stdout
    assert story.stack.itn("admin", "rebuild", copy.option).returncode == 64


def test_very_many_faults_are_counted(story, copy):
    if copy.kind == "sqlite":
        copy.db.execute("WITH RECURSIVE n(n) AS (SELECT 5000 UNION ALL SELECT n + 1 FROM n WHERE n < 5299)"
                        " INSERT INTO job SELECT n, 'Nowhere', 1, 'k', ?, 1, 0, 0, NULL FROM n", [NOBODY])
    else:
        copy.db.jobs.insert_many({"_id": n, "lane": "Nowhere", "kind": 1, "key": "k", "cause": NOBODY}
                                 for n in range(5000, 5300))
    answer = audit(story.stack, copy.option)
    assert len(answer["violations"]) == 100 and answer["more"] == 200


def test_without_data_there_is_no_audit(story, tmp_path):
    done = story.stack.itn("admin", "audit", f"--store=sqlite:{tmp_path}/none.db")
    assert done.returncode == 2 and "no audit: " in done.stderr and "none.db" in done.stderr


def test_data_of_another_schema_are_not_judged(story, copy):
    if copy.kind == "sqlite":
        copy("UPDATE head SET schema = 1")
    else:
        copy("head", {}, {"$set": {"schema": 1}})
    done = story.stack.itn("admin", "audit", copy.option)
    assert done.returncode == 2 and "the data have schema 1" in done.stderr


def test_no_false_alarm_while_all_is_at_work(make_stack, store):
    stack = make_stack(store, ITN_STORE_TIMEOUT_MS=10000)
    stack.up()
    market = Market(stack, insistent=True)
    failures, seen = [], set()

    def load():
        try:
            for n in range(ROUNDS):
                everything_at_once(market)
                wait_for(lambda: len(seen) > n or None, "an audit has seen some of it", 90)
        except BaseException as failure:
            failures.append(failure)

    loading = threading.Thread(target=load, daemon=True)
    loading.start()
    while loading.is_alive():
        answer = audit_once_it_answers(stack)
        assert answer["ok"], answer
        seen.add(answer["seq"])
    assert not failures, failures
    market.wait_all_logged(90)
    answer = audit_once_it_answers(stack)
    assert answer["ok"] and answer["seq"] >= max(seen), answer
