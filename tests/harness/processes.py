"""What the processes of a stack are doing at an instant."""

import os
import re
import signal
import time
from pathlib import Path

from harness.wait import wait_for

LEASE = re.compile(r'^(?=.*lease (taken|lost)).*$', re.MULTILINE)
TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")


def engines(stack):
    return [name for name in stack.pids() if name.startswith("itn-engine-")]


def leases_taken(stack):
    """[(time, name)] of every lease taken since the stack is up, oldest first."""
    found = []
    for name in engines(stack):
        for line in LEASE.finditer(stack.log(name)):
            if line[1] == "taken":
                found.append((TIME.search(line[0])[0], name))
    return sorted(found)


def active_engine(stack):
    """The engine that took the lease last."""
    return wait_for(lambda: leases_taken(stack), "an engine has the lease")[-1][1]


def wait_takeover(stack, taken, seconds=30):
    """Waits for a lease taken after those that leases_taken() gave; the name of who took it."""
    return wait_for(lambda: leases_taken(stack)[len(taken):], "another engine has the lease", seconds)[0][1]


def holds_write_lock(pid, database):
    """Whether a process is inside a writing transaction on a SQLite database, or about to begin or end one. SQLite's own
    locks don't tell: a checkpoint holds one of them and stops no writer."""
    lock = database.with_name(f"{database.name}-lock")
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if entry.readlink() == lock:
                if re.search(r"^lock:.*WRITE", (entry.parents[1] / "fdinfo" / entry.name).read_text(), re.MULTILINE):
                    return True
        except OSError:
            continue
    return False


def freeze_engine(stack, name="itn-engine-1"):
    """Outside of a SQLite transaction: others must be able to write."""
    def attempt():
        pid = stack.freeze(name)
        wait_for(lambda: is_stopped(pid), f"{name} is stopped")
        if not holds_write_lock(pid, stack.folder / "itn.db"):
            return True
        stack.thaw(name)
        return False
    wait_for(attempt, f"{name} is stopped outside of a transaction")


def is_stopped(pid):
    """Every thread of it: a SIGSTOP takes a moment to reach them all."""
    try:
        return all(re.search(r"^State:\s+[Tt]", (task / "status").read_text(), re.MULTILINE)
                   for task in Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return False


def freeze(stack, name, database, with_lock=False):
    """Stops the engine; with SQLite where it holds the write lock, or where it does not."""
    def attempt():
        pid = stack.pids()[name]
        os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: is_stopped(pid), f"{name} is stopped")
        if database is None or holds_write_lock(pid, database) == with_lock:
            return pid
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.0005)
        return None
    return wait_for(attempt, f"{name} stopped {'with' if with_lock else 'without'} the write lock", 60)
