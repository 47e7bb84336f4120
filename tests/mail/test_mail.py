"""Mails on their way from the cascade to a mail server on the loopback that takes them, or does not."""

import collections
import email.utils
import re
import signal
import socket
import sqlite3
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path

import pymongo
import pytest

from harness.mail import MailServer
from harness.processes import active_engine, leases_taken, wait_takeover
from harness.wait import wait_for

SOON = {"ITN_SMTP_STARTTLS": "never", "ITN_MAIL_RETRY_MS": 100, "ITN_MAIL_FROM": "itn@example.org"}


class Office:
    """A stack with a mail server, and what clients of it do."""

    def __init__(self, stack, server):
        self.stack, self.server = stack, server

    def trade(self, lines=1, destination="Mars", headers=None, **members):
        body = {"buyer": "Ada", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
                "destination": destination, "items": [{"name": f"part {n}", "quantity": 1} for n in range(lines)]}
        answer = self.stack.post("/api/trades", body | members, headers)
        assert answer.status == 201, answer
        return answer.json()["transactionId"]

    def cargo(self, shipment, lines=1, destination="Mars", **members):
        body = {"shipmentId": shipment, "emailId": "dock@example.org", "destination": destination,
                "items": [{"name": f"part {n}", "quantity": 1} for n in range(lines)]}
        answer = self.stack.post("/api/cargo", body | members)
        assert answer.status == 201, answer

    def set(self, path, status, headers=None):
        answer = self.stack.put(f"{path}/status", {"status": status}, headers)
        assert answer.status == 200, answer
        return answer

    def cancel(self, **members):
        """One mail: to the buyer."""
        trade = self.trade(**members)
        self.set(f"/api/trades/{trade}", "canceled")
        return trade

    def notifications(self):
        """[{id, status, attempts, error, to}] as the store has them."""
        uri = self.stack.settings.get("ITN_STORE")
        if uri:
            with pymongo.MongoClient(uri, directConnection=True) as client:
                return [{"id": one["_id"], "status": one["status"], "attempts": one["attempts"], "to": one["to"],
                         "error": one.get("lastError")}
                        for one in client[self.stack.settings["ITN_NETWORK"]].notifications.find()]
        with sqlite3.connect(self.stack.folder / "itn.db", timeout=10) as db:
            rows = db.execute("SELECT id, status, attempts, recipient, last_error FROM notification").fetchall()
        return [{"id": row[0], "status": ("unsent", "queued", "sent", "dead")[row[1]], "attempts": row[2],
                 "to": row[3], "error": row[4]} for row in rows]

    def count(self, status):
        return sum(one["status"] == status for one in self.notifications())

    def wait_for(self, status, count, seconds=30):
        wait_for(lambda: self.count(status) == count, f"{count} notifications are {status}", seconds, pause=0.1)
        return [one for one in self.notifications() if one["status"] == status]

    def wait_until_tried(self, times=2):
        """The one notification that there is, after so many attempts that failed."""
        wait_for(lambda: any(one["attempts"] >= times for one in self.notifications()), f"{times} attempts have failed")
        return self.notifications()[0]


@pytest.fixture
def server():
    with MailServer() as server:
        yield server


@pytest.fixture
def make_office(make_stack):
    def make(server, store="sqlite", **settings):
        stack = make_stack(store, ITN_SMTP_URL=server.url, **(SOON | settings))
        stack.up()
        return Office(stack, server)
    return make


