"""The real thing, killed: the whole network under load while its processes die and stop at random instants. Once all is at rest
every promise is held against what is there."""

import json
import random
import re

import pytest

from torture.chaos import decks
from torture.evidence import Log, carried, fingerprint, on_hand, posted, read_list
from torture.run import KILLS, LAST
from torture.writers import Told

SAID_AGAIN = 300
# A write that begins so long after another was answered comes behind it, s: the clocks of two workers may be so far apart.
UNCERTAINTY_S = 0.2
SHOWN = 5


@pytest.fixture(scope="module")
def log(run):
    return Log(run.stack.new_client())


@pytest.fixture(scope="module")
def lists(run):
    return {entity: read_list(run.stack.new_client(), path) for entity, path in (("trade", "/api/trades"), ("cargo", "/api/cargo"))}


def none_of(found):
    """Fails with the first few of them."""
    found = list(found)
    assert not found, f"{len(found)}, such as {found[:SHOWN]}"


def found_already(write, log):
    """A change of a trade to a status that somebody else had given it meanwhile: nothing happened."""
    document = write.document
    return write.entity == "trade" and write.wanted in log.statuses["trade", document["_id"]][write.known:document["version"]]


def test_the_run_was_hard_enough(run):
    counts = run.crowd.counts()
    short, _ = decks(run.store)
    kills = KILLS if run.seconds else sum(what == "kill" for what, _ in short)
    assert run.chaos.kills() >= kills and len(run.chaos.recoveries) == run.chaos.kills()
    assert set(short) <= set(run.chaos.blows)
    assert counts["retries"] > 0 and counts["half-answered"] > 0
    assert run.chaos.woken > 0, "no engine was stopped until another had taken over"
    assert all(subscriber.live and subscriber.ends for subscriber in run.subscribers)


def test_processes_died_because_they_were_killed(run):
    ends = re.findall(r" (\S+) ended \((.*)\)", run.stack.log("supervisor"))
    none_of(end for end in ends if end[1] != "signal KILL")
    assert len(ends) == sum(count for (what, whom), count in run.chaos.blows.items() if what == "kill" and whom != "database")


def test_the_log_has_no_gap_and_nothing_twice(log):
    none_of(log.faults)


def test_what_was_answered_2xx_is_there_once(run, log):
    done = [write for write in run.crowd.writes() if write.told is Told.DONE]
    assert done
    none_of((write, log.written[write.mark]) for write in done if len(log.written[write.mark]) != 1 and not
            (log.written[write.mark] == [] and found_already(write, log)))


def test_what_was_refused_is_not_there(run, log):
    none_of((write, log.written[write.mark]) for write in run.crowd.writes()
            if write.told in (Told.REFUSED, Told.NOT_DONE) and log.written[write.mark])


def test_what_was_not_answered_is_there_at_most_once(run, log):
    none_of((write, log.written[write.mark]) for write in run.crowd.writes() if len(log.written[write.mark]) > 1)


def test_what_is_there_was_written_by_somebody_and_as_it_was_wanted(run, log):
    writes = {write.mark: write for write in run.crowd.writes()}
    for mark, found in log.written.items():
        write = writes.get(mark)
        assert write or mark == LAST, f"{found} is of nobody: {mark}"
        for one in found if write else []:
            assert one.entity == write.entity, f"{one} is not what {write} wants"
            if write.wanted:
                assert one.status == write.wanted and f"/{one.id}/" in write.path, f"{one} is not what {write} wants"


def test_each_answer_shows_what_was_done_as_the_log_has_it(run, log):
    for write in run.crowd.writes():
        if write.told is Told.DONE and write.entity != "station":
            document, found = write.document, log.written[write.mark]
            versions = log.versions[write.entity, document["_id"]]
            assert document["version"] <= len(versions), f"{write} has a version beyond {len(versions)}"
            assert versions[document["version"] - 1] == fingerprint(document), f"{write} is not what the log has"
            assert not found or document["version"] >= found[0].version, f"{write} is of before {found[0]}"


def test_documents_are_what_the_log_told_last(log, lists):
    shown = {(entity, document["_id"]): fingerprint(document) for entity, documents in lists.items() for document in documents}
    assert len(shown) == sum(map(len, lists.values()))
    told = {key: versions[-1] for key, versions in log.versions.items() if versions}
    none_of(key for key in shown.keys() | told.keys() if shown.get(key) != told.get(key))


def test_stock_is_what_the_log_the_postings_and_the_deliveries_say(run, log, lists):
    client = run.stack.new_client()
    stock = on_hand(client)
    moved, came = posted(client, {station for station, _ in stock})
    assert stock == log.stock
    assert {key: quantity for key, quantity in stock.items() if quantity} == {key: quantity for key, quantity in moved.items() if quantity}
    assert came and came == carried(lists["trade"], lists["cargo"])


def test_subscribers_saw_each_event_once_and_in_order(run, log):
    for subscriber in run.subscribers:
        assert subscriber.failure is None
        assert subscriber.told == log.lines[:len(subscriber.told)] and len(subscriber.told) == len(log.lines)


def by_seq(run, log):
    """(seq, write) of all that was answered and is in the log once."""
    found = ((log.written[write.mark], write) for write in run.crowd.writes() if write.told is Told.DONE)
    return sorted(((places[0].seq, write) for places, write in found if len(places) == 1), key=lambda pair: pair[0])


def test_what_begins_after_another_was_answered_comes_behind_it(run, log):
    earliest = None  # answered first of those behind in the log
    for seq, write in reversed(by_seq(run, log)):
        assert earliest is None or write.began <= earliest.ended + UNCERTAINTY_S, \
            f"{write} began {write.began - earliest.ended:.3f} s after {earliest} was answered, and is before it in the log as {seq}"
        if earliest is None or write.ended < earliest.ended:
            earliest = write


def test_a_request_that_is_sent_again_gets_the_same_answer_and_has_no_effect(run, log):
    writes = [write for write in run.crowd.writes() if write.has_key and write.told in (Told.DONE, Told.REFUSED)]
    writer = run.crowd.writers[0]
    for write in random.Random(run.seed).sample(writes, min(SAID_AGAIN, len(writes))):
        writer.say_again(write)
    assert run.end_of_log() == len(log.lines)


def test_the_audit_finds_nothing(run):
    done = run.stack.itn("admin", "audit", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told, answer = json.loads(done.stdout), run.stack.get("/api/audit")
    assert told["ok"] and told["violations"] == [] and told["seq"] == run.end_of_log(), told
    if run.seconds and answer.status == 503:
        assert answer.json()["outcome"] == "not-done", answer  # there is too much for the time of a request
    else:
        assert answer.status == 200 and answer.json()["ok"], answer
