"""Clients that write as fast as they are answered, and remember what they were told of each write."""

import collections
import enum
import itertools
import json
import random
import secrets
import threading
import time
from urllib.parse import quote

from harness.exposition import scrape
from harness.market import FAILURES, ITEMS
from harness.wait import wait_for

WRITERS = 16
COUNTED = "Tribbles"
STATIONS = [f"Station {n}" for n in range(6)]
# Entries of the outbox and outstanding effects: with more of them the writers wait, or all would take long to come to rest.
BACKLOG = 100
# How long a writer asks again for one write before it says that something is wrong.
PATIENCE_S = 90
# What writers ask for, by what a thing is as far as they know; nothing of what is final.
LIFE = {"trade": {"pending": ["delayed", "canceled", "completed"], "delayed": ["pending", "canceled", "completed"]},
        "cargo": {"pending": ["in transit", "in transit", "delayed", "delivered"],
                  "in transit": ["in transit", "delayed", "delivered", "delivered"],
                  "delayed": ["in transit", "delivered"]}}


class Told(enum.Enum):
    """What an answer says of a write."""
    DONE = "2xx"
    REFUSED = "4xx"
    NOT_DONE = "503 not-done, or refused for the moment"
    NOTHING = "no answer, or one that does not know"


def told_by(answer):
    if answer is None or answer.status in (502, 504):
        return Told.NOTHING
    if answer.status < 300:
        return Told.DONE
    problem = answer.json()
    if answer.status == 503:
        return Told.NOT_DONE if problem.get("outcome") == "not-done" else Told.NOTHING
    if answer.status == 429 or problem["type"] == "/problems/idempotency-pending":
        return Told.NOT_DONE
    assert answer.status < 500, answer
    return Told.REFUSED


class Write:
    """One change that a client wants: `mark` is in the document that it makes, and in no other write's.

    wanted  the status that is asked for, and `known` the version that had another one; None for a creation
    told    what it was told in the end; Told.NOTHING as long as it was not
    seen    of the last answer
    began   when it was first sent, and `ended` when it was answered for good (time.monotonic())
    """
    __slots__ = ("mark", "method", "path", "body", "headers", "entity", "wanted", "known", "told", "seen", "began", "ended")

    def __init__(self, mark, method, path, body, key, entity, wanted=None, known=None, waits=False):
        self.mark, self.method, self.path, self.entity, self.wanted, self.known = mark, method, path, entity, wanted, known
        self.body = json.dumps(body).encode()
        self.headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {}) | (
            {"Prefer": "wait=2"} if waits else {})
        self.told, self.seen = Told.NOTHING, None
        self.began = self.ended = None

    @property
    def has_key(self):
        return "Idempotency-Key" in self.headers

    @property
    def document(self):
        """Of the answer to what was done."""
        body = json.loads(self.seen[1])
        return body.get("trade") or body.get("cargo") or body.get("inventory") or body

    def __repr__(self):
        return f"<{self.mark}: {self.method} {self.path} {self.body.decode()} {'with' if self.has_key else 'no'} key: {self.seen}>"


def count_mark(items):
    return next(f"count {item['quantity']}" for item in items if item["name"] == COUNTED)


def new_key():
    return secrets.token_hex(16)


def seen(answer):
    """What of an answer must be the same each time."""
    return (answer.status, answer.body, *(answer.field(name) for name in ("Content-Type", "Location", "ETag")))


