"""The C test programs of the store and of the engine, on a MongoDB server instead of SQLite.

ITN_TEST_STORE tells them which server; each of their tests has a database of its own there. Those of faults also set the
server's fail points, so nothing else may use the server meanwhile.
"""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

SUPPRESSIONS = Path(__file__).parent.parent / "tsan.supp"

PROGRAMS = [
    "tests/unit/store/test_contract",
    "tests/unit/store/test_mongo_link",
    "tests/unit/store/test_mongo_writes",
    "tests/unit/store/test_mongo_engine",
    "tests/unit/store/test_mongo_backlog",
    "tests/unit/store/test_mongo_migrate",
    "tests/unit/engine/test_sequencer",
    "tests/unit/engine/test_cascade",
    "tests/unit/engine/test_ledger",
    "tests/unit/engine/test_reservation",
    "tests/unit/engine/test_stock_take",
]


def run(program, uri):
    """Output and exit status of a program that may take five minutes; a stuck one is ended with its children."""
    build = os.environ["ITN_BUILD"]
    subprocess.run(["make", "-C", build, "-s", program], check=True, stdin=subprocess.DEVNULL, timeout=600)
    process = subprocess.Popen([os.path.join(build, program)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
                               env={**os.environ, "ITN_TEST_STORE": uri, "CMOCKA_MESSAGE_OUTPUT": "TAP",
                                    "TSAN_OPTIONS": f"suppressions={SUPPRESSIONS}"})
    try:
        output, _ = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += "\nnot ok - stopped after five minutes\n"
    return output, process.returncode


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_on_mongodb(mongo, program):
    output, status = run(program, mongo.uri)
    assert status == 0 and not re.search(r"^not ok", output, re.M), output[-8000:]
    assert re.search(r"^ok \d+", output, re.M), f"no test ran: {output}"
