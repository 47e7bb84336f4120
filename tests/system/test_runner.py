"""./itn up, down and status."""

import os
import shutil
import signal
import socket
import subprocess

import pytest

from harness.stack import ROOT
from harness.wait import free_port, wait_for

PROCESSES = ["itn-api-1", "itn-api-2", "itn-engine-1", "itn-gateway", "nginx", "redis"]


def nothing_is_left(stack):
    assert stack.processes() == []
    assert stack.sockets() == []
    assert stack.itn("status").returncode == 3


def refused(stack, *words):
    """`up` fails with one sentence that has these words, and leaves nothing running."""
    done = stack.itn("up", "--detach")
    assert done.returncode == 1
    lines = done.stderr.strip().split("\n")
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]
    nothing_is_left(stack)


def test_up_starts_everything_and_down_leaves_nothing(make_stack):
    stack = make_stack()
    done = stack.up()
    assert stack.url in done.stdout
    assert sorted(stack.pids()) == sorted([*PROCESSES, "supervisor"])
    assert stack.itn("status").returncode == 0
    assert stack.get("/livez").status == 200
    assert os.stat(stack.folder).st_mode & 0o777 == 0o700
    assert [path.name for path in stack.sockets() if path.lstat().st_mode & 0o077] == []
    stack.down()
    nothing_is_left(stack)


def test_a_second_up_says_that_it_runs(make_stack):
    stack = make_stack()
    stack.up()
    before = stack.pids()
    done = stack.itn("up", "--detach")
    assert done.returncode == 0
    assert "it runs already" in done.stdout
    assert stack.pids() == before


def test_a_second_up_says_when_not_all_of_it_answers(make_stack):
    stack = make_stack(ITN_API_PROCESSES=1)
    stack.up()
    stack.freeze("itn-api-1")
    for command, word in [(["up", "--detach"], "not all of it"), (["status"], "not ready")]:
        done = stack.itn(*command)
        assert done.returncode == 1
        assert word in done.stdout + done.stderr
    stack.thaw("itn-api-1")
    wait_for(lambda: stack.itn("status").returncode == 0, "all of it answers again")


def test_up_after_the_supervisor_was_killed_starts_anew(make_stack):
    stack = make_stack()
    stack.up()
    stack.kill("supervisor")
    stack.kill("itn-gateway")
    done = stack.itn("up", "--detach")
    assert done.returncode == 0, done.stderr
    assert "ready at" in done.stdout
    assert sorted(stack.pids()) == sorted([*PROCESSES, "supervisor"])


def test_down_with_nothing_running_says_so(make_stack):
    stack = make_stack()
    for _ in range(2):
        done = stack.down()
        assert done.stdout == "itn: nothing runs\n"


def test_up_after_down(make_stack):
    stack = make_stack()
    stack.up()
    stack.down()
    stack.up()
    assert stack.is_ready()


def test_foreground_until_interrupted(make_stack):
    stack = make_stack()
    runner = stack.itn_in_background("up")
    wait_for(stack.is_ready, "ready")
    wait_for((stack.folder / "run" / "ready").exists, "the runner has seen it")
    assert runner.poll() is None
    runner.send_signal(signal.SIGINT)
    assert runner.wait(60) == 0
    nothing_is_left(stack)


def test_foreground_ends_when_another_shell_says_down(make_stack):
    stack = make_stack()
    runner = stack.itn_in_background("up")
    wait_for((stack.folder / "run" / "ready").exists, "ready")
    stack.down()
    assert runner.wait(60) == 0
    nothing_is_left(stack)


