"""itn-admin audit of a stack, running or not."""

import json

from harness.wait import wait_for


def audit(stack, *options):
    """The answer of an audit that was done; its exit status says the same."""
    done = stack.itn("admin", "audit", "--json", *options)
    assert done.returncode in (0, 1), done.stderr
    return answer_of(done)


def answer_of(done):
    answer = json.loads(done.stdout)
    assert answer["ok"] is (done.returncode == 0) and answer["ok"] is (answer["violations"] == []), answer
    return answer


def audit_once_it_answers(stack):
    """Under load a server may take too long to answer; then no audit was done, and nothing said of the data."""
    def done():
        run = stack.itn("admin", "audit", "--json")
        assert run.returncode != 2 or "not answer" in run.stderr or "can't be read" in run.stderr, run.stderr
        return run if run.returncode != 2 else None
    return answer_of(wait_for(done, "an audit is done", 90))


def assert_all_fits(stack):
    answer = audit_once_it_answers(stack)
    assert answer["ok"], answer["violations"]
