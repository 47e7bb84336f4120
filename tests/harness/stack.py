"""The real thing in a folder of its own: started by ./itn, on a free port, with signals for each process."""

import os
import re
import secrets
import signal
import stat
import subprocess
from pathlib import Path

from websockets.sync.client import connect

from harness.http import HttpClient, raw
from harness.wait import free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
RUNNER = ROOT / "itn"
SANITIZER_REPORT = re.compile(r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:)")


class Stack:
    """Settings are environment variables: Stack(folder, ITN_API_PROCESSES=3)."""

    def __init__(self, folder, store_uri=None, **settings):
        self.folder = Path(folder)
        self.host = "127.0.0.1"
        self.port = int(settings.pop("ITN_PORT", 0)) or free_port()
        self.settings = {"ITN_DIR": str(self.folder), "ITN_PORT": str(self.port)}
        if "ITN_BUILD" in os.environ:
            self.settings["ITN_BUILD"] = os.environ["ITN_BUILD"]
        if store_uri:
            self.settings["ITN_STORE"] = store_uri
            self.settings["ITN_NETWORK"] = f"t{secrets.token_hex(8)}"
        self.settings.update({name: str(value) for name, value in settings.items()})
        self.client = HttpClient(self.host, self.port)

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def feed_url(self):
        return f"ws://{self.host}:{self.port}/api/updates/real-time"

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ITN_")}
        return kept | self.settings

    def itn(self, *arguments, timeout=180):
        """Runs the runner; the finished process with its output."""
        return subprocess.run([RUNNER, *arguments], env=self.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)

    def itn_in_background(self, *arguments):
        """The runner as a terminal starts it: where tests run in the background, SIGINT may be ignored."""
        return subprocess.Popen([RUNNER, *arguments], env=self.environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def up(self):
        done = self.itn("up", "--detach")
        assert done.returncode == 0, f"./itn up failed\n{done.stdout}\n{done.stderr}"
        return done

    def down(self):
        done = self.itn("down")
        assert done.returncode == 0, f"./itn down failed\n{done.stdout}\n{done.stderr}"
        return done

    def pids(self):
        """{"itn-api-1": 4711, …, "supervisor": 4700}: what runs now."""
        lines = self.itn("status", "--pids").stdout.split("\n")
        return {name: int(pid) for name, pid in (line.split() for line in lines if line)}

    def pid(self, name):
        """The process number, as soon as the process runs; a stopped one counts."""
        return wait_for(lambda: self.pids().get(name), f"{name} runs")

    def signal(self, name, number):
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def kill(self, name):
        """kill -9; returns the number that it had."""
        return self.signal(name, signal.SIGKILL)

    def freeze(self, name):
        return self.signal(name, signal.SIGSTOP)

    def thaw(self, name):
        return self.signal(name, signal.SIGCONT)

    def wait_restarted(self, name, old_pid):
        """Another process than `old_pid` runs, and serves."""
        pid = wait_for(lambda: (new := self.pids().get(name, old_pid)) != old_pid and new, f"{name} was started again")
        if name.startswith("itn-"):
            wait_for((self.folder / "run" / f"{name}.ready").exists, f"{name} serves again")
        return pid

    def wait_ready(self, seconds=30):
        wait_for(self.is_ready, "the stack is ready", seconds)

    def is_ready(self):
        with_own_connection = HttpClient(self.host, self.port, timeout=5)
        try:
            return with_own_connection.get("/readyz").status == 200
        except OSError:
            return False
        finally:
            with_own_connection.close()

    def request(self, method, path, body=None, headers=None):
        return self.client.request(method, path, body, headers)

    def get(self, path, headers=None):
        return self.client.get(path, headers)

    def post(self, path, body, headers=None):
        return self.client.post(path, body, headers)

    def put(self, path, body, headers=None):
        return self.client.put(path, body, headers)

    def new_client(self, timeout=30):
        """A connection of its own, for another thread."""
        return HttpClient(self.host, self.port, timeout)

    def raw(self, data):
        return raw(self.host, self.port, data)

    def feed(self, query="", **options):
        """A WebSocket to the live feed; query such as "?after=4"."""
        options.setdefault("max_size", None)
        return connect(self.feed_url + query, **options)

    def redis(self, *command):
        """The answer of the stack's own Redis, as redis-cli prints it."""
        return subprocess.run(["redis-cli", "-s", "redis.sock", *command], cwd=self.folder / "run",
                              capture_output=True, text=True, timeout=20, check=True).stdout

    def node(self, script, timeout=300):
        """Runs a Node script against this stack; it finds it by ITN_URL."""
        env = self.environment() | {"ITN_URL": self.url, "NODE_PATH": "/usr/share/nodejs"}
        return subprocess.run(["/usr/bin/node", script], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=timeout)

    def log(self, name):
        path = self.folder / "log" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def processes(self):
        """Every process that works in this stack's folder, known to the runner or not."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    cwd = os.readlink(entry / "cwd")
                except OSError:
                    continue
                if Path(cwd).is_relative_to(self.folder):
                    found.append(int(entry.name))
        return found

    def sockets(self):
        return [path for path in self.folder.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)]

    def sanitizer_reports(self):
        reports = []
        for path in sorted((self.folder / "log").glob("*.log*")):
            text = path.read_text(errors="replace")
            found = SANITIZER_REPORT.search(text)
            if found:
                start = text.rfind("\n", 0, found.start()) + 1
                reports.append(f"{path.name}: {text[start:start + 4000]}")
        return reports

    def close(self):
        self.client.close()
        self.itn("down")
        assert not self.processes(), f"processes are left in {self.folder}"
        assert not self.sanitizer_reports(), "\n".join(self.sanitizer_reports())
