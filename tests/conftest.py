"""Fixtures that every suite has: stores, the running stack."""

import os

import pytest

from harness.mongo import MongoServer
from harness.stack import Stack

STORES = ["sqlite", "mongodb"]


def pytest_report_header():
    return f"build: {os.environ.get('ITN_BUILD', '(none)')}; MongoDB's side: {MongoServer.program_name()}"


@pytest.fixture(scope="session")
def mongo(tmp_path_factory):
    """A MongoDB server for the whole session; each stack has a database of its own on it."""
    with MongoServer(tmp_path_factory.mktemp("mongo")) as server:
        yield server


@pytest.fixture(params=STORES)
def store(request):
    """The name of the store; a test that asks for it runs once on each."""
    return request.param


@pytest.fixture
def make_stack(request, tmp_path):
    """make_stack(store="sqlite", folder=None, **settings): a Stack that is stopped, and its logs searched, afterwards."""
    stacks = []

    def make(store="sqlite", folder=None, **settings):
        uri = request.getfixturevalue("mongo").uri if store == "mongodb" else None
        stack = Stack(folder or tmp_path / f"stack-{len(stacks)}", store_uri=uri, **settings)
        stacks.append(stack)
        return stack

    yield make
    for stack in stacks:
        stack.close()


@pytest.fixture
def stack(make_stack, store):
    """A running stack on each store in turn."""
    stack = make_stack(store)
    stack.up()
    return stack
