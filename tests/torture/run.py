"""A whole network under load, its processes killed and stopped until it is enough, and then at rest."""

import time

from harness.exposition import scrape
from harness.mongo import MongoServer
from harness.stack import Stack
from harness.wait import wait_for
from torture.chaos import Chaos, decks
from torture.subscribers import Subscriber
from torture.writers import WRITERS, Crowd

SUBSCRIBERS = 3
# Kills of a long run, at least.
KILLS = 30
REST_S = 180
# Whose write is the very last.
LAST = "last"


class Run:
    """with Run(store, folder, seed, seconds) as run: run.go(); 0 seconds: each blow once."""

    def __init__(self, store, folder, seed, seconds):
        self.store, self.seed, self.seconds = store, seed, seconds
        self.server = MongoServer(folder) if store == "mongodb" else None
        self.stack = Stack(folder / "stack", store_uri=self.server and self.server.uri, ITN_ENGINE_PROCESSES=2)
        self.crowd = self.chaos = None
        self.subscribers = []
        self.took = 0.0

    def __enter__(self):
        try:
            if self.server:
                self.server.start()
            self.stack.up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for subscriber in self.subscribers:
            subscriber.closing = True
        try:
            self.stack.close()
        finally:
            if self.server:
                self.server.stop()

    def go(self):
        began = time.monotonic()
        self.subscribers = [Subscriber(self.stack) for _ in range(SUBSCRIBERS)]
        self.crowd = Crowd(self.stack, self.seed)
        self.chaos = Chaos(self.stack, self.server, self.crowd, self.subscribers, self.seed)
        with self.crowd:
            self.strike(began + self.seconds)
        self.took = time.monotonic() - began
        assert not self.crowd.failures, self.crowd.failures
        self.come_to_rest()

    def strike(self, until):
        short, long = decks(self.store)
        if not self.seconds:
            self.chaos.play(short)
        while self.seconds and not self.is_enough(until):
            self.chaos.play(long, lambda: self.is_enough(until))
        self.chaos.wake_one()
        self.chaos.end()

    def is_enough(self, until):
        return time.monotonic() >= until and self.chaos.kills() >= KILLS

    def come_to_rest(self):
        self.stack.wait_ready(REST_S)
        wait_for(self.is_at_rest, "nothing waits to be done", REST_S, pause=0.2)
        last = self.stack.post("/api/trades", {
            "buyer": LAST, "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
            "items": [{"name": "Tea", "quantity": 1}], "destination": "Nowhere"}, {"Prefer": "wait=10"})
        assert last.status == 201, last
        end = self.end_of_log()
        for subscriber in self.subscribers:
            subscriber.wait_seq(end)
            subscriber.close()

    def is_at_rest(self):
        """One engine works, and has seen that nothing is left; until it has looked it says nothing."""
        metrics = scrape(self.stack)
        names = ("itn_outbox_entries", "itn_engine_jobs", "itn_publication_lag_events")
        return (metrics.sum("itn_engine_lease_held") == 1 and
                all([value for _, value in metrics.all(name)] == [0] for name in names))

    def end_of_log(self):
        answer = wait_for(lambda: (answer := self.stack.get("/api/events?limit=1")).status == 200 and answer, "an answer", REST_S)
        return int(answer.field("ITN-Seq"))

    def summary(self):
        counts, blows = self.crowd.counts(), self.chaos.blows
        frames = sum(subscriber.live for subscriber in self.subscribers)
        missed = sum(subscriber.missed for subscriber in self.subscribers)
        slowest = max(self.chaos.recoveries, default=(0, "nobody"))
        told = ", ".join(f"{whom} {count}" for (what, whom), count in sorted(blows.items()) if what == "kill")
        stops = ", ".join(f"{whom} {count}" for (what, whom), count in sorted(blows.items()) if what == "stop")
        return (f"{self.store}, seed {self.seed}: {self.took:.0f} s of load by {WRITERS} writers\n"
                f"  killed {self.chaos.kills()} ({told}), stopped for a while: {stops}; stale engines woken {self.chaos.woken}\n"
                f"  accepted writes {counts['accepted']}, retries {counts['retries']}, half-answered {counts['half-answered']}, "
                f"clients hung up {counts['hung up']}, said again {counts['said again']}\n"
                f"  events {self.subscribers[0].at}, frames {frames} and {missed} read by who missed them, "
                f"max recovery {slowest[0]:.1f} s ({slowest[1]})")