def test_each_rule_s_mail_arrives(make_office, server, store):
    office = make_office(server, store, ITN_MAIL_ADMINS="eve@example.org,kim@example.org")
    began = datetime.now(timezone.utc).timestamp() - 1
    large = office.trade(lines=6, destination="Vega")
    office.cargo("S-large", lines=11, destination="Vega")
    office.cargo("S-1", destination="Mars")
    loaded = office.trade(buyer="Zoë “Ω” Ångström", items=[{"name": "Ünobtainium", "quantity": 7}])
    office.set("/api/cargo/S-1", "delayed", {"Prefer": "wait=10"})
    office.set("/api/cargo/S-1", "delivered", {"Prefer": "wait=10"})
    mails = server.wait_for(6)
    assert sorted((mail.recipients[0], mail.message["Subject"]) for mail in mails) == sorted([
        ("ada@example.org", f"Your trade {large} is delayed for its size"),
        ("dock@example.org", "Shipment S-large is delayed for its size"),
        ("eve@example.org", "Shipment S-1 is delayed"), ("kim@example.org", "Shipment S-1 is delayed"),
        ("dock@example.org", "Shipment S-1 was delivered"), ("ada@example.org", f"Your trade {loaded} is completed")])
    for mail in mails:
        message = mail.message
        assert mail.sender == "itn@example.org" == message["From"]
        assert mail.recipients == [message["To"]]
        assert message["Auto-Submitted"] == "auto-generated"
        assert message.get_content_type() == "text/plain" and message.get_content_charset() == "utf-8"
        assert began < email.utils.parsedate_to_datetime(message["Date"]).timestamp() < time.time() + 1
        assert re.fullmatch(r"<[0-9a-f]{24}(\.\d+)?-\d\.[0-9a-f]{16}@example\.org>", mail.id)
        assert all(len(line) <= 78 for line in mail.raw.decode("ascii").split("\r\n"))
    completed = next(mail for mail in mails if mail.message["Subject"].endswith("is completed"))
    assert "Buyer: Zoë “Ω” Ångström\n" in completed.text and "  7 Ünobtainium\n" in completed.text
    assert len(set(server.ids())) == 6
    office.wait_for("sent", 6)
    assert len(server.taken()) == 6


def test_mails_wait_for_a_server_that_is_down(make_office, store):
    server = MailServer()
    office = make_office(server, store)
    for _ in range(5):
        office.cancel()
    office.wait_until_tried(1)
    office.wait_for("queued", 5)
    with server:
        server.wait_for(5)
        office.wait_for("sent", 5)
    log = office.stack.log("itn-engine-1")
    assert log.count("mail waits: the mail server takes none") == 1 == log.count("mail goes on")


def test_a_server_that_hangs_delays_nothing_but_mail(make_office, server, store):
    office = make_office(server, store)
    server.answers["RCPT", "*"] = ["hang"]
    office.cancel()
    assert server.hanging.wait(20)
    slowest = 0
    for n in range(20):
        office.cargo(f"S{n}", destination=f"Station {n}")
        # On MongoDB two workers' clocks order what comes this close: the trade is on board before the delivery.
        office.trade(destination=f"Station {n}", headers={"Prefer": "wait=10"})
        began = time.monotonic()
        office.set(f"/api/cargo/S{n}", "delivered", {"Prefer": "wait=10"})
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 3
    assert server.taken() == []
    server.hangs = False
    server.wait_for(41)
    office.wait_for("sent", 41)
    assert len(set(server.ids())) == 41 == len(server.taken())


def test_a_server_that_never_answers_is_left_after_the_timeout(make_office):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = MailServer()
        server.port = silent.getsockname()[1]
        office = make_office(server, ITN_SMTP_TIMEOUT_MS=300)
        office.cancel()
        assert "timed out" in office.wait_until_tried()["error"].lower()
        assert office.count("queued") == 1


def test_a_recipient_who_is_refused_for_good_is_given_up_at_once(make_office, server, store):
    office = make_office(server, store)
    server.answers["RCPT", "nobody@example.org"] = "550 5.1.1 no such user"
    server.answers["DATA", "spam@example.org"] = "554 5.7.1 not this text"
    office.cancel(buyerEmail="nobody@example.org")
    office.cancel(buyerEmail="spam@example.org")
    office.cancel()
    dead = office.wait_for("dead", 2)
    office.wait_for("sent", 1)
    assert {one["to"]: (one["attempts"], one["error"]) for one in dead} == {
        "nobody@example.org": (1, "550 5.1.1 no such user"), "spam@example.org": (1, "554 5.7.1 not this text")}
    assert office.stack.log("itn-engine-1").count("mail given up") == 2


