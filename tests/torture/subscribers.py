"""Clients of the live feed who come again whenever it ends, and read what they missed from GET /api/events."""

import re
import time

from harness.market import FAILURES
from harness.watch import Watcher

SEQ = re.compile(r'"seq":(\d+),"time":"([^"]+)"')


def read_lines(client, after, limit=1000):
    """The events behind `after`, as the bytes that frames have; None when there was no answer."""
    try:
        answer = client.get(f"/api/events?after={after}&limit={limit}", {"Accept": "application/x-ndjson"})
    except FAILURES:
        return None
    return answer.body.decode().splitlines() if answer.status == 200 else None


class Subscriber(Watcher):
    """What it was told of each event, in the order of telling, is kept as a hash of the bytes.

    at      the number that it was told last
    told    hashes, of the events 1 to `at`
    live    frames that came by the WebSocket, and `missed` events that it had to read
    newest  the time of the last event that came by the WebSocket
    """

    def __init__(self, stack):
        self.at, self.told = 0, []
        self.live = self.missed = 0
        self.newest = ""
        self.of_connection = None
        super().__init__(stack)

    def connected(self):
        self.of_connection = None
        self.fetch()

    def receive(self, text):
        seq, time_of_event = SEQ.search(text).groups()
        seq = int(seq)
        assert self.of_connection in (None, seq - 1), f"{seq} came after {self.of_connection} over one connection"
        self.of_connection = seq
        self.live, self.newest = self.live + 1, time_of_event
        if seq > self.at + 1:
            self.fetch()
        if seq > self.at:
            self.add(seq, text)

    def add(self, seq, text):
        assert seq == self.at + 1, f"{seq} was told after {self.at}"
        self.told.append(hash(text))
        self.at = seq

    def fetch(self):
        client = self.stack.new_client(timeout=3)
        while not self.closing:
            lines = read_lines(client, self.at)
            for line in lines or []:
                self.add(int(SEQ.search(line)[1]), line)
                self.missed += 1
            if lines == []:
                break
            if lines is None:
                time.sleep(0.05)
        client.close()

    def last(self):
        return self.at
