"""The list of all trades goes out while 16 other clients work: the workers' memory, and what the others notice.

The trades are written by bench/seed.c through the store's library and numbered by an engine before the measurement."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from common import arguments, build, memory, reset_peak, running, scratch, show, stack, store, wait_for, wrk

SCRIPT = Path(__file__).with_name("work.lua")
CLIENTS = 16


class Lists:
    """Reads GET /api/trades again and again and counts its entries."""

    def __init__(self, server):
        self.server = server
        self.counts, self.seconds, self.bytes = [], [], 0
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.enough.is_set():
            began = time.monotonic()
            self.counts.append(self.once())
            self.seconds.append(time.monotonic() - began)

    def once(self):
        word = b'"transactionId"'
        count, tail, self.bytes = 0, b"", 0
        with socket.create_connection((self.server.host, self.server.port), timeout=300) as s:
            s.sendall(b"GET /api/trades HTTP/1.0\r\nHost: itn\r\n\r\n")
            while part := s.recv(1 << 20):
                self.bytes += len(part)
                part = tail + part
                count += part.count(word)
                tail = part[-len(word) + 1:]
        return count

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        self.thread.join()


def seed(server, program, count, threads):
    """Writes the trades, waits until the log has all of them; [(what, seconds)]."""
    began = time.monotonic()
    subprocess.run([program, str(count), str(threads)], env=server.environment(), stdout=sys.stderr, check=True)
    written = time.monotonic()
    with running(server):
        wait_for(lambda: int(server.get("/api/trades?limit=1").field("ITN-Seq")) >= count, "the log is complete", 1800)
        ids = [trade["_id"] for trade in server.get("/api/trades?limit=1000").json()]
        numbered = time.monotonic()
    return ids, written - began, numbered - written


def main():
    options = arguments(__doc__, store=("sqlite", "sqlite or mongodb"), count=(1000000, "trades"),
                        threads=(128, "threads of the seeding"), seconds=(15, "seconds of each measurement"))
    [program] = build(options.build, "bench/seed")
    with scratch() as folder, store(options.store, folder) as (name, uri):
        server = stack(folder, options.build, uri)
        if not uri:
            server.folder.mkdir(mode=0o700)
            server.settings["ITN_STORE"] = f"sqlite:{server.folder}/itn.db"
        ids, write_seconds, number_seconds = seed(server, program.resolve(), options.count, options.threads)
        os.environ["ITN_BENCH_TRADES"] = str(folder / "ids")
        (folder / "ids").write_text("\n".join(ids) + "\n")
        with running(server):
            workers = {process: pid for process, pid in server.pids().items() if process.startswith("itn-api-")}
            wrk(server.url, CLIENTS, 3, script=SCRIPT)
            alone = wrk(server.url, CLIENTS, options.seconds, script=SCRIPT)
            before = {process: memory(pid) for process, pid in workers.items()}
            for pid in workers.values():
                reset_peak(pid)
            with Lists(server) as lists:
                beside = wrk(server.url, CLIENTS, options.seconds, script=SCRIPT)
            after = {process: memory(pid) for process, pid in workers.items()}
    growth = {process: (after[process]["VmHWM"] - before[process]["VmRSS"]) / 1024 for process in workers}
    rows = [[what, f"{one['rate']:.0f}", f"{one['p50']:.2f}", f"{one['p99']:.2f}", one["errors"]]
            for what, one in [("alone", alone), ("beside the list", beside)]]
    ratio = beside["p99"] / alone["p99"]
    target = [(f"{process}: peak memory grows by at most 16 MB ({growth[process]:.1f})", growth[process] <= 16)
              for process in sorted(workers)]
    target += [(f"the others' p99 is at most 3 times what it was ({ratio:.1f})", ratio <= 3),
               (f"each list had all trades ({min(lists.counts)} or more)", min(lists.counts) >= options.count),
               ("no errors", alone["errors"] + beside["errors"] == 0)]
    figures = {"lists": len(lists.counts), "list_seconds": lists.seconds, "list_bytes": lists.bytes,
               "store": name, "seed_seconds": write_seconds, "number_seconds": number_seconds, "growth_mb": growth}
    print(f"{len(lists.counts)} lists of {lists.bytes / 1e6:.0f} MB, {min(lists.seconds):.1f} s and more each; "
          f"seeded in {write_seconds:.0f} s, numbered in {number_seconds:.0f} s", file=sys.stderr)
    met = show(f"A list of {options.count} trades beside {CLIENTS} clients, {name}",
               ["16 clients", "requests/s", "p50 ms", "p99 ms", "errors"], rows, target, options, **figures)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
