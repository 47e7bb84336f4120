"""GET /livez through nginx, beside the least that FastCGI can cost and beside nginx's own `return 200`.

One nginx with the settings of nginx/*.conf has three places: itn-api's workers, as many processes of raw_fcgi.c, and
`return 200`. wrk asks them in turn, round after round; the medians are compared."""

import subprocess
import sys

from common import ROOT, answers, arguments, build, cpu_seconds, free_port, median, running, scratch, show, stack, wait_for, wrk

PLACES = ["/livez", "/raw", "/return"]


def configuration(stack, port, processes):
    """The runner's configuration with two more places and a port of its own."""
    text = (stack.folder / "nginx" / "nginx.conf").read_text()
    raw = "".join(f"\t\tserver unix:raw-{n}.sock max_fails=0;\n" for n in range(processes))
    text = text.replace("pid nginx/nginx.pid;", "pid nginx/bench.pid;")
    text = text.replace("log/access.log", "log/bench-access.log")
    text = text.replace(f"listen {stack.host}:{stack.port}", f"listen {stack.host}:{port}")
    text = text.replace("\tserver {\n", f"\tupstream raw {{\n{raw}\t\tinclude itn/upstream.conf;\n\t}}\n\n\tserver {{\n")
    place = '\t\tlocation = /raw { include bench-raw.conf; }\n\t\tlocation = /return { return 200 "alive\\n"; }\n'
    return text.replace("\t\tinclude itn/server.conf;\n", place + "\t\tinclude itn/server.conf;\n")


def start(stack, port, raw_fcgi, processes):
    nginx = stack.folder / "nginx"
    (nginx / "bench.conf").write_text(configuration(stack, port, processes))
    (nginx / "bench-raw.conf").write_text((ROOT / "nginx" / "fastcgi.conf").read_text().replace("itn_api", "raw"))
    run = stack.folder / "run"
    started = [subprocess.Popen([raw_fcgi, f"raw-{n}.sock"], cwd=run) for n in range(processes)]
    wait_for(lambda: all((run / f"raw-{n}.sock").exists() for n in range(processes)), "raw_fcgi listens")
    started.append(subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-p", f"{stack.folder}/",
                                     "-c", "nginx/bench.conf", "-g", "daemon off;"], cwd=run))
    return started


def measure(url, pids, options):
    """What wrk finds, and "cpu": microseconds of the responding processes for a request."""
    before = sum(map(cpu_seconds, pids))
    one = wrk(url, options.connections, options.seconds)
    one["cpu"] = (sum(map(cpu_seconds, pids)) - before) * 1e6 / (one["rate"] * options.seconds)
    return one


def main():
    options = arguments(__doc__, rounds=(7, "rounds"), seconds=(3, "seconds of each measurement"),
                        connections=(32, "connections"), processes=(2, "processes of itn-api and of raw_fcgi"))
    [raw_fcgi] = build(options.build, "bench/raw_fcgi")
    with scratch() as folder, running(stack(folder, options.build, ITN_API_PROCESSES=options.processes)) as server:
        port = free_port()
        started = start(server, port, raw_fcgi.resolve(), options.processes)
        try:
            url = f"http://{server.host}:{port}"
            wait_for(lambda: answers(port), "nginx listens")
            pids = {"/livez": [pid for name, pid in server.pids().items() if name.startswith("itn-api-")],
                    "/raw": [process.pid for process in started[:options.processes]], "/return": []}
            found = {place: [] for place in PLACES}
            for _ in range(options.rounds):
                for place in PLACES:
                    found[place].append(measure(url + place, pids[place], options))
            ended = [process.args[0] for process in started if process.poll() is not None]
        finally:
            for process in started:
                process.terminate()
                process.wait()
    rate = {place: median([one["rate"] for one in found[place]]) for place in PLACES}
    p99 = {place: median([one["p99"] for one in found[place]]) for place in PLACES}
    cpu = {place: median([one["cpu"] for one in found[place]]) for place in PLACES}
    ratio = {"/livez": rate["/livez"] / rate["/raw"], "/raw": rate["/raw"] / rate["/return"], "/return": 1.0}
    errors = sum(one["errors"] for place in PLACES for one in found[place])
    names = {"/livez": "itn-api, GET /livez", "/raw": "raw FastCGI responder", "/return": "nginx return 200"}
    rows = [[names[place], f"{rate[place]:.0f}", f"{ratio[place]:.2f}", f"{p99[place]:.2f}", f"{cpu[place]:.1f}"] for place in PLACES]
    target = [("itn-api reaches 0.6 of the raw responder", ratio["/livez"] >= 0.6),
              ("the raw responder reaches 0.45 of nginx return 200", ratio["/raw"] >= 0.45),
              ("no errors", errors == 0), ("nothing ended meanwhile", not ended)]
    met = show(f"GET /livez through nginx, {options.connections} connections",
               ["", "requests/s", "of the next", "p99 ms", "responder's CPU µs"], rows, target, options, rounds=found)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
