"""A stack's data without the store's code: what a person with a shell can do to them."""

import contextlib
import re
import sqlite3
from datetime import datetime, timezone

import pymongo

HEAD_COLUMNS = {"lastSeq": "last_seq", "loggedAt": "logged_at"}


class SqliteData:
    kind = "sqlite"
    some_index = "trade_buyer"

    def __init__(self, stack):
        self.path = stack.folder / "itn.db"
        self.db = sqlite3.connect(self.path, isolation_level=None, timeout=10)

    def close(self):
        self.db.close()

    def head(self, member):
        return self.db.execute(f"SELECT {HEAD_COLUMNS.get(member, member)} FROM head").fetchone()[0]

    def set_head(self, member, value):
        self.db.execute(f"UPDATE head SET {HEAD_COLUMNS.get(member, member)} = ?", [value])

    @contextlib.contextmanager
    def newer_schema(self):
        known = self.db.execute("PRAGMA user_version").fetchone()[0]
        self.db.execute("PRAGMA user_version = 99")
        yield
        self.db.execute(f"PRAGMA user_version = {known}")

    def drop_some_index(self):
        self.db.execute("DROP INDEX trade_buyer")

    def change_some_index(self):
        self.db.execute("DROP INDEX trade_buyer")
        self.db.execute("CREATE INDEX trade_buyer ON trade (buyer)")

    def give_up(self, notification):
        self.db.execute("UPDATE notification SET status = 3, last_error = 'refused' WHERE id = ?", [notification])

    def miscount(self, by):
        self.db.execute("UPDATE counter SET value = value + ? WHERE name = 'events.total'", [by])

    def mend(self, todo):
        """Does what the doctor says."""
        self.db.executescript(re.search(r"Run with sqlite3 on the database: (.*)\.$", todo)[1])


class MongoData:
    kind = "mongodb"
    some_index = "{buyer: 1, createdAt: 1, _id: 1} of trades"

    def __init__(self, stack):
        self.client = pymongo.MongoClient(stack.settings["ITN_STORE"], directConnection=True)
        self.db = self.client[stack.settings.get("ITN_NETWORK", "itn")]

    def close(self):
        self.client.close()

    def head(self, member):
        return self.db.head.find_one({"_id": "head"})[member]

    def set_head(self, member, value):
        self.db.head.update_one({"_id": "head"}, {"$set": {member: value}})

    @contextlib.contextmanager
    def newer_schema(self):
        known = self.head("schema")
        self.set_head("schema", 99)
        yield
        self.set_head("schema", known)

    def drop_some_index(self):
        self.db.trades.drop_index([("buyer", 1), ("createdAt", 1), ("_id", 1)])

    def change_some_index(self):
        self.drop_some_index()
        self.db.trades.create_index([("buyer", 1), ("createdAt", 1), ("_id", 1)], sparse=True)

    def give_up(self, notification):
        self.db.notifications.update_one({"_id": notification}, {"$set": {"status": "dead", "lastError": "refused"}})

    def miscount(self, by):
        self.db.counters.update_one({"_id": "events.total"}, {"$inc": {"value": by}})

    def mend(self, todo):
        """Does what the doctor says: one createIndex of keys, after dropping what has the same keys."""
        collection, keys = re.search(r"Run with mongosh on the database: db\.(\w+)\.createIndex\(\{([^}]*)\}\)\.$",
                                     todo).groups()
        keys = [(key, int(order)) for key, order in (part.split(": ") for part in keys.split(", "))]
        for name, index in self.db[collection].index_information().items():
            if index["key"] == keys:
                self.db[collection].drop_index(name)
        self.db[collection].create_index(keys)

    def snapshot(self):
        return {name: list(self.db[name].find()) for name in self.db.list_collection_names()}

    def restore(self, snapshot):
        """As mongorestore --drop does, indexes aside."""
        for name in self.db.list_collection_names():
            self.db[name].delete_many({})
            if snapshot.get(name):
                self.db[name].insert_many(snapshot[name])


def raw_store(stack):
    return contextlib.closing(MongoData(stack) if "ITN_STORE" in stack.settings else SqliteData(stack))


def now_ms():
    return int(datetime.now(timezone.utc).timestamp() * 1000)
