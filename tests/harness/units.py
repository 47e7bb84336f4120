"""Installed systemd units, run as PID 1 would run them as far as an ordinary process can: sockets that outlive their
service, environment, user, sd_notify, watchdog, restart. No sandbox."""

import os
import pwd
import re
import shlex
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

FIRST_FD = 3


class Unit:
    """What a unit file says: unit["Service", "ExecStart"] is the list of that key's values."""

    def __init__(self, folders, name):
        self.name = name
        template, instance = re.fullmatch(r"(?:(.+@)(.+)|.+)(?:\.\w+)", name).groups()
        file = name if instance is None else f"{template}{name[name.rindex('.'):]}"
        self.path = next(path for path in (Path(folder) / file for folder in folders) if path.exists())
        self.values = {}
        section = None
        for line in re.sub(r"\\\n", " ", self.path.read_text()).splitlines():
            if re.match(r"\s*([#;]|$)", line):
                continue
            if line.startswith("["):
                section = line.strip("[]")
            else:
                key, value = line.split("=", 1)
                self.values.setdefault((section, key.strip()), []).append(value.strip().replace("%i", instance or ""))

    def __getitem__(self, key):
        return self.values.get(key, [])

    def last(self, section, key, default=None):
        return self[section, key][-1] if self[section, key] else default


def environment_file(path):
    """As systemd reads it, without its rarer quoting."""
    found = {}
    for line in Path(path).read_text().splitlines():
        if line and line[0] not in "#;":
            name, value = line.split("=", 1)
            found[name] = value.strip().strip('"')
    return found


def seconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|min)?", text).groups()
    return float(number) * {"ms": 0.001, "min": 60}.get(unit, 1)


class Service:
    """A service with its socket, if it has one. `folder` is for the log; `extra` overrides the environment.

    states  what it told by sd_notify, [(when, {"READY": "1", …})]
    """

    def __init__(self, folders, name, folder, extra=None):
        self.unit = Unit(folders, name)
        self.folder = Path(folder)
        self.extra = extra or {}
        self.process = None
        self.states = []
        self.sockets = []
        try:
            self.socket_unit = Unit(folders, name.replace(".service", ".socket"))
        except StopIteration:
            self.socket_unit = None
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind("")  # an abstract address
        threading.Thread(target=self.listen_to_it, daemon=True).start()

    def listen_to_it(self):
        try:
            while True:
                lines = self.notify.recv(4096).decode().splitlines()
                self.states.append((time.monotonic(), dict(line.split("=", 1) for line in lines if "=" in line)))
        except OSError:
            pass

    def told(self, name, since=0.0):
        return [when for when, state in self.states if name in state and when >= since]

    def user(self):
        """The account of User=, when this process may become it and the machine has it."""
        name = self.unit.last("Service", "User")
        try:
            return pwd.getpwnam(name) if name and os.getuid() == 0 else None
        except KeyError:
            return None

    def own(self, path, mode):
        account = self.user()
        os.chmod(path, mode)
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)

    def listen(self):
        for value in self.socket_unit["Socket", "ListenStream"]:
            path = Path(value)
            path.unlink(missing_ok=True)
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listening.bind(value)
            self.own(value, int(self.socket_unit.last("Socket", "SocketMode", "0666"), 8))
            listening.listen(int(self.socket_unit.last("Socket", "Backlog", "128")))
            self.sockets.append(listening)

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ITN_", "LISTEN_"))}
        for line in self.unit["Service", "Environment"]:
            kept.update(word.split("=", 1) for word in shlex.split(line))
        for file in self.unit["Service", "EnvironmentFile"]:
            if not file.startswith("-") or os.path.exists(file[1:]):
                kept.update(environment_file(file.lstrip("-")))
        kept.update(self.extra)
        kept["NOTIFY_SOCKET"] = "@" + self.notify.getsockname()[1:].decode()
        if self.watchdog():
            kept["WATCHDOG_USEC"] = str(int(self.watchdog() * 1e6))
        return kept

    def watchdog(self):
        return seconds(self.unit.last("Service", "WatchdogSec", "0"))

    def make_folders(self):
        for key, parent in ("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run"), ("LogsDirectory", "/var/log"):
            for name in self.unit["Service", key]:
                folder = Path(parent, name)
                folder.mkdir(parents=True, exist_ok=True)
                self.own(folder, int(self.unit.last("Service", f"{key}Mode", "0755"), 8))

    def command(self, key="ExecStart"):
        return [shlex.split(line.lstrip("-+!@:")) for line in self.unit[("Service", key)]]

    def start(self):
        if self.socket_unit and not self.sockets:
            self.listen()
        account = self.user()
        for command in self.command("ExecStartPre"):
            subprocess.run(command, check=True)
        [command] = self.command()
        environment = self.environment()
        if self.sockets:
            environment["LISTEN_FDS"] = str(len(self.sockets))
            moves = " ".join(f"{number}<&{each.fileno()}" for number, each in enumerate(self.sockets, FIRST_FD))
            command = ["/bin/bash", "-c", f'exec {moves}; LISTEN_PID=$$ exec "$@"', "bash", *command]
        self.started = time.monotonic()
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        with open(self.log_path(), "ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.unit.last("Service", "WorkingDirectory"), start_new_session=True,
                pass_fds=[each.fileno() for each in self.sockets], **identity)

    def is_ready(self):
        if self.unit.last("Service", "Type") == "forking":
            return self.process.poll() == 0
        assert self.process.poll() is None, f"{self.unit.name} ended: {self.log()[-2000:]}"
        return bool(self.told("READY", self.started))

    def log_path(self):
        return self.folder / f"{self.unit.name}.log"

    def log(self):
        return self.log_path().read_text(errors="replace")

    def main_pid(self):
        file = self.unit.last("Service", "PIDFile")
        return int(Path(file).read_text()) if file else self.process.pid

    def stop(self):
        """TERM, and KILL after TimeoutStopSec=; the exit status."""
        if self.unit.last("Service", "Type") == "forking":
            for command in self.command("ExecStop"):
                subprocess.run(command, check=False)
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(seconds(self.unit.last("Service", "TimeoutStopSec", "90s")))
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def close(self):
        """Stops it, gives up its sockets; the exit status."""
        status = self.stop() if self.process else 0
        for listening in self.sockets:
            listening.close()
        self.notify.shutdown(socket.SHUT_RDWR)
        self.notify.close()
        return status

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait()
