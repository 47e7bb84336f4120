"""What a network shows once it is at rest: its log, its lists, its ledger."""

import collections
import json
from urllib.parse import quote

from harness.wait import wait_for
from torture.subscribers import read_lines
from torture.writers import count_mark

PATIENCE_S = 60

Written = collections.namedtuple("Written", "seq entity id version status")
MARKS = {"tradeCreate": "buyer", "tradeUpdated": "reason", "cargoUpdated": "location"}


def fingerprint(document):
    return hash(json.dumps(document, sort_keys=True))


def entity_of(event):
    """trade or cargo, of the events that show one and are its next version."""
    return {"tradeCreate": "trade", "tradeUpdated": "trade", "cargoUpdated": "cargo"}.get(event["event"])


class Log:
    """The whole log, of each event what the checks need.

    lines     hashes of its bytes
    faults    what no log may have
    versions  {(entity, id): [fingerprint of version 1, of version 2, …]}, and `statuses` the same way
    written   {mark: [Written]}: events that writes made, not those that followed from them
    stock     {(station, item): quantity} as it was told last
    """

    def __init__(self, client):
        self.lines, self.faults, self.ids = [], [], set()
        self.versions, self.statuses = collections.defaultdict(list), collections.defaultdict(list)
        self.written = collections.defaultdict(list)
        self.stock = {}
        while lines := self.read_on(client):
            for line in lines:
                self.take(line)

    def read_on(self, client):
        """Once there is an answer: on a busy machine a store may take too long for the first one."""
        return wait_for(lambda: (lines := read_lines(client, len(self.lines))) is not None and (lines,), "an answer", PATIENCE_S)[0]

    def take(self, line):
        event = json.loads(line)
        self.lines.append(hash(line))
        if event["seq"] != len(self.lines):
            self.faults.append(f"{event['seq']} is the event number {len(self.lines)}")
        if event["id"] in self.ids:
            self.faults.append(f"{event['id']} is there twice, the second time as {event['seq']}")
        self.ids.add(event["id"])
        if entity_of(event):
            self.take_document(event, entity_of(event), event["data"])
        elif event["event"] == "stockTaken":
            self.written[count_mark(event["data"]["items"])].append(
                Written(event["seq"], "station", event["data"]["_id"], None, None))
        elif event["event"] == "inventoryUpdated":
            self.stock.update({(event["data"]["stationId"], item["name"]): item["quantity"] for item in event["data"]["items"]})

    def take_document(self, event, entity, document):
        versions = self.versions[entity, document["_id"]]
        versions.append(fingerprint(document))
        self.statuses[entity, document["_id"]].append(document["status"])
        if document["version"] != len(versions):
            self.faults.append(f"{event['seq']} is version {len(versions)} of {document['_id']} and says {document['version']}")
        if "." not in event["id"]:
            mark = "_id" if entity == "cargo" and document["version"] == 1 else MARKS[event["event"]]
            self.written[document.get(mark)].append(
                Written(event["seq"], entity, document["_id"], document["version"], document["status"]))


def read_list(client, path):
    """All pages of a list."""
    documents, path = [], f"{path}{'&' if '?' in path else '?'}limit=1000"
    while path:
        answer = wait_for(lambda: (answer := client.get(path)).status == 200 and answer, f"an answer to {path}", PATIENCE_S)
        documents += answer.json()
        link = answer.field("Link")
        path = link and link[1:link.index(">")]
    return documents


def carried(trades, cargo):
    """{(station, item): quantity} that deliveries brought: a shipment's own lines, and those of the trades on it."""
    stock = collections.Counter()
    delivered = {entry["_id"] for entry in cargo if entry["status"] == "delivered"}
    loads = [(entry["destination"], entry["ownItems"]) for entry in cargo if entry["_id"] in delivered]
    loads += [(trade["destination"], trade["items"]) for trade in trades if trade.get("shipmentId") in delivered]
    for station, items in loads:
        for item in items:
            stock[station, item["name"]] += item["quantity"]
    return dict(stock)


def on_hand(client):
    return {(station["stationId"], item["name"]): item["quantity"]
            for station in read_list(client, "/api/inventory") for item in station["items"]}


def posted(client, stations):
    """What the movements of each station add up to, and what of it came with shipments: two {(station, item): quantity}. Each
    movement says what there was after it."""
    stock, came = collections.Counter(), collections.Counter()
    for station in stations:
        account = f"station:{station}"
        for move in read_list(client, f"/api/inventory/{quote(station)}/movements"):
            key, inward = (station, move["item"]), move["to"] == account
            stock[key] += move["quantity"] if inward else -move["quantity"]
            assert move["toBalance" if inward else "fromBalance"] == stock[key] >= 0, f"{move} leaves {stock[key]}"
            if inward and move["from"].startswith("transit:"):
                came[key] += move["quantity"]
    return dict(stock), dict(came)
