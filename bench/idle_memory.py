"""Memory of each process that has started, served a little and has nothing to do."""

import sys
import time

from common import arguments, memory, running, scratch, show, stack, store, wait_for

LIMIT_KB = 6 * 1024


def settled(pids):
    """The figures, once they stay the same over some looks."""
    looks = []

    def same():
        looks.append({name: memory(pid) for name, pid in pids.items()})
        time.sleep(0.5)
        return looks[-1] if len(looks) > 6 and all(look == looks[-1] for look in looks[-6:]) else None

    return wait_for(same, "memory that stays the same", 60)


def main():
    options = arguments(__doc__, store=("sqlite", "sqlite or mongodb"), requests=(100, "requests before"))
    with scratch() as folder, store(options.store, folder) as (name, uri):
        with running(stack(folder, options.build, uri)) as server:
            with server.feed():
                for _ in range(options.requests):
                    assert server.get("/livez").status == 200
                    assert server.get("/api/trades").status == 200
            found = settled({process: pid for process, pid in server.pids().items() if process.startswith("itn-")})
    rows = [[process, f"{kb['RssAnon'] / 1024:.1f}", f"{kb['VmRSS'] / 1024:.1f}", f"{kb['VmHWM'] / 1024:.1f}"]
            for process, kb in sorted(found.items())]
    target = [(f"{process}: RssAnon at most 6 MB", kb["RssAnon"] <= LIMIT_KB) for process, kb in sorted(found.items())]
    met = show(f"Idle memory, {name}", ["MB", "RssAnon", "VmRSS", "VmHWM"], rows, target, options, store=name)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