def test_what_is_deferred_is_tried_again(make_office, server, store):
    office = make_office(server, store)
    server.answers["RCPT", "later@example.org"] = ["451 4.7.1 greylisted", "450 4.2.1 not yet"]
    server.answers["DATA", "full@example.org"] = ["452 4.3.1 no room"]
    for address in ("later@example.org", "full@example.org", "ada@example.org"):
        office.cancel(buyerEmail=address)
    server.wait_for(3)
    sent = office.wait_for("sent", 3)
    assert {one["to"]: (one["attempts"], one["error"]) for one in sent} == {
        "later@example.org": (3, None), "full@example.org": (2, None), "ada@example.org": (1, None)}
    assert len(server.taken()) == 3


def test_a_server_that_takes_nothing_from_us_kills_no_mail(make_office, server):
    """A wrong sender, or a server that goes down, is no fault of the recipient's."""
    office = make_office(server)
    server.answers["MAIL", "*"] = ["550 5.7.1 not from you", "451 4.7.0 not now"]
    server.answers["RCPT", "*"] = ["421 4.3.2 going down"]
    office.cancel()
    server.wait_for(1)
    assert office.wait_for("sent", 1)[0]["attempts"] == 4


def test_mails_that_nobody_takes_in_time_are_dead(make_office, store):
    server = MailServer()
    office = make_office(server, store, ITN_MAIL_GIVE_UP_MS=1500, ITN_MAIL_RETRY_MS=500)
    for _ in range(6):
        office.cancel()
    for one in office.wait_for("dead", 6, 60):
        assert one["attempts"] >= 1 and "connect" in one["error"].lower()
    with server:
        office.cancel()
        server.wait_for(1)
        office.wait_for("sent", 1)
    assert office.count("dead") == 6


def test_odd_addresses_reach_no_server(make_office, server):
    office = make_office(server)
    odd = ['"ada,bo"@example.org', "ada>,<bo@example.org", "a;b:c@example.org"]
    for address in odd:
        office.cancel(buyerEmail=address)
    dead = office.wait_for("dead", len(odd))
    assert {one["to"] for one in dead} == set(odd)
    assert {one["error"] for one in dead} == {"not an address that mail can be sent to"}
    assert server.taken() == []


def test_addresses_outside_of_ascii_go_to_servers_that_take_them(make_office, server):
    office = make_office(server)
    office.cancel(buyerEmail="zoë@example.org")
    mail = server.wait_for(1)[0]
    assert mail.recipients == ["zoë@example.org"]
    assert "To: zoë@example.org\r\n".encode() in mail.raw


def test_names_with_line_ends_do_not_get_as_far(make_office, server):
    office = make_office(server)
    body = {"buyer": "Ada", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
            "destination": "Mars", "items": [{"name": "Tea", "quantity": 1}]}
    for name in ("a\r\nBcc: eve@example.org", "a\nb", "a\rb", "a\0b", "a\x85b"):
        for member in ("buyer", "seller", "destination", "buyerEmail"):
            assert office.stack.post("/api/trades", body | {member: name}).status == 400, (member, name)
    office.cancel(buyer="Bcc: eve@example.org", items=[{"name": "\u2028Bcc: eve@example.org\u202e", "quantity": 1}])
    mail = server.wait_for(1)[0]
    assert mail.message["Bcc"] is None and mail.recipients == ["ada@example.org"]
    assert "  1 ?Bcc: eve@example.org?\n" in mail.text


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """(its certificate, the mail server's certificate with its key)"""
    folder = tmp_path_factory.mktemp("authority")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=folder, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test Authority",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mail", "-keyout", "mail.key", "-out", "mail.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "mail.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "mail.pem")
    (folder / "server.pem").write_text((folder / "mail.key").read_text() + (folder / "mail.pem").read_text())
    return folder / "ca.pem", folder / "server.pem"


