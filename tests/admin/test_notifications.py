"""itn-admin notifications and resend: what became of mails, and sending one again."""

import json

import pytest

from harness.market import Market, in_parallel
from harness.wait import wait_for

MAILS = 430  # more than two pages


def notifications(stack, *flags):
    done = stack.itn("admin", "notifications", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def mails(network):
    """Each trade of six lines is delayed, which its buyer is told; there is no mail server."""
    market = Market(network)
    in_parallel(network, 8, [market.create_trade("Mars", lines=6) for _ in range(MAILS)])
    return wait_for(lambda: len(found := notifications(network, "--status=unsent")) == MAILS and found, "all are told", 60)


def test_all_of_a_status_those_queued_first_come_first(network, mails):
    assert [(mail["queuedAt"], mail["id"]) for mail in mails] == sorted((mail["queuedAt"], mail["id"]) for mail in mails)
    assert len({mail["id"] for mail in mails}) == MAILS
    assert {(mail["to"], mail["status"], mail["attempts"]) for mail in mails} == {("ada@example.org", "unsent", 0)}
    for status in "queued", "sent", "dead":
        assert notifications(network, f"--status={status}") == []


def test_a_dead_one_is_told_and_sent_again(network, data, mails):
    dead = [mail["id"] for mail in mails[5:7]]
    for mail in dead:
        data.give_up(mail)
    assert [(mail["id"], mail["lastError"]) for mail in notifications(network)] == [(mail, "refused") for mail in dead]
    findings = network.itn("admin", "doctor")
    assert findings.returncode == 1 and "mail     warning  2 notifications were given up" in findings.stdout
    done = network.itn("admin", "resend", dead[0])
    assert (done.returncode, done.stdout) == (0, f"{dead[0]} is queued\n")
    assert [mail["id"] for mail in notifications(network)] == dead[1:]
    again = notifications(network, "--status", "queued")
    assert [mail["id"] for mail in again] == dead[:1]
    assert again[0]["attempts"] == 0 and "lastError" not in again[0] and again[0]["queuedAt"] > mails[5]["queuedAt"]
    done = network.itn("admin", "resend", dead[0])
    assert done.returncode == 75 and "is queued already" in done.stderr
    done = network.itn("admin", "resend", dead[1])
    assert done.returncode == 0 and notifications(network) == []
    assert network.itn("admin", "doctor").returncode == 0


@pytest.mark.parametrize("nobody", ["6b0754f398312ccafa5c572d-1", "", "' OR 1 --", "$ne"])
def test_there_is_no_such_notification(network, nobody):
    done = network.itn("admin", "resend", nobody)
    assert (done.returncode, done.stdout) == (66, "") and "there is no notification" in done.stderr