class Writer:
    """One of them, on a thread and a connection of its own. Most of its writes have a key, and are sent until they are answered."""

    def __init__(self, crowd, number, seed):
        self.crowd, self.number = crowd, number
        self.random = random.Random(f"{seed} writer {number}")
        self.client = crowd.stack.new_client(timeout=self.random.choice([3, 10]))
        self.numbers = itertools.count(1)
        self.writes = []
        self.counts = collections.Counter()
        self.own = {"trade": collections.deque(maxlen=16), "cargo": collections.deque(maxlen=64)}  # [entity, id, status, version]

    def run(self):
        try:
            while not self.crowd.enough.is_set():
                if self.crowd.backlog > BACKLOG:
                    time.sleep(0.05)
                else:
                    self.step()
        except BaseException as failure:
            self.crowd.failures.append(failure)
        finally:
            self.client.close()

    def step(self):
        what, entity = self.random.choices([("create", "trade"), ("create", "cargo"), ("change", "trade"), ("change", "cargo"),
                                            ("count", "station")], [44, 10, 15, 29, 2])[0]
        if what == "count":
            self.count()
        elif what == "create" or not self.own[entity]:
            self.create(entity)
        elif self.crowd.shared and self.random.random() < 0.2:
            self.change(self.random.choice(list(self.crowd.shared)), new_key())
        else:
            self.change(self.own[entity][0], self.new_key())

    def items(self, most):
        names = self.random.sample(ITEMS, self.random.randint(1, most))
        return [{"name": name, "quantity": self.random.randint(1, 9)} for name in names]

    def mark(self):
        return f"w{self.number}-{next(self.numbers)}"

    def create(self, entity):
        mark, destination = self.mark(), self.random.choice(STATIONS)
        if entity == "trade":
            body = {"buyer": mark, "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
                    "items": self.items(6), "destination": destination}
            if self.random.random() < 0.2:
                body["stationId"] = self.random.choice([station for station in STATIONS if station != destination])
        else:
            body = {"shipmentId": mark, "emailId": "dock@example.org", "items": self.items(3), "destination": destination}
        path = "/api/trades" if entity == "trade" else "/api/cargo"
        write = self.tell(Write(mark, "POST", path, body, self.new_key(), entity, waits=self.is_patient()))
        if write.told is Told.DONE and write.document["status"] in LIFE[entity]:
            thing = [entity, *(write.document[name] for name in ("_id", "status", "version"))]
            self.own[entity].append(thing)
            self.crowd.shared.append(list(thing))

    def count(self):
        """A stock-take: what it counted of one item is its own."""
        number, station = next(self.numbers), self.random.choice(STATIONS)
        items = [{"name": self.random.choice(ITEMS), "quantity": self.random.randint(0, 40)},
                 {"name": COUNTED, "quantity": self.number * 10**6 + number}]
        self.tell(Write(count_mark(items), "PUT", f"/api/inventory/{quote(station)}", {"items": items}, new_key(), "station"))

    def change(self, thing, key):
        """Of what others change too only with a key: nginx sends a PUT again whose worker has died."""
        entity, name, status, version = thing
        if status not in LIFE[entity]:
            return  # another writer has just ended it
        wanted, mark = self.random.choice(LIFE[entity][status]), self.mark()
        path = f"/api/{'trades' if entity == 'trade' else 'cargo'}/{quote(name)}/status"
        body = {"status": wanted, "reason" if entity == "trade" else "location": mark}
        write = self.tell(Write(mark, self.random.choice(["PUT", "PATCH"]), path, body, key, entity, wanted, version,
                                self.is_patient()))
        if write.told is Told.DONE:
            thing[2:] = write.document["status"], write.document["version"]
        if write.told is Told.REFUSED or thing[2] not in LIFE[entity]:
            self.forget(thing)

    def forget(self, thing):
        for known in *self.own.values(), self.crowd.shared:
            try:
                known.remove(thing)
            except ValueError:
                pass

    def is_patient(self):
        """Whether it wants to know what follows from its write."""
        return self.random.random() < 0.05

    def new_key(self):
        return new_key() if self.random.random() < 0.85 else None

    def tell(self, write):
        """Sends it: with a key until it is answered for good, else once."""
        self.writes.append(write)
        write.began = time.monotonic()
        if write.has_key and self.random.random() < 0.02:
            self.hang_up(write)
        while True:
            answer, write.told = self.send(write)
            if write.told in (Told.DONE, Told.REFUSED) or not write.has_key:
                break
            assert time.monotonic() - write.began < PATIENCE_S, f"{write} was not answered: {answer}"
            time.sleep(self.random.uniform(0.02, 0.2))
            self.counts["retries"] += 1
        write.ended = time.monotonic()
        self.note(write, answer)
        return write

    def send(self, write):
        try:
            answer = self.client.request(write.method, write.path, write.body, write.headers)
        except FAILURES:
            answer = None
        told = told_by(answer)
        self.counts[answer.status if answer else "no answer"] += 1
        self.counts["half-answered"] += told is Told.NOTHING
        return answer, told

    def note(self, write, answer):
        if answer is not None:
            write.seen = seen(answer)
        if write.told is Told.REFUSED:
            assert write.wanted and answer.json()["type"] == "/problems/illegal-change", f"{write} was refused"
        if write.told is Told.DONE:
            self.counts["accepted"] += 1
            if write.has_key and self.random.random() < 0.05:
                self.say_again(write)

    def hang_up(self, write):
        """A client that is gone before its answer comes, and begins anew."""
        try:
            self.client.send(write.method, write.path, write.body, write.headers)
        except FAILURES:
            pass
        self.client.close()
        self.counts["hung up"] += 1

    def say_again(self, write):
        """A try that is late: the answer is the one that there was."""
        answer, told = self.send(write)
        self.counts["said again"] += 1
        if told in (Told.DONE, Told.REFUSED):
            assert seen(answer) == write.seen, f"{write}, and again {answer}"


class Crowd:
    """with Crowd(stack, seed) as crowd: … – WRITERS of them at work, until the end of the block.

    failures  what they were told, and should not have been
    backlog   what the engine had still to do, when it was last heard of
    """

    def __init__(self, stack, seed):
        self.stack = stack
        self.shared = collections.deque(maxlen=48)
        self.failures, self.backlog = [], 0
        self.enough = threading.Event()
        self.writers = [Writer(self, number, seed) for number in range(WRITERS)]
        self.threads = [threading.Thread(target=task, daemon=True)
                        for task in (self.watch_backlog, *(writer.run for writer in self.writers))]

    def watch_backlog(self):
        client = self.stack.new_client(timeout=3)
        while not self.enough.wait(0.5):
            try:
                metrics = scrape(client)
                self.backlog = metrics.sum("itn_outbox_entries") + metrics.sum("itn_engine_jobs")
            except (*FAILURES, AssertionError):
                self.backlog = 0
        client.close()

    def accepted(self):
        return sum(writer.counts["accepted"] for writer in self.writers)

    def counts(self):
        return sum((writer.counts for writer in self.writers), collections.Counter())

    def writes(self):
        return [write for writer in self.writers for write in writer.writes]

    def wait_accepted(self, until):
        wait_for(lambda: self.failures or self.accepted() >= until, f"{until} accepted writes", 2 * PATIENCE_S)
        assert not self.failures, self.failures

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        end = time.monotonic() + PATIENCE_S + 30
        for thread in self.threads:
            thread.join(max(0.1, end - time.monotonic()))
        if any(thread.is_alive() for thread in self.threads):
            self.failures.append("writers still wait for answers")