@pytest.fixture
def password_file(tmp_path):
    path = tmp_path / "password"
    path.write_text("pass word:ü\n")
    return path


def test_addresses_outside_of_ascii_are_dead_where_the_server_takes_none(make_office):
    with MailServer(utf8=False) as server:
        office = make_office(server)
        office.cancel(buyerEmail="zoë@example.org")
        assert office.wait_for("dead", 1)[0]["error"]
        assert server.taken() == []


@pytest.mark.parametrize("smtps", [False, True], ids=["starttls", "smtps"])
def test_mail_goes_encrypted_with_a_login(make_office, authority, password_file, smtps):
    with MailServer(certificate=authority[1], smtps=smtps, login=("itn", "pass word:ü")) as server:
        office = make_office(server, ITN_SMTP_STARTTLS="require", ITN_SMTP_CA=authority[0], ITN_SMTP_USER="itn",
                             ITN_SMTP_PASSWORD_FILE=password_file)
        office.cancel()
        server.wait_for(1)
        assert server.logins == [("itn", "pass word:ü")]
        assert "pass word" not in office.stack.log("itn-engine-1")


def test_the_password_may_be_systemd_s_credential(make_office, authority, tmp_path, monkeypatch):
    (tmp_path / "smtp-password").write_text("passed\n")
    with MailServer(certificate=authority[1], login=("itn", "passed")) as server:
        office = make_office(server, ITN_SMTP_STARTTLS="require", ITN_SMTP_CA=authority[0], ITN_SMTP_USER="itn",
                             CREDENTIALS_DIRECTORY=tmp_path)
        office.cancel()
        server.wait_for(1)


@pytest.mark.parametrize("smtps", [False, True], ids=["starttls", "smtps"])
def test_a_server_whose_certificate_is_nobody_s_gets_nothing(make_office, authority, password_file, smtps):
    with MailServer(certificate=authority[1], smtps=smtps, login=("itn", "pass word:ü")) as server:
        office = make_office(server, ITN_SMTP_STARTTLS="require", ITN_SMTP_USER="itn",
                             ITN_SMTP_PASSWORD_FILE=password_file)
        office.cancel()
        assert "certificate" in office.wait_until_tried()["error"]
        assert server.logins == [] == server.taken()


def test_a_server_without_starttls_gets_nothing_when_it_is_required(make_office, server):
    office = make_office(server, ITN_SMTP_STARTTLS="require")
    office.cancel()
    office.wait_until_tried()
    assert office.count("queued") == 1 and server.taken() == []


def test_a_wrong_password_kills_no_mail(make_office, authority, tmp_path):
    (tmp_path / "wrong").write_text("wrong\n")
    with MailServer(certificate=authority[1], login=("itn", "right")) as server:
        office = make_office(server, ITN_SMTP_STARTTLS="require", ITN_SMTP_CA=authority[0], ITN_SMTP_USER="itn",
                             ITN_SMTP_PASSWORD_FILE=tmp_path / "wrong")
        office.cancel()
        one = office.wait_until_tried()
        assert one["status"] == "queued" and one["error"].startswith("535")


@pytest.mark.parametrize("settings, complaint", [
    ({"ITN_SMTP_STARTTLS": "try", "ITN_SMTP_USER": "itn"}, "in clear"),
    ({"ITN_SMTP_STARTTLS": "require", "ITN_SMTP_USER": "itn", "ITN_SMTP_PASSWORD_FILE": "/no/such/file"}, "/no/such/file"),
])
def test_settings_that_can_not_be_used_end_the_engine(make_stack, server, settings, complaint):
    stack = make_stack("sqlite", ITN_SMTP_URL=server.url, ITN_START_SECONDS=5, **settings)
    done = stack.itn("up", "--detach")
    assert done.returncode != 0
    assert complaint in done.stderr + done.stdout + stack.log("itn-engine-1")