def test_interrupted_while_starting(make_stack, tmp_path):
    build = other_build(tmp_path, "itn-api", "trap 'exit 0' TERM; while :; do sleep 0.1; done")
    stack = make_stack(ITN_BUILD=build)
    runner = stack.itn_in_background("up")
    wait_for(lambda: "itn-api-1" in stack.pids(), "itn-api-1 was started")
    runner.send_signal(signal.SIGINT)
    assert runner.wait(60) == 130
    nothing_is_left(stack)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_that_dies_is_started_again(make_stack, name):
    stack = make_stack()
    stack.up()
    before = stack.pids()
    stack.wait_restarted(name, stack.kill(name))
    stack.wait_ready()
    after = stack.pids()
    assert {n: p for n, p in after.items() if n != name} == {n: p for n, p in before.items() if n != name}
    wait_for(lambda: stack.itn("status").returncode == 0, "status is well again")


def test_down_stops_a_frozen_process(make_stack):
    stack = make_stack()
    stack.up()
    stack.freeze("itn-engine-1")
    stack.down()
    nothing_is_left(stack)


def test_down_when_the_supervisor_was_killed(make_stack):
    stack = make_stack()
    stack.up()
    stack.kill("supervisor")
    stack.kill("nginx")
    stack.down()
    nothing_is_left(stack)


