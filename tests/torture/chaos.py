"""What is done to the processes of a network: killed with -9 and stopped for a while, at random instants."""

import collections
import contextlib
import datetime
import os
import random
import signal
import threading
import time

from harness.processes import active_engine, engines, freeze, leases_taken
from harness.wait import wait_for

# Writes that are accepted between one blow and the next, at least.
BETWEEN = 100
STOP_S = 5
RECOVERY_MAX_S = 60
# So often an engine is stopped once more at most until another one takes over.
STOPS_MAX = 5

DAEMONS = ["worker", "active engine", "standby engine", "gateway", "redis", "nginx"]


def decks(store):
    """Each blow that a run has: [(what, to whom)] of a short one, and of one round of a long one."""
    database = ["database"] if store == "mongodb" else []
    short = [("kill", victim) for victim in DAEMONS + database] + [("stop", "active engine")]
    stops = [("stop", victim) for victim in ["worker", "gateway", "redis"] + database]
    again = [("kill", victim) for victim in ["worker", "active engine"] + database]
    return short, short + stops + again


def now():
    """As events have it."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Chaos:
    """blows      Counter of (what, to whom)
    recoveries    [(seconds, to whom)]: from a kill, or from when the process stopped last goes on, until the killed one
                  serves again and a subscriber has an event that is younger than the kill
    woken         engines that were stopped until another had taken over, and went on
    failures      what did not recover
    """

    def __init__(self, stack, server, crowd, subscribers, seed):
        self.stack, self.server, self.crowd, self.subscribers = stack, server, crowd, subscribers
        self.random = random.Random(f"{seed} chaos")
        self.blows = collections.Counter()
        self.recoveries, self.failures, self.threads = [], [], []
        self.killed = {}  # the number that a process of this name was killed with last
        self.woken = 0
        self.stopped = None  # the thread that lets the stopped process go on
        self.went_on = 0.0

    def kills(self):
        return sum(count for (what, _), count in self.blows.items() if what == "kill")

    def play(self, deck, enough=lambda: False):
        """One round of it, or what of it there is until it is enough."""
        for what, whom in self.random.sample(deck, len(deck)):
            if enough():
                return
            self.crowd.wait_accepted(self.crowd.accepted() + BETWEEN)
            time.sleep(self.random.uniform(0, 1))  # the instant is random
            getattr(self, what)(whom)
            assert not self.failures, self.failures

    def wake_one(self):
        """An engine that was stopped goes on while another one works, if that has not happened yet: where SQLite's write
        lock is with the stopped one nobody can take over."""
        self.wait_stopped()
        for _ in range(STOPS_MAX):
            if self.woken:
                return
            self.crowd.wait_accepted(self.crowd.accepted() + BETWEEN)
            self.stop("active engine", anywhere=False)
            self.wait_stopped()

    def name_of(self, whom):
        if whom == "worker":
            return self.random.choice(sorted(name for name in self.stack.pids() if name.startswith("itn-api-")))
        if whom == "active engine":
            return active_engine(self.stack)
        if whom == "standby engine":
            return "itn-engine-2" if active_engine(self.stack) == "itn-engine-1" else "itn-engine-1"
        return "itn-gateway" if whom == "gateway" else whom

    def kill(self, whom):
        self.blows["kill", whom] += 1
        if whom == "database":
            self.server.kill()
            time.sleep(self.random.uniform(0, 1))
            self.server.start()
            self.in_background(self.recover, whom, lambda: True, time.monotonic(), now())
            return
        name = self.name_of(whom)
        pid = self.killed[name] = self.number_of(name)
        os.kill(pid, signal.SIGKILL)
        began, stamp = time.monotonic(), now()
        self.in_background(self.recover, whom, lambda: self.serves(name, pid), began, stamp)

    def number_of(self, name):
        """Of a process that is not dying of the blow before."""
        return wait_for(lambda: (pid := self.stack.pids().get(name)) != self.killed.get(name) and pid, f"{name} runs", RECOVERY_MAX_S)

    def serves(self, name, old_pid):
        """Another process than the old one, and it says so."""
        run = self.stack.folder / "run"
        try:
            pid = int((run / f"{name}.pid").read_text().split()[0])
        except FileNotFoundError:
            return False
        return pid != old_pid and (not name.startswith("itn-") or (run / f"{name}.ready").exists())

    def recover(self, whom, serves, began, stamp):
        wait_for(lambda: serves() and any(one.newest > stamp for one in self.subscribers),
                 f"all is well after {whom} was killed", RECOVERY_MAX_S, pause=0.05)
        self.recoveries.append((time.monotonic() - max(began, self.went_on), whom))

    def stop(self, whom, anywhere=True):
        self.wait_stopped()
        self.blows["stop", whom] += 1
        name = None if whom == "database" else self.name_of(whom)
        taken = leases_taken(self.stack)
        pid = self.server.process.pid if name is None else self.number_of(name)
        if anywhere or self.server:
            os.kill(pid, signal.SIGSTOP)
        else:
            pid = freeze(self.stack, name, self.stack.folder / "itn.db")
        self.stopped = self.in_background(self.let_go_on, name, pid, taken)

    def let_go_on(self, name, pid, taken):
        time.sleep(STOP_S)
        if self.pid_of(name) == pid:  # it was not killed meanwhile
            self.woken += name in engines(self.stack) and any(by != name for _, by in leases_taken(self.stack)[len(taken):])
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.went_on = time.monotonic()

    def pid_of(self, name):
        return self.server.process.pid if name is None else self.stack.pids().get(name)

    def wait_stopped(self):
        if self.stopped is not None:
            self.stopped.join()

    def in_background(self, task, *arguments):
        def run():
            try:
                task(*arguments)
            except BaseException as failure:
                self.failures.append(failure)
        thread = threading.Thread(target=run, daemon=True)
        self.threads.append(thread)
        thread.start()
        return thread

    def end(self):
        """All that was begun has ended."""
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures
