"""What `make install` puts where, once for the suite, and everything of it running, once for each file of tests."""

import pytest

from deploy.deployment import Deployment, Installed


@pytest.fixture(scope="session")
def installed():
    installed = Installed()
    yield installed
    installed.close()


@pytest.fixture(scope="module")
def deployment():
    installed = Installed()
    deployment = Deployment(installed)
    try:
        deployment.up()
        yield deployment
    finally:
        deployment.down()
        installed.close()
