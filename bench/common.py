"""What the benchmarks share: a stack of an optimised build on a chosen store, processes' memory, tables and JSON."""

import argparse
import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from harness.mongo import MongoServer  # noqa: E402
from harness.stack import Stack  # noqa: E402
from harness.wait import answers, free_port, wait_for  # noqa: E402


class RustServer(MongoServer):
    """SecantusDB's Rust server: the MongoDB-compatible server that figures are given for."""

    @staticmethod
    def program():
        return None

    def command(self):
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        return [shutil.which("secantusd-rs"), "--host", "127.0.0.1", "--port", str(self.port),
                "--storage-path", str(data), "--sync-on-commit"]


def mongo_server(folder):
    """(name, server): mongod, the Rust server, or SecantusDB's Python package, whichever is found first."""
    if MongoServer.program():
        return "mongod", MongoServer(folder)
    if shutil.which("secantusd-rs"):
        return "secantusd-rs", RustServer(folder)
    return "secantusd-py", MongoServer(folder)


def arguments(description, **defaults):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", default=os.environ.get("ITN_BUILD", str(ROOT / "var" / "build")),
                        help="a finished build without sanitizers (ITN_BUILD; var/build)")
    parser.add_argument("--json", help="write the figures to this file too")
    for name, (value, text) in defaults.items():
        parser.add_argument(f"--{name}", default=value, type=type(value), help=f"{text} ({value})")
    return parser.parse_args()


def build(folder, *targets):
    """Builds what `make` does not build by itself; the paths of the programs."""
    subprocess.run(["make", "-s", "-C", folder, *targets], check=True)
    return [Path(folder) / target for target in targets]


@contextlib.contextmanager
def store(kind, folder):
    """(name of what runs, URI or None) of "sqlite" or "mongodb"."""
    if kind == "sqlite":
        yield "SQLite", None
        return
    name, server = mongo_server(folder)
    with server:
        yield name, server.uri


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix="itn-bench-") as folder:
        yield Path(folder)


def stack(folder, build_folder, uri=None, **settings):
    return Stack(folder / "stack", store_uri=uri, ITN_BUILD=str(Path(build_folder).resolve()), **settings)


@contextlib.contextmanager
def running(stack):
    try:
        stack.up()
        yield stack
    finally:
        stack.close()


def memory(pid):
    """{"RssAnon": kB, "VmRSS": kB, "VmHWM": kB}"""
    text = Path(f"/proc/{pid}/status").read_text()
    return {name: int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1])
            for name in ("RssAnon", "VmRSS", "VmHWM")}


def cpu_seconds(pid):
    """User and system time that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reset_peak(pid):
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values):
    return percentile(values, 50)


def wrk(url, connections, seconds, threads=1, script=None):
    """{"rate": requests a second, "p50": ms, "p99": ms, "errors": count}"""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += ["-s", str(script)] if script else []
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    latency = {found[1]: float(found[2]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[found[3]]
               for found in re.finditer(r"^ +(50|99)% +([0-9.]+)(us|ms|s|m) *$", text, re.MULTILINE)}
    errors = sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", text))
    return {"rate": float(re.search(r"Requests/sec: +([0-9.]+)", text)[1]), "p50": latency["50"], "p99": latency["99"],
            "errors": errors}


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()}), Linux {platform.release()}"


def show(title, head, rows, target, options, **figures):
    """A table, what was aimed at, and the same as JSON. Returns whether every target was met."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    print(f"\n{title}\n{machine()}\n")
    for row in cells:
        print("  ".join(cell.ljust(width) if n == 0 else cell.rjust(width)
                        for n, (cell, width) in enumerate(zip(row, widths))).rstrip())
    print()
    for text, met in target:
        print(f"{'met' if met else 'MISSED'}: {text}")
    result = {"title": title, "machine": machine(), "table": [dict(zip(head, row)) for row in rows],
              "targets": [{"target": text, "met": met} for text, met in target], **figures}
    line = json.dumps(result, ensure_ascii=False)
    print(line)
    if options.json:
        Path(options.json).write_text(line + "\n")
    return all(met for _, met in target)