def test_down_spares_a_stranger_that_has_the_number(make_stack):
    stack = make_stack()
    stack.up()
    stack.down()
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        boot = open("/proc/sys/kernel/random/boot_id").read().strip()
        for name in ["supervisor", "itn-api-1", "nginx"]:
            (stack.folder / "run" / f"{name}.pid").write_text(f"{stranger.pid} 1 {boot}\n")
        stack.down()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_checkout_whose_path_has_spaces_is_configured(tmp_path):
    checkout = tmp_path / "a new place" / "itn"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns("var", ".git", "autom4te.cache"))
    script = '. tools/runner/build.sh; root=$PWD; make() { :; }; build_in "$PWD/a build"'
    done = subprocess.run(["bash", "-euc", script], cwd=checkout, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    assert (checkout / "a build" / "config.status").exists()


def test_a_path_that_is_long_and_has_spaces(make_stack, tmp_path):
    stack = make_stack(folder=tmp_path / "a folder with 'quotes' & $signs; and {braces}" / ("long" * 40))
    stack.up()
    assert stack.get("/livez").status == 200
    with stack.feed():
        pass
    stack.down()
    nothing_is_left(stack)


def test_two_copies_side_by_side(make_stack):
    one, two = make_stack(), make_stack(ITN_API_PROCESSES=1)
    one.up()
    two.up()
    one.down()
    assert two.is_ready()
    two.down()


def test_more_processes(make_stack):
    stack = make_stack(ITN_API_PROCESSES=3, ITN_ENGINE_PROCESSES=2)
    stack.up()
    assert {"itn-api-3", "itn-engine-2"} <= set(stack.pids())


def test_a_taken_port(make_stack):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(make_stack(ITN_PORT=port), f"port {port} is taken", "ITN_PORT")


def test_a_database_that_does_not_answer(make_stack):
    port = free_port()
    refused(make_stack(ITN_STORE=f"mongodb://user:secret@127.0.0.1:{port}/"), f"127.0.0.1:{port}", "ITN_STORE")


@pytest.mark.parametrize("scheme, password", [
    ("mongodb", "tunafish"), ("mongodb", "tuna@fish"), ("mongodb", "tuna/fish"), ("mongodb", "1/tuna?fish"),
    ("mongodb+srv", "tuna@fish"), ("mongo", "tunafish")])
def test_a_password_is_told_nobody(make_stack, scheme, password):
    uri = f"{scheme}://user:{password}@127.0.0.1:{free_port()}/?tlsCertificateKeyFilePassword=tunafish"
    stack = make_stack(ITN_STORE=uri, ITN_START_SECONDS=3)
    done = stack.itn("up", "--detach")
    assert done.returncode == 1
    told = done.stdout + done.stderr + "".join(path.read_text() for path in stack.folder.glob("log/*"))
    assert "tuna" not in told and "fish" not in told, told


def test_a_store_that_is_none(make_stack):
    refused(make_stack(ITN_STORE="postgres://localhost"), "ITN_STORE")


def test_a_redis_that_does_not_answer(make_stack):
    port = free_port()
    refused(make_stack(ITN_REDIS=f"127.0.0.1:{port}"), f"127.0.0.1:{port}", "ITN_REDIS")


def test_a_given_redis(make_stack, tmp_path):
    one = make_stack()
    one.up()
    two = make_stack(ITN_REDIS=f"unix:{one.folder}/run/redis.sock", ITN_NETWORK="other")
    two.up()
    assert "redis" not in two.pids()


def test_a_folder_that_cannot_be_made(make_stack, tmp_path):
    (tmp_path / "file").write_text("")
    stack = make_stack(folder=tmp_path / "file" / "var")
    done = stack.itn("up", "--detach")
    assert done.returncode == 1
    assert done.stderr == f"itn: the folder {stack.folder} can't be made (ITN_DIR)\n"


@pytest.mark.parametrize("setting", [{"ITN_API_PROCESSES": "0"}, {"ITN_API_PROCESSES": "two"}, {"ITN_BIND": "a b"}])
def test_a_setting_that_is_wrong(make_stack, setting):
    done = make_stack(**setting).itn("up", "--detach")
    assert done.returncode == 1
    assert list(setting)[0] in done.stderr


def test_a_setting_of_a_daemon_that_is_wrong(make_stack):
    refused(make_stack(ITN_THREADS="many"), "ITN_THREADS")


def test_a_setting_that_is_not_known_is_named(make_stack):
    done = make_stack(ITN_PROT="3001").up()
    assert done.stderr == "itn: ITN_PROT is not a setting; it has no effect\n"


def test_packages_that_are_missing_for_a_plain_user(make_stack, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    program(tools / "id", "echo 1000")
    program(tools / "dpkg-query", "echo 'nginx installed'")
    stack = make_stack(PATH=f"{tools}:{os.environ['PATH']}")
    refused(stack, "redis-server", "apt-get install --no-install-recommends")


def program(path, text):
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def other_build(tmp_path, name, text):
    """The build under test with one program replaced: it accepts its settings, then runs `text`."""
    build = tmp_path / "other build"
    build.mkdir()
    for other in ["itn-api", "itn-engine", "itn-gateway"]:
        if other != name:
            (build / other).symlink_to(os.path.join(os.environ["ITN_BUILD"], other))
    program(build / name, f'[ "${{1:-}}" != --check-config ] || exit 0\n{text}')
    return build


@pytest.mark.parametrize("name, process", [
    ("itn-api", "itn-api-1"), ("itn-engine", "itn-engine-1"), ("itn-gateway", "itn-gateway")])
def test_a_process_that_cannot_start_is_named_with_its_last_words(make_stack, tmp_path, name, process):
    stack = make_stack(ITN_BUILD=other_build(tmp_path, name, "echo my last words >&2; exit 69"), ITN_API_PROCESSES=1)
    done = stack.itn("up", "--detach")
    assert done.returncode == 1
    assert "my last words" in done.stderr
    assert f"{process} did not start (exit status 69)" in done.stderr
    nothing_is_left(stack)


def test_a_process_that_never_answers_is_named(make_stack, tmp_path):
    build = other_build(tmp_path, "itn-gateway", "trap 'exit 0' TERM; while :; do sleep 0.1; done")
    stack = make_stack(ITN_BUILD=build, ITN_START_SECONDS=2)
    done = stack.itn("up", "--detach")
    assert done.returncode == 1
    assert "itn-gateway did not answer" in done.stderr
    nothing_is_left(stack)


def test_a_build_without_programs(make_stack, tmp_path):
    refused(make_stack(ITN_BUILD=tmp_path / "nowhere"), "itn-api", "ITN_BUILD")


def test_an_unknown_command(make_stack):
    done = make_stack().itn("upp")
    assert done.returncode == 1
    assert "'upp'" in done.stderr


def test_help_names_the_commands_and_settings(make_stack):
    text = make_stack().itn("help").stdout
    for word in ["up", "down", "status", "check", "ITN_PORT", "ITN_STORE", "ITN_API_PROCESSES"]:
        assert word in text
