"""One running stack for each store and file of tests."""

import pytest

from admin.raw_store import raw_store
from conftest import STORES
from harness.stack import Stack


@pytest.fixture(scope="module", params=STORES)
def network(request, tmp_path_factory):
    """A stack with three trades. Its engine counts as silent soon, so that a look at it is short."""
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp("admin") / "stack", store_uri=uri, ITN_LEASE_MS=1000, ITN_API_PROCESSES=1)
    try:
        stack.up()
        for n in range(3):
            post_trade(stack, n)
        yield stack
    finally:
        stack.close()


def post_trade(stack, n=0):
    answer = stack.post("/api/trades", {
        "buyer": f"buyer {n}", "buyerEmail": "ada@example.org", "seller": "Bo", "sellerEmail": "bo@example.org",
        "items": [{"name": "Dilithium", "quantity": 10}], "destination": "Mars"}, {"Prefer": "wait=5"})
    assert answer.status in (201, 202), answer


@pytest.fixture
def data(network):
    """The network's data, to be changed behind everybody's back."""
    with raw_store(network) as store:
        yield store
