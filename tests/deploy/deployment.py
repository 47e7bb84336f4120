"""What `make install` made, filled in as docs/production.md says, with its units running and nginx in front."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from pathlib import Path

from websockets.sync.client import connect

from gateway.parts import Redis
from harness.http import HttpClient
from harness.units import Service
from harness.wait import free_port, wait_for

BUILD = Path(os.environ.get("ITN_BUILD", "."))
NAME = "itn.example.org"
# The shape of Debian's, in a folder of its own.
NGINX_CONF = """{user}
worker_processes 2;
worker_rlimit_nofile 8192;
pid {prefix}/nginx.pid;
error_log stderr warn;
events {{
	worker_connections 4000;
}}
http {{
	sendfile on;
	tcp_nopush on;
	types_hash_max_size 2048;
	include /etc/nginx/mime.types;
	default_type application/octet-stream;
	ssl_prefer_server_ciphers on;
	access_log {prefix}/access.log;
	gzip on;
	client_body_temp_path {prefix}/body;
	fastcgi_temp_path {prefix}/fastcgi;
	proxy_temp_path {prefix}/proxy;
	scgi_temp_path {prefix}/scgi;
	uwsgi_temp_path {prefix}/uwsgi;
	include {prefix}/etc/nginx/sites-enabled/*;
}}
"""


def make(target, **variables):
    done = subprocess.run(["make", "-s", "-C", BUILD, target, *(f"{name}={value}" for name, value in variables.items())],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


class Installed:
    """`make install` into a folder; its path is short, for the sockets."""

    def __init__(self):
        self.prefix = Path(tempfile.mkdtemp(prefix="itn-deploy-"))
        self.variables = {"prefix": self.prefix, "sysconfdir": self.prefix / "etc", "localstatedir": self.prefix / "var",
                          "runstatedir": self.prefix / "run"}
        self.install()

    def install(self):
        make("install", **self.variables)

    def uninstall(self):
        make("uninstall", **self.variables)

    @property
    def units(self):
        return self.prefix / "lib/systemd/system"

    @property
    def nginx(self):
        return self.prefix / "etc/nginx"

    @property
    def settings(self):
        return self.prefix / "etc/itn/itn.env"

    def files(self):
        return sorted(str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if not path.is_dir())

    def close(self):
        shutil.rmtree(self.prefix)


class Deployment:
    """Its processes: itn-engine, two workers, one gateway, Redis, nginx with a test certificate on free ports."""

    def __init__(self, installed):
        self.installed = installed
        self.prefix = installed.prefix
        self.https, self.http, self.local = free_port(), free_port(), free_port()
        self.services = {}
        self.nginx = None
        self.redis = Redis(self.prefix / "run")
        (self.prefix / "run/itn").mkdir(parents=True)
        (self.prefix / "var/lib/itn").mkdir(parents=True)
        self.fill_in()
        self.tls = ssl.create_default_context(cafile=self.prefix / "etc/itn/tls/fullchain.pem")

    def fill_in(self):
        tls = self.prefix / "etc/itn/tls"
        tls.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout",
                        tls / "privkey.pem", "-out", tls / "fullchain.pem"], check=True, capture_output=True)
        with open(self.installed.settings, "a") as settings:
            settings.write(f"ITN_REDIS=unix:{self.redis.path}\nITN_API_URL=http://127.0.0.1:{self.local}\n")
        site = (self.installed.nginx / "sites-available/itn").read_text()
        for old, new in [("listen [::]:443 ssl http2 default_server backlog=4096;", ""), ("listen [::]:80 default_server;", ""),
                         ("listen 443 ", f"listen 127.0.0.1:{self.https} "), ("listen 80 ", f"listen 127.0.0.1:{self.http} "),
                         ("listen 127.0.0.1:3000;", f"listen 127.0.0.1:{self.local};"),
                         ("/var/log/nginx/", f"{self.prefix}/"), ("root /var/www/html;", f"root {self.prefix}/www;")]:
            assert old in site, old
            site = site.replace(old, new)
        enabled = self.installed.nginx / "sites-enabled"
        enabled.mkdir()
        (enabled / "itn").write_text(site)
        user = "user root;" if os.getuid() == 0 else ""
        (self.installed.nginx / "nginx.conf").write_text(NGINX_CONF.format(user=user, prefix=self.prefix))

    def nginx_command(self, *more):
        return ["/usr/sbin/nginx", "-e", "stderr", "-c", str(self.installed.nginx / "nginx.conf"), *more]

    def service(self, name, **extra):
        service = Service([self.installed.units], f"{name}.service", self.prefix, extra)
        self.services[name] = service
        return service

    def start(self, name):
        service = self.services.get(name) or self.service(name)
        service.start()
        wait_for(service.is_ready, f"{name} is ready")
        return service

    def up(self):
        self.redis.start()
        for name in "itn-engine", "itn-api@1", "itn-api@2", "itn-gateway@1":
            self.start(name)
        with open(self.prefix / "nginx.log", "ab") as log:
            self.nginx = subprocess.Popen(self.nginx_command("-g", "daemon off;"), stdout=log, stderr=log)
        wait_for(self.is_ready, "requests are answered")

    def is_ready(self):
        try:
            return self.get_local("/readyz").status == 200
        except OSError:
            return False

    def get_local(self, path):
        client = HttpClient("127.0.0.1", self.local)
        try:
            return client.get(path)
        finally:
            client.close()

    def client(self, timeout=30):
        """A kept connection over TLS."""
        return TlsClient(self, timeout)

    def feed(self, **options):
        return connect(f"wss://{NAME}:{self.https}/api/updates/real-time", ssl=self.tls, server_hostname=NAME,
                       sock=self.dial(), **options)

    def dial(self, port=None, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", port or self.https), timeout=30, source_address=(source, 0))

    def down(self):
        if self.nginx:
            self.nginx.terminate()
            self.nginx.wait(20)
        statuses = {name: service.close() for name, service in self.services.items() if service.process}
        self.redis.stop()
        assert set(statuses.values()) <= {0}, statuses
        for name in self.services:
            assert "Sanitizer" not in self.services[name].log(), self.services[name].log()


class TlsClient(HttpClient):
    def __init__(self, deployment, timeout):
        super().__init__(NAME, deployment.https, timeout)
        self.deployment = deployment

    def request(self, method, path, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout,
                                                          context=self.deployment.tls)
            self.connection._create_connection = lambda *_: self.deployment.dial()
        return super().request(method, path, body, headers)
