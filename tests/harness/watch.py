"""Readers of the log: by REST, by a WebSocket, and by a WebSocket that asks REST for what it missed."""

import json
import threading
import time
from http.client import HTTPException

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from harness.wait import wait_for


def read_log(client, after=0):
    """Every event of the log behind `after`, in the order that GET /api/events gives."""
    events = []
    while True:
        answer = client.get(f"/api/events?after={after}&limit=1000")
        assert answer.status == 200, answer
        page = answer.json()
        events += page
        if not page:
            return events
        after = page[-1]["seq"]


def assert_log_complete(events, after=0):
    """No hole, no number twice, no event twice, every document's versions in order, time never backwards."""
    assert [event["seq"] for event in events] == list(range(after + 1, after + 1 + len(events)))
    ids = [event["id"] for event in events]
    assert len(set(ids)) == len(ids)
    versions = {}
    for event in events:
        if event["event"] in ("tradeCreate", "tradeUpdated", "cargoUpdated"):
            kind = "cargo" if event["event"] == "cargoUpdated" else "trade"
            key = kind, event["data"]["_id"]
            if key in versions or not after:
                assert event["data"]["version"] == versions.get(key, 0) + 1, f"{key}: {event}"
            versions[key] = event["data"]["version"]


class Watcher:
    """A client of the live feed on a thread of its own. It never says a word; when the connection ends it comes again.

    frames  what came in, parsed, in the order of arrival, over all connections
    ends    how often a connection ended without close() having been called
    """

    def __init__(self, stack):
        self.stack = stack
        self.frames = []
        self.ends = 0
        self.closing = False
        self.failure = None
        self.socket = None
        self.open = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        assert self.open.wait(20), "no connection to the feed"

    def run(self):
        try:
            while not self.closing:
                self.listen()
        except Exception as failure:  # shown by the test's own thread
            self.failure = failure

    def listen(self):
        try:
            with self.stack.feed(open_timeout=5, ping_interval=None) as self.socket:
                self.connected()
                self.open.set()
                for text in self.socket:
                    self.receive(text)
        except ConnectionClosed:
            pass
        except (OSError, InvalidHandshake, InvalidMessage, TimeoutError, EOFError):
            time.sleep(0.02)
        self.ends += self.open.is_set() and not self.closing
        self.open.clear()

    def connected(self):
        pass

    def receive(self, text):
        self.take(json.loads(text))

    def take(self, frame):
        self.frames.append(frame)

    def last(self):
        return self.frames[-1]["seq"] if self.frames else 0

    def wait_seq(self, seq, seconds=60):
        wait_for(lambda: self.failure or self.last() >= seq, f"frame {seq} (last is {self.last()})", seconds)
        assert self.failure is None, self.failure

    def close(self):
        self.closing = True
        if self.socket is not None:
            self.socket.close()
        self.thread.join(20)
        assert self.failure is None, self.failure


class ThoroughWatcher(Watcher):
    """Reads what it missed from GET /api/events: when it comes again, and when a frame is too new for it."""

    def __init__(self, stack, after=0):
        self.at = after
        super().__init__(stack)

    def connected(self):
        self.fetch()

    def take(self, frame):
        if frame["seq"] > self.at + 1:
            self.fetch()
        self.add(frame)

    def last(self):
        return self.at

    def add(self, frame):
        if frame["seq"] > self.at:
            assert frame["seq"] == self.at + 1, f"{frame['seq']} comes after {self.at}"
            self.frames.append(frame)
            self.at = frame["seq"]

    def fetch(self):
        client = self.stack.new_client(timeout=5)
        while not self.closing:
            try:
                answer = client.get(f"/api/events?after={self.at}&limit=1000")
            except (OSError, EOFError, HTTPException):
                time.sleep(0.02)
                continue
            if answer.status == 200:
                events = answer.json()
                for event in events:
                    self.add(event)
                if not events:
                    break
            else:
                time.sleep(0.02)
        client.close()
