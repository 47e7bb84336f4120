"""One run on each store, for all tests of it; and what there is to say of it afterwards."""

import secrets

import pytest

from conftest import STORES
from torture.run import Run

SEED = pytest.StashKey[str]()
RUNS = pytest.StashKey[list]()


def pytest_addoption(parser):
    parser.addoption("--minutes", type=float, default=0, help="how long, on all stores together; default: a short run")
    parser.addoption("--store", choices=STORES, help="on this one only")
    parser.addoption("--seed", help="what random choices come from")


def pytest_configure(config):
    config.stash[SEED] = config.getoption("--seed") or secrets.token_hex(4)
    config.stash[RUNS] = []


def pytest_generate_tests(metafunc):
    if "run" in metafunc.fixturenames:
        only = metafunc.config.getoption("--store")
        metafunc.parametrize("run", [only] if only else STORES, indirect=True, scope="module")


@pytest.fixture(scope="module")
def run(request, tmp_path_factory):
    """A run that is over, with everything at rest and still there."""
    config = request.config
    stores = 1 if config.getoption("--store") else len(STORES)
    seconds = config.getoption("--minutes") * 60 / stores
    with Run(request.param, tmp_path_factory.mktemp("torture"), config.stash[SEED], seconds) as run:
        config.stash[RUNS].append(run)
        run.go()
        yield run


def pytest_terminal_summary(terminalreporter, config):
    for run in config.stash[RUNS]:
        terminalreporter.write_line(run.summary())