def test_an_engine_that_is_killed_loses_no_mail(make_office, server, store):
    """Each mail at least once; twice at most as many as there were kills, with the same Message-ID."""
    office = make_office(server, store, ITN_LEASE_MS=300)
    kills = 4
    trades = []
    for n in range(kills):
        trades += [office.cancel() for _ in range(8)]
        server.wait_for(len(trades) - 5, 60)
        office.stack.kill("itn-engine-1")
    trades += [office.cancel() for _ in range(8)]
    office.wait_for("sent", len(trades), 60)
    came = collections.Counter(server.ids())
    assert len(came) == len(trades)
    assert sum(came.values()) <= len(trades) + kills and max(came.values()) <= kills + 1
    bodies = collections.defaultdict(set)
    for mail in server.taken():
        bodies[mail.id].add(mail.raw)
    assert all(len(copies) == 1 for copies in bodies.values())


def test_an_outcome_is_kept_until_the_store_takes_it(make_office, server):
    """The server took the mail, the store is away: it is not sent again."""
    office = make_office(server, ITN_STORE_TIMEOUT_MS=300)
    server.answers["RCPT", "*"] = ["hang"]
    for _ in range(2):
        office.cancel()
    assert server.hanging.wait(20)
    with sqlite3.connect(office.stack.folder / "itn.db", timeout=10, isolation_level=None) as db:
        db.execute("BEGIN IMMEDIATE")
        server.hangs = False
        server.wait_for(1)
        wait_for(lambda: "store does not answer" in office.stack.log("itn-engine-1"), "the store is missed")
        db.execute("ROLLBACK")
    db.close()
    office.wait_for("sent", 2)
    assert len(server.taken()) == 2 == len(set(server.ids()))


def test_an_engine_killed_in_the_middle_of_a_mail_leaves_it_to_the_next(make_office, server):
    office = make_office(server, ITN_LEASE_MS=300)
    server.answers["RCPT", "*"] = ["hang"]
    office.cancel()
    assert server.hanging.wait(20)
    office.stack.kill("itn-engine-1")
    server.wait_for(1)
    server.hangs = False
    office.wait_for("sent", 1)
    assert len(set(server.ids())) == 1


def test_an_engine_that_was_stopped_sends_no_more_than_the_mail_it_was_at(make_office, server, store):
    office = make_office(server, store, ITN_ENGINE_PROCESSES=2, ITN_LEASE_MS=500)
    stack = office.stack
    server.answers["RCPT", "*"] = ["hang"]
    for _ in range(12):
        office.cancel()
    assert server.hanging.wait(20)
    wait_for(lambda: office.count("queued") == 12, "all mails are queued")
    frozen, taken = active_engine(stack), leases_taken(stack)
    stack.freeze(frozen)
    wait_takeover(stack, taken)
    server.wait_for(12)
    office.wait_for("sent", 12)
    server.hangs = False
    stack.thaw(frozen)
    wait_for(lambda: "lease lost" in stack.log(frozen), "it has learnt that it lost the lease")
    office.cancel()
    server.wait_for(13)
    office.wait_for("sent", 13)
    came = collections.Counter(server.ids())
    assert len(came) == 13 and sum(came.values()) <= 14


def test_many_mails_share_a_connection(make_office, server, store):
    office = make_office(server, store)
    server.answers["RCPT", "*"] = ["hang"]
    office.cargo("S-1")
    trades = [office.trade() for _ in range(100)]
    office.set("/api/cargo/S-1", "delivered", {"Prefer": "wait=10"})
    assert server.hanging.wait(20)
    office.wait_for("queued", 101)
    before = server.connections
    server.hangs = False
    mails = server.wait_for(101, 60)
    assert {mail.message["Subject"] for mail in mails} == \
        {"Shipment S-1 was delivered"} | {f"Your trade {trade} is completed" for trade in trades}
    assert server.connections - before <= 3


