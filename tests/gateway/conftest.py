"""A gateway of its own for each test, with a real Redis, and a stand-in for the engine and for GET /api/events."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from gateway.parts import Api, Engine, Gateway, Redis


@pytest.fixture
def folder():
    """Short: the path of a unix socket has 107 bytes at most."""
    path = Path(tempfile.mkdtemp(prefix="itn-gateway-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def redis(folder):
    with Redis(folder) as redis:
        yield redis


@pytest.fixture
def engine(redis):
    return Engine(redis)


@pytest.fixture
def api(engine):
    with Api(engine) as api:
        yield api


@pytest.fixture
def make_gateway(folder, redis, api):
    """make_gateway(ping_ms=100, …): a running gateway; its end and its log are checked afterwards."""
    gateways = []

    def make(**settings):
        gateway = Gateway(folder, redis, api, **settings)
        gateways.append(gateway)
        gateway.start()
        return gateway

    yield make
    for gateway in gateways:
        gateway.stop()


@pytest.fixture
def gateway(make_gateway):
    return make_gateway()
