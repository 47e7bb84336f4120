"""A MongoDB server for tests: mongod when there is one on PATH, else SecantusDB, which speaks its wire protocol."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pymongo

from harness.wait import free_port, wait_for


class MongoServer:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.port = free_port()
        self.process = None
        self.uri = f"mongodb://127.0.0.1:{self.port}/"

    @staticmethod
    def program():
        """The mongod on PATH, or None."""
        return shutil.which("mongod")

    @staticmethod
    def program_name():
        return MongoServer.program() or "SecantusDB"

    def command(self):
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        if self.program():
            return [self.program(), "--replSet", "itn", "--dbpath", str(data), "--bind_ip", "127.0.0.1",
                    "--port", str(self.port), "--setParameter", "enableTestCommands=1"]
        return [str(Path(sys.executable).parent / "secantusd-py"), "--host", "127.0.0.1", "--port", str(self.port),
                "--storage-path", str(data), "--sync-on-commit", "--enable-test-commands", "--cache-size", "256M"]

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.folder)
        wait_for(self.is_primary, f"a primary at {self.uri}; its log is {self.folder / 'log'}", 60)

    def is_primary(self):
        assert self.process.poll() is None, f"the MongoDB server ended: {(self.folder / 'log').read_text()[-2000:]}"
        try:
            with pymongo.MongoClient(self.uri, directConnection=True, serverSelectionTimeoutMS=500) as client:
                hello = client.admin.command("hello")
                if not hello.get("setName") and self.program():
                    client.admin.command("replSetInitiate", {
                        "_id": "itn", "members": [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]})
                return hello.get("isWritablePrimary")
        except pymongo.errors.PyMongoError:
            return False

    def client(self):
        return pymongo.MongoClient(self.uri, directConnection=True)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        """Returns when each of its threads stands still: on a busy machine that takes a moment."""
        os.kill(self.process.pid, signal.SIGSTOP)
        wait_for(self.stands_still, "the MongoDB server stands still")

    def stands_still(self):
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        return all(task.read_text().rsplit(")", 1)[1].split()[0] == "T" for task in tasks)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.thaw()
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