def test_a_connection_that_the_server_has_enough_of_is_made_anew(make_office, server):
    office = make_office(server)
    server.answers["RCPT", "*"] = ["hang"]
    server.answers["MAIL", "*"] = [None, None, "421 4.7.0 enough mails for one connection"]
    for _ in range(4):
        office.cancel()
    assert server.hanging.wait(20)
    office.wait_for("queued", 4)
    before = server.connections
    server.hangs = False
    assert {one["attempts"] for one in office.wait_for("sent", 4)} == {1}
    assert server.connections == before + 1


def test_without_a_server_mails_stay_unsent_and_are_not_sent_later(make_stack, server):
    stack = make_stack("sqlite", **SOON)
    stack.up()
    office = Office(stack, server)
    for _ in range(5):
        office.cancel()
    office.wait_for("unsent", 5)
    wait_for(lambda: "mails stay unsent" in stack.log("itn-engine-1"), "the log says so")
    assert stack.log("itn-engine-1").count("mails stay unsent") <= 2
    stack.down()
    stack.client.close()
    stack.settings["ITN_SMTP_URL"] = server.url
    stack.up()
    trade = office.cancel()
    assert server.wait_for(1)[0].message["Subject"] == f"Your trade {trade} is canceled"
    office.wait_for("sent", 1)
    assert office.count("unsent") == 5 and len(server.taken()) == 1


def test_what_is_queued_again_is_sent_again(make_office, server):
    office = make_office(server)
    office.cancel()
    server.wait_for(1)
    sent = office.wait_for("sent", 1)[0]
    admin = Path(office.stack.environment().get("ITN_BUILD", office.stack.folder / "build")) / "itn-admin"
    subprocess.run([admin, "resend", sent["id"]], check=True, capture_output=True,
                   env=office.stack.environment() | {"ITN_STORE": f"sqlite:{office.stack.folder}/itn.db"})
    server.wait_for(2)
    assert len(set(server.ids())) == 1


def test_old_ones_are_forgotten(make_office, server):
    office = make_office(server, ITN_MAIL_KEPT_DAYS=1)
    for _ in range(3):
        office.cancel()
    office.wait_for("sent", 3)
    ids = [one["id"] for one in office.notifications()]
    with sqlite3.connect(office.stack.folder / "itn.db", timeout=10) as db:
        db.execute("UPDATE notification SET queued_at = queued_at - 90000000 WHERE id <> ?", (ids[0],))
    db.close()
    office.stack.kill("itn-engine-1")
    wait_for(lambda: [one["id"] for one in office.notifications()] == [ids[0]], "the old ones are forgotten")


def test_a_stop_waits_for_the_mail_on_its_way(make_office, server):
    """And breaks it off when it takes too long; then it is sent again."""
    office = make_office(server, ITN_LEASE_MS=1000)
    server.answers["RCPT", "*"] = ["hang"]
    office.cancel()
    assert server.hanging.wait(20)
    pid = office.stack.signal("itn-engine-1", signal.SIGTERM)
    began = time.monotonic()
    office.stack.wait_restarted("itn-engine-1", pid)
    assert time.monotonic() - began < 15
    server.wait_for(1)
    office.wait_for("sent", 1)


def test_mails_are_counted(make_office, server):
    office = make_office(server)
    server.answers["RCPT", "nobody@example.org"] = "550 no"
    server.answers["RCPT", "later@example.org"] = ["450 later"]
    for address in ("ada@example.org", "nobody@example.org", "later@example.org"):
        office.cancel(buyerEmail=address)
    office.wait_for("sent", 2)
    office.wait_for("dead", 1)

    def metrics():
        text = office.stack.get("/metrics").body.decode()
        return {name: float(value) for name, value in re.findall(r'^(itn_mails_\w+)\{[^}]*\} (\S+)$', text, re.M)}
    wait_for(lambda: metrics() == {"itn_mails_sent_total": 2, "itn_mails_failed_total": 2, "itn_mails_dead_total": 1,
                                   "itn_mails_queued": 0}, "the metrics tell", 20, pause=0.2)
