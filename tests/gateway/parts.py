"""What a gateway stands between: Redis, an engine that publishes, itn-api's event log, and WebSocket clients."""

import base64
import http.server
import json
import os
import random
import signal
import socket
import struct
import subprocess
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from harness.wait import wait_for

PATH = "/api/updates/real-time"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def program(name):
    folder = os.environ.get("ITN_BIN") or os.environ.get("ITN_BUILD")
    assert folder, "ITN_BIN names the folder of the built programs"
    return str(Path(folder) / name)


class Redis:
    """redis-server on a unix socket, and one connection to it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.path = str(self.folder / "redis.sock")
        self.process = self.connection = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        with open(self.folder / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no",
                 "--daemonize", "no", "--dir", str(self.folder)], stdout=log, stderr=log)
        wait_for(self.answers, "Redis to answer", 10)

    def answers(self):
        try:
            return self("PING") == b"PONG"
        except OSError:
            self.hang_up()
            return False

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def kill(self):
        self.hang_up()
        self.process.kill()
        self.process.wait()

    def freeze(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self):
        self.hang_up()
        if self.process.poll() is None:
            self.thaw()
            self.process.terminate()
            self.process.wait()

    def __call__(self, *command):
        return self.pipeline([command])[0]

    def pipeline(self, commands):
        if self.connection is None:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(10)
            s.connect(self.path)
            self.connection = s.makefile("rwb")
            s.close()
        for command in commands:
            words = [w if isinstance(w, bytes) else str(w).encode() for w in command]
            self.connection.write(b"*%d\r\n" % len(words))
            for word in words:
                self.connection.write(b"$%d\r\n%s\r\n" % (len(word), word))
        self.connection.flush()
        return [self.reply() for _ in commands]

    def reply(self):
        line = self.connection.readline()
        if not line:
            raise ConnectionError("Redis hung up")
        kind, rest = line[:1], line[1:-2]
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if int(rest) < 0 else self.connection.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"-":
            return RuntimeError(rest.decode())
        return rest


def frame(seq, size=0, log=""):
    head = f'{{"event":"tradeUpdated","id":"{seq:024x}","seq":{seq},"time":"2026-11-22T20:44:13.215Z",'
    text = head + f'"data":{{"log":"{log}","text":"é'
    return (text + "x" * (size - len(text.encode()) - 3) + '"}}').encode()


class Engine:
    """Publishes a log as itn-engine does; each step can be left out."""

    def __init__(self, redis, log="log1"):
        self.redis = redis
        self.log = log
        self.frames = []

    @property
    def last(self):
        return len(self.frames)

    def add(self, count, size=0):
        """New events of the log that nobody is told of. Returns them."""
        new = [frame(self.last + 1 + i, size, self.log) for i in range(count)]
        self.frames += new
        return new

    def append(self, first, count):
        """Events in the stream, without announcing them."""
        self.redis.pipeline([("SET", "itn:log", self.log)] +
                            [("XADD", "itn:stream", f"{seq}-0", "f", self.frames[seq - 1])
                             for seq in range(first, first + count)])

    def announce(self, first, count):
        message = b"%s %d %d\n" % (self.log.encode(), first, count)
        self.redis("PUBLISH", "itn:feed", message + b"\n".join(self.frames[first - 1:first - 1 + count]))

    def publish(self, count=1, size=0):
        """New events, appended and announced. Returns them."""
        first = self.last + 1
        new = self.add(count, size)
        self.append(first, count)
        self.announce(first, count)
        return new

    def reset(self):
        self.redis("PUBLISH", "itn:feed", f"{self.log} reset {self.last}\n")


class Api:
    """GET /api/events of a log, with faults on demand."""

    def __init__(self, engine):
        self.engine = engine
        self.requests = []
        self.answer = self.events
        self.release = threading.Event()

    def __enter__(self):
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                api.requests.append(self.path)
                api.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def events(self, handler, frames=None, chunked=False):
        query = parse_qs(urlsplit(handler.path).query)
        after = query.get("after", [f"{self.engine.log}:0"])[0].split(":")
        if after[0] != self.engine.log:
            return self.status(handler, 410)
        start, limit = int(after[1]), int(query["limit"][0])
        if frames is None:
            frames = self.engine.frames[start:start + limit]
        assert handler.headers["Accept"] == "application/x-ndjson"
        body = b"".join(f + b"\n" for f in frames)
        handler.send_response(200)
        handler.send_header("ITN-Log", self.engine.log)
        handler.send_header("ITN-Seq", str(self.engine.last))
        if chunked:
            handler.send_header("Transfer-Encoding", "chunked")
            body = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 700]), body[i:i + 700])
                            for i in range(0, len(body), 700)) + b"0\r\n\r\n"
        else:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def chunked(self, handler):
        self.events(handler, chunked=True)

    @staticmethod
    def status(handler, status):
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def unavailable(self, handler):
        self.status(handler, 503)

    def hang(self, handler):
        self.release.wait(30)

    def cut(self, handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b'{"event"')
        handler.close_connection = True

    def wrong_events(self, handler):
        self.events(handler, [frame(10**6)])

    def no_json(self, handler):
        self.events(handler, [b"<html>"])


class Gateway:
    def __init__(self, folder, redis, api, **settings):
        self.folder = Path(folder)
        self.path = str(self.folder / "gateway.sock")
        self.log = self.folder / "gateway.log"
        self.settings = {"gateway_listen": f"unix:{self.path}", "redis": f"unix:{redis.path}", "api_url": api.url,
                         "log_level": "debug", "drain_ms": 5000, **settings}
        self.process = None

    def start(self):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify_path = self.folder / "notify.sock"
        notify_path.unlink(missing_ok=True)
        self.notify.bind(str(notify_path))
        flags = [f"--{key.replace('_', '-')}={value}" for key, value in self.settings.items()]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ITN_")}
        environment["NOTIFY_SOCKET"] = str(notify_path)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([program("itn-gateway"), *flags], stderr=log, env=environment)
        self.notify.settimeout(10)
        try:
            while b"READY=1" not in self.notify.recv(4096):
                pass
        except TimeoutError:
            raise AssertionError(f"the gateway is not ready:\n{self.log.read_text()[-3000:]}") from None

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, timeout=10):
        return self.process.wait(timeout)

    def stop(self):
        self.notify.close()
        if self.process.poll() is None:
            self.signal()
        try:
            status = self.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "killed"
        assert status == 0, f"the gateway ended with {status}:\n{self.log.read_text()[-5000:]}"
        assert "Sanitizer" not in self.log.read_text(errors="replace")

    def connect(self, **options):
        return Client(self.path, **options)

    def memory_kb(self, name):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
        raise AssertionError(f"no {name}")


class Client:
    """A WebSocket client that does exactly what it is told, wrong things too."""

    def __init__(self, path, handshake=None):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(path, str) else socket.AF_INET)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.buffer = b""
        self.socket.sendall(handshake if handshake is not None else self.upgrade())
        self.head = None
        if handshake is None:
            self.status, self.head = self.read_head()
            assert self.status == 101, self.head

    @staticmethod
    def upgrade(path=PATH, method="GET", without=(), **fields):
        headers = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade",
                   "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(random.randbytes(16)).decode()}
        headers.update({key.replace("_", "-"): value for key, value in fields.items()})
        lines = [f"{method} {path} HTTP/1.1"] + [f"{k}: {v}" for k, v in headers.items() if k not in without]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def fill(self):
        """More bytes, or False at the end of the connection."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)

    def take(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                return None
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self.fill():
                return 0, self.buffer.decode(errors="replace")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return int(head.split()[1]), head.decode()

    def rest(self):
        while self.fill():
            pass
        return self.buffer

    def send(self, opcode, payload=b"", fin=True, rsv=0, masked=True, length=None, mask=b"\x12\x34\x56\x78"):
        """One frame; `length` lies about the payload's, as (bytes of extended length, value)."""
        size = len(payload)
        extra, size = length or (0 if size < 126 else 2 if size < 65536 else 8, size)
        second = {0: size, 2: 126, 8: 127}[extra] | (0x80 if masked else 0)
        head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode, second])
        if extra:
            head += size.to_bytes(extra, "big")
        if masked:
            repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")
            head += mask
        try:
            self.socket.sendall(head + payload)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def receive(self):
        """(opcode, payload) of the next frame, None at the end of the connection."""
        head = self.take(2)
        if head is None:
            return None
        assert head[0] & 0x70 == 0 and head[1] & 0x80 == 0, f"reserved bits or a mask from a server: {head}"
        size = head[1]
        if size >= 126:
            extended = self.take(2 if size == 126 else 8)
            size = int.from_bytes(extended, "big")
            assert size > (125 if len(extended) == 2 else 65535), "a length that is not the shortest form"
        assert head[0] & 0x80, "a fragment"
        return head[0] & 0x0F, self.take(size)

    def events(self, count):
        """The next messages, each of which must be a text frame; pings are answered."""
        found = []
        while len(found) < count:
            received = self.receive()
            assert received is not None, f"the end after {len(found)} of {count} messages"
            opcode, payload = received
            if opcode == PING:
                self.send(PONG, payload)
                continue
            assert opcode == TEXT, f"opcode {opcode} {payload!r} after {len(found)} of {count} messages"
            found.append(payload)
        return found

    def closed(self):
        """Reads to the end of the connection: the code of its Close, None without one. Nothing follows a Close."""
        code = None
        while (received := self.receive()) is not None:
            assert code is None, f"{received} after a Close"
            opcode, payload = received
            if opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                self.send(CLOSE, payload[:2])
        return code

    def works(self, engine):
        """Whether the next event comes, and nothing before it."""
        new = engine.publish()
        return self.events(1) == new


def seqs(messages):
    return [json.loads(m)["seq"] for m in messages]


def until(condition, what, seconds=10):
    return wait_for(condition, what, seconds)
