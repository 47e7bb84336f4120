"""One daemon by itself, as a supervisor starts it: settings in the environment, a NOTIFY_SOCKET, a log."""

import os
import select
import signal
import socket
import subprocess
from pathlib import Path

from harness.wait import wait_for


class Daemon:
    """with Daemon("itn-api", folder, ITN_THREADS=2) as api: … — ready when it says so to its supervisor."""

    def __init__(self, program, folder, **settings):
        self.program, self.folder = program, Path(folder)
        self.settings = {name: str(value) for name, value in settings.items()}
        self.socket = self.folder / "itn-api.sock"
        self.notify = None
        self.process = None

    def __enter__(self):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind("")  # an abstract address: no path that could be too long
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ITN_")}
        environment["NOTIFY_SOCKET"] = "@" + self.notify.getsockname()[1:].decode()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([Path(os.environ["ITN_BUILD"]) / self.program], cwd=self.folder,
                                            env=environment | self.settings, stdin=subprocess.DEVNULL, stderr=log)
        wait_for(lambda: "READY=1" in self.told(), f"{self.program} is ready")
        return self

    def told(self, seconds=0.0):
        """The lines of the next message to the supervisor, [] when there is none in time."""
        if not select.select([self.notify], [], [], seconds)[0]:
            return []
        return self.notify.recv(4096).decode().split("\n")

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
            self.notify.close()
        assert status == 0, self.log()
