"""Slow, silent, too many and half-open clients cost the others nothing; the end is orderly."""

import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from gateway.parts import CLOSE, PING, PONG, TEXT, Client, program, until
from harness.wait import free_port


def test_a_slow_client_is_closed_and_others_are_not(make_gateway, engine):
    gateway = make_gateway(client_queue_max=65536)
    with gateway.connect() as good, gateway.connect() as slow:
        for _ in range(40):
            new = engine.publish(100, 1000)
            assert good.events(100) == new
        got = 0
        while (received := slow.receive())[0] == TEXT:
            assert received[1] == engine.frames[got]
            got += 1
        assert received[0] == CLOSE and int.from_bytes(received[1][:2], "big") == 4008
        assert 0 < got < 4000
        assert good.works(engine)


def test_a_slow_client_that_never_reads_again_is_dropped(make_gateway, engine):
    gateway = make_gateway(client_queue_max=65536)
    with gateway.connect() as good, gateway.connect() as slow:
        for _ in range(20):
            new = engine.publish(100, 1000)
            assert good.events(100) == new
        slow.socket.settimeout(0)
        start = time.monotonic()
        until(lambda: hung_up(slow.socket), "the gateway to drop it", 20)
        assert time.monotonic() - start < 15
        assert good.works(engine)


def hung_up(s):
    try:
        s.send(b"\x8a\x80\x00\x00\x00\x00")
        return False
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_a_client_that_pauses_within_the_limit_gets_everything(make_gateway, engine):
    gateway = make_gateway(client_queue_max=64 * 1024 * 1024)
    with gateway.connect() as good, gateway.connect() as pausing:
        for _ in range(50):
            new = engine.publish(100, 1000)
            assert good.events(100) == new
        assert pausing.events(5000) == engine.frames


def test_the_memory_of_what_was_sent_is_given_back(make_gateway, engine):
    gateway = make_gateway(client_queue_max=64 * 1024 * 1024)
    if sanitized(gateway):
        pytest.skip("a sanitizer keeps freed memory")
    with gateway.connect() as client:
        peaks = []
        for _ in range(6):
            engine.publish(500, 4000)
            client.events(500)
            peaks.append(gateway.memory_kb("RssAnon"))
        assert peaks[-1] - peaks[1] < 8000, peaks


def test_one_too_many_is_told_to_come_later(make_gateway, engine):
    gateway = make_gateway(clients_max=3)
    clients = [gateway.connect() for _ in range(3)]
    with gateway.connect() as refused:
        assert refused.closed() == 1013
    assert clients[0].works(engine)
    for client in clients:
        client.socket.close()


def test_a_place_that_becomes_free_is_given_again(make_gateway, engine):
    gateway = make_gateway(clients_max=1)
    for _ in range(5):
        with gateway.connect() as client:
            assert client.works(engine)
            client.send(CLOSE, b"\x03\xe8")
            assert client.closed() == 1000


def test_a_client_that_never_pongs_is_closed(make_gateway, engine):
    gateway = make_gateway(ping_ms=200)
    with gateway.connect() as good, gateway.connect() as silent:
        start = time.monotonic()
        opcode, payload = silent.receive()
        assert opcode == PING and payload
        while (received := read_and_pong(good, silent)) is None:
            assert time.monotonic() - start < 5
        assert received[0] == CLOSE and int.from_bytes(received[1][:2], "big") == 1008
        assert time.monotonic() - start >= 0.3
        assert good.works(engine)


def read_and_pong(good, silent):
    """One frame of the silent client, or None when none is there; the good client answers its pings."""
    for client in good, silent:
        client.socket.settimeout(0.02)
        try:
            received = client.receive()
        except TimeoutError:
            continue
        finally:
            client.socket.settimeout(10)
        if client is silent:
            return received
        assert received[0] == PING
        good.send(PONG, received[1])
    return None


def test_a_client_that_pongs_or_talks_stays(make_gateway, engine):
    gateway = make_gateway(ping_ms=100)
    with gateway.connect() as ponging, gateway.connect() as talking:
        end = time.monotonic() + 1.5
        pings = 0
        while time.monotonic() < end:
            assert (received := ponging.receive())[0] == PING
            ponging.send(PONG, received[1])
            talking.send(TEXT, b"here")
            pings += 1
        assert pings >= 4
        talking.socket.settimeout(10)
        new = engine.publish()
        while (received := talking.receive())[0] == PING:
            talking.send(PONG, received[1])
        assert received == (TEXT, new[0])


