"""From POST /api/trades sent to its tradeCreate frame received, one client on one machine, through nginx both ways."""

import json
import sys
import time

from common import arguments, percentile, running, scratch, show, stack, store

LIMITS = {"SQLite": 10}


def measure(server, count, warm_up):
    """ms of each request: until its frame, until its answer."""
    frames, answers = [], []
    client = server.new_client()
    with server.feed(ping_interval=None, compression=None) as feed:
        for n in range(warm_up + count):
            body = {"buyer": f"Buyer {n}", "buyerEmail": "ada@example.org",
                    "seller": "Bo", "sellerEmail": "bo@example.org",
                    "items": [{"name": "Dilithium", "quantity": 10}], "destination": "Mars"}
            began = time.monotonic()
            trade = client.post("/api/trades", body)
            answered = time.monotonic()
            assert trade.status == 201, trade
            identity = trade.json()["_id"]
            while json.loads(feed.recv(timeout=30))["data"].get("_id") != identity:
                pass
            frames.append((time.monotonic() - began) * 1000)
            answers.append((answered - began) * 1000)
    client.close()
    return frames[warm_up:], answers[warm_up:]


def main():
    options = arguments(__doc__, store=("sqlite", "sqlite or mongodb"), count=(500, "requests"),
                        warmup=(50, "requests before"))
    with scratch() as folder, store(options.store, folder) as (name, uri):
        with running(stack(folder, options.build, uri)) as server:
            frames, answers = measure(server, options.count, options.warmup)
    rows = [[what, *(f"{percentile(values, percent):.2f}" for percent in (50, 90, 99)), f"{max(values):.2f}"]
            for what, values in [("answer", answers), ("frame", frames)]]
    limit = LIMITS.get(name, 40)
    target = [(f"p50 until the frame is at most {limit} ms", percentile(frames, 50) <= limit)]
    met = show(f"POST sent to frame received, one client, {name}", ["ms until", "p50", "p90", "p99", "most"], rows,
               target, options, store=name, frames_ms=[round(value, 3) for value in frames])
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
