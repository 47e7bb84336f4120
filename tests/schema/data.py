"""The data sets of this folder: what a store of an older schema holds, as text.

    data/N.sql    SQLite, schema N: statements that make the database
    data/N.json   MongoDB, schema N: {collection: {indexes, documents}} in Extended JSON, a document a line
"""

import re
import sqlite3
from pathlib import Path

from bson import json_util

DATA = Path(__file__).parent / "data"
SOURCES = Path(__file__).parents[2] / "src"


def schema_of_sources():
    """The version that the checkout writes."""
    return int(re.search(r"^#define STORE_SCHEMA (\d+)$", (SOURCES / "store/store.h").read_text(), re.M)[1])


def dump_sqlite(path, schema):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        lines = list(db.iterdump())
        for pragma in ("application_id", "user_version"):
            lines.insert(-1, f"PRAGMA {pragma} = {db.execute(f'PRAGMA {pragma}').fetchone()[0]};")
    (DATA / f"{schema}.sql").write_text("\n".join(lines) + "\n")


def load_sqlite(path, schema):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript((DATA / f"{schema}.sql").read_text())
    db.close()


def dump_mongodb(database, schema):
    kept = {}
    for name in sorted(database.list_collection_names()):
        indexes = [index for index in database[name].list_indexes() if index["name"] != "_id_"]
        kept[name] = {"indexes": indexes, "documents": list(database[name].find().sort("_id"))}
    (DATA / f"{schema}.json").write_text(json_lines({
        name: {part: [as_json(document) for document in documents] for part, documents in content.items()}
        for name, content in kept.items()}) + "\n")


def as_json(document):
    return json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS, ensure_ascii=False)


def json_lines(value):
    """Objects and lists over texts that are JSON already."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[\n" + ",\n".join(value) + "]" if value else "[]"
    return "{\n" + ",\n".join(f'"{name}": {json_lines(member)}' for name, member in value.items()) + "}"


def load_mongodb(database, schema):
    kept = json_util.loads((DATA / f"{schema}.json").read_text(), json_options=json_util.CANONICAL_JSON_OPTIONS)
    for name, content in kept.items():
        database.create_collection(name)
        for index in content["indexes"]:
            options = {key: value for key, value in index.items() if key not in ("key", "v", "ns")}
            database[name].create_index(list(index["key"].items()), **options)
        if content["documents"]:
            database[name].insert_many(content["documents"])