def test_a_half_handshake_is_dropped(gateway, engine):
    with Client(gateway.path, handshake=Client.upgrade()[:-2]) as half:
        half.socket.settimeout(20)
        start = time.monotonic()
        assert half.rest() == b""
        assert 5 < time.monotonic() - start < 15
    with gateway.connect() as client:
        assert client.works(engine)


def test_silent_connections_hold_nobody_up(gateway, engine):
    waiting = [Client(gateway.path, handshake=b"GET /api") for _ in range(300)]
    with gateway.connect() as client:
        assert client.works(engine)
    for each in waiting:
        each.socket.close()


def test_without_descriptors_connections_wait_and_clients_stay(gateway, engine):
    with gateway.connect() as client:
        resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, (60, 60))
        waiting = [Client(gateway.path, handshake=Client.upgrade()) for _ in range(100)]
        until(lambda: "no connection can be taken" in gateway.log.read_text(), "the gateway to run out")
        assert client.works(engine)
        for each in waiting[:60]:
            each.socket.close()
        assert waiting[99].read_head()[0] == 101
        assert waiting[99].works(engine)
        for each in waiting[60:]:
            each.socket.close()


def test_a_client_that_does_not_answer_a_close_is_dropped(gateway, engine):
    with gateway.connect() as client:
        client.send(3)
        assert client.receive()[0] == CLOSE
        start = time.monotonic()
        assert client.receive() is None
        assert time.monotonic() - start < 12


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_at_the_end_clients_are_told(gateway, engine, number):
    clients = [gateway.connect() for _ in range(20)]
    new = engine.publish(5)
    for client in clients:
        assert client.events(5) == new
    gateway.signal(number)
    for client in clients:
        assert client.closed() == 1001
    assert gateway.wait() == 0
    with pytest.raises(OSError), socket.socket(socket.AF_UNIX) as s:
        s.connect(gateway.path)


def test_what_was_published_before_the_end_still_comes(gateway, engine):
    with gateway.connect() as witness, gateway.connect() as late:
        for _ in range(30):
            new = engine.publish(100, 1000)
            assert witness.events(100) == new
        gateway.signal()
        assert witness.closed() == 1001
        assert late.events(3000) == engine.frames
        assert late.closed() == 1001
    assert gateway.wait() == 0


def test_clients_that_do_not_go_hold_up_the_end_for_drain_ms(make_gateway):
    gateway = make_gateway(drain_ms=700)
    with gateway.connect() as client:
        start = time.monotonic()
        gateway.signal()
        assert gateway.wait() == 0
        assert 0.6 < time.monotonic() - start < 4
        assert client.receive()[0] == CLOSE


def test_an_idle_gateway_ends_at_once(gateway):
    start = time.monotonic()
    gateway.signal()
    assert gateway.wait() == 0
    assert time.monotonic() - start < 3


def test_the_end_while_redis_hangs(gateway, redis, engine):
    with gateway.connect() as client:
        redis.freeze()
        gateway.signal()
        assert client.closed() == 1001
        assert gateway.wait() == 0
        redis.thaw()


@pytest.mark.parametrize("flag,value", [
    ("api-url", "https://localhost"), ("api-url", "http://"), ("api-url", "http://a:0"), ("api-url", "http://a:x"),
    ("network", "UPPER"), ("redis", "nowhere"), ("gateway-listen", "x"), ("gateway-listen", "unix:/proc/none/sock"),
])
def test_a_setting_that_cannot_be_is_named(folder, flag, value):
    flags = {"gateway-listen": f"unix:{folder}/gateway.sock", flag: value}
    ended = subprocess.run([program("itn-gateway"), *[f"--{k}={v}" for k, v in flags.items()]], capture_output=True,
                           text=True, timeout=20)
    assert ended.returncode in (69, 78)
    assert flag in ended.stderr or flag.replace("-", "_") in ended.stderr or value[5:] in ended.stderr


def test_it_listens_on_tcp_too(make_gateway, engine):
    port = free_port()
    gateway = make_gateway(gateway_listen=f"127.0.0.1:{port}")
    with Client(("127.0.0.1", port)) as client:
        assert client.works(engine)
    assert gateway.process.poll() is None


def sanitized(gateway):
    return b"__asan_init" in Path(f"/proc/{gateway.process.pid}/exe").read_bytes()


def test_idle_memory(make_gateway, engine):
    gateway = make_gateway()
    idle = gateway.memory_kb("RssAnon")
    if sanitized(gateway):
        pytest.skip("a sanitizer needs memory of its own")
    assert idle <= 6 * 1024
    clients = [gateway.connect() for _ in range(500)]
    assert clients[-1].works(engine)
    each = (gateway.memory_kb("RssAnon") - idle) / len(clients)
    assert each < 8, f"{each} KB for each client"
    for client in clients:
        client.socket.close()
