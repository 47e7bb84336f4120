"""The command of each installed unit, started as systemd starts it."""

import os
import signal
import subprocess
import time

import pytest

from harness import fcgi
from harness.wait import wait_for


@pytest.mark.parametrize("name", ["itn-engine", "itn-api@1", "itn-gateway@1"])
def test_the_watchdog_is_fed(deployment, name):
    service = deployment.services[name]
    now = time.monotonic()
    wait_for(lambda: service.told("WATCHDOG", now), f"{name} feeds its watchdog", service.watchdog() / 2)


@pytest.mark.parametrize("name", ["itn-engine", "itn-api@1", "itn-gateway@1"])
def test_it_says_that_it_stops_and_comes_again(deployment, name):
    service = deployment.services[name]
    now = time.monotonic()
    assert service.stop() == 0
    wait_for(lambda: service.told("STOPPING", now), f"{name} says that it stops")
    deployment.start(name)


def test_a_killed_worker_finds_its_socket_again(deployment):
    service = deployment.services["itn-api@1"]
    assert service.kill() == -signal.SIGKILL
    deployment.start("itn-api@1")
    assert fcgi.request(deployment.prefix / "run/itn/api-1.sock", "GET", "/livez").status == 200


def test_a_worker_is_started_by_systemds_own_socket(deployment):
    """systemd-socket-activate listens, and starts the unit's command at the first connection."""
    path = deployment.prefix / "run/itn/api-9.sock"
    service = deployment.service("itn-api@9")
    [command] = service.command()
    environment = service.environment()
    passed = [f"--setenv={name}" for name in environment if name not in os.environ]
    with open(service.log_path(), "ab") as log:
        activated = subprocess.Popen(["systemd-socket-activate", f"--listen={path}", *passed, *command], env=environment,
                                     cwd=deployment.prefix / "var/lib/itn", stderr=log)
    try:
        wait_for(path.exists, "the socket is there")
        assert not service.told("READY")
        assert fcgi.request(path, "GET", "/readyz").status == 200
        assert service.told("READY")
    finally:
        activated.terminate()
        assert activated.wait(20) == 0
