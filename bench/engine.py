"""The engine through the whole cascade: trades of 3 lines created, loaded, shipped and delivered among 100 stations.

bench/cascade.c writes what itn-api would, in rounds, and runs the engine's sequencer after each until nothing is
outstanding, with its publication to a Redis of its own. Only the engine's time counts."""

import shutil
import subprocess
import sys

from common import arguments, build, scratch, show, store, wait_for

WANTED = {"sqlite": 5000, "mongodb": 1500}
LOOK = 10000
SPAN = 100000


class Redis:
    def __init__(self, folder):
        self.socket = folder / "redis.sock"
        self.process = subprocess.Popen(
            [shutil.which("redis-server") or "redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", "",
             "--appendonly", "no"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def __enter__(self):
        wait_for(self.socket.exists, "Redis listens")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def rounds(program, options, environment):
    """[(trades so far, engine's seconds, its processor's, events)], as they come."""
    command = [program, str(options.count), str(options.round), str(options.threads)]
    found = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            trades, seconds, processor, _, events = line.split()
            found.append((int(trades), float(seconds), float(processor), int(events)))
            if int(trades) % SPAN == 0:
                print(f"{trades} trades, {rate(found, int(trades) - SPAN, int(trades)):.0f} a second", file=sys.stderr)
    assert running.returncode == 0, f"{program} ended with {running.returncode}"
    return found


def over(found, first, last):
    return [one for one in found if first < one[0] <= last]


def rate(found, first, last):
    """Trades a second of the engine's time, of those behind `first` up to `last`."""
    return (last - first) / sum(seconds for _, seconds, _, _ in over(found, first, last))


def processor(found, first, last):
    """Its processor's time, µs a trade."""
    return sum(cpu for _, _, cpu, _ in over(found, first, last)) / (last - first) * 1e6


def events(found, first, last):
    return sum(count for _, _, _, count in over(found, first, last)) / (last - first)


def rows(found, spans):
    return [[f"{first} to {last}", f"{rate(found, first, last):.0f}", f"{processor(found, first, last):.0f}",
             f"{events(found, first, last):.2f}"] for first, last in spans]


def main():
    options = arguments(__doc__, store=("sqlite", "sqlite or mongodb"), count=(1000000, "trades"),
                        round=(2000, "trades of a round"), threads=(64, "threads that write"))
    [program] = build(options.build, "bench/cascade")
    with scratch() as folder, store(options.store, folder) as (name, uri), Redis(folder) as redis:
        found = rounds(program.resolve(), options, {"ITN_STORE": uri or f"sqlite:{folder}/itn.db",
                                                    "ITN_REDIS": f"unix:{redis.socket}"})
    span = min(SPAN, options.count // 2)
    looks = [n for n in (LOOK, 10 * LOOK, 100 * LOOK) if n <= options.count]
    spans = [(n - LOOK, n) for n in looks] + [(0, span), (options.count - span, options.count), (0, options.count)]
    whole, first, last = (rate(found, *one) for one in ((0, options.count), *spans[-3:-1]))
    target = [(f"{WANTED[options.store]} trades a second or more ({whole:.0f})", whole >= WANTED[options.store]),
              (f"the last {span} at 0.8 or more of the first ({last / first:.2f})", last >= 0.8 * first)]
    met = show(f"The engine through the whole cascade, {options.count} trades, {name}",
               ["trades", "trades/s", "its processor, µs a trade", "events a trade"], rows(found, spans), target, options,
               store=name)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
