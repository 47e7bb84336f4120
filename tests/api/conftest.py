"""One running stack for each store and file of tests."""

import pytest

from conftest import STORES
from harness.stack import Stack


@pytest.fixture(scope="module", params=STORES)
def api(request, tmp_path_factory):
    uri = request.getfixturevalue("mongo").uri if request.param == "mongodb" else None
    stack = Stack(tmp_path_factory.mktemp("api") / "stack", store_uri=uri)
    stack.up()
    yield stack
    stack.close()
