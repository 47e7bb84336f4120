"""A mail server for tests, on a thread of its own: takes mails as told, and remembers what came."""

import asyncio
import email
import email.policy
import ssl
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, SMTP

from harness.wait import free_port, wait_for


class Mail:
    def __init__(self, envelope):
        self.sender, self.recipients, self.raw = envelope.mail_from, envelope.rcpt_tos, envelope.original_content
        self.message = email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def id(self):
        return self.message["Message-ID"]

    @property
    def text(self):
        return self.message.get_content().replace("\r\n", "\n")


class Handler:
    def __init__(self, owner):
        self.owner = owner

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = self.owner.reply_to("RCPT", address)
        if reply == "hang":
            self.owner.hanging.set()
            while self.owner.hangs:
                await asyncio.sleep(0.01)
            reply = None
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):
        reply = self.owner.reply_to("MAIL", address)
        if reply:
            return reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        reply = self.owner.reply_to("DATA", envelope.rcpt_tos[0])
        if reply:
            return reply
        with self.owner.lock:
            self.owner.mails.append(Mail(envelope))
        return "250 taken"


class Session(SMTP):
    """Counts connections."""

    def connection_made(self, transport):
        self.event_handler.owner.connections += 1
        super().connection_made(transport)


class TestController(Controller):
    def __init__(self, owner, options, **arguments):
        self.options = options
        super().__init__(Handler(owner), **arguments)

    def factory(self):
        return Session(self.handler, **self.options)


class MailServer:
    """`answers` maps (command, address) to a reply, "hang", or a list of such that is used up; others are taken. With
    `certificate` (a PEM with key) it speaks TLS: by STARTTLS, or at once when `smtps`; with `login` it asks for that user
    and password."""

    __test__ = False

    def __init__(self, certificate=None, smtps=False, login=None, utf8=True):
        self.port = free_port()
        self.certificate, self.smtps, self.login, self.utf8 = certificate, smtps, login, utf8
        self.answers = {}
        self.mails, self.logins = [], []
        self.lock = threading.Lock()
        self.connections = 0
        self.hangs = True
        self.hanging = threading.Event()
        self.controller = None

    @property
    def url(self):
        return f"{'smtps' if self.smtps else 'smtp'}://127.0.0.1:{self.port}"

    def reply_to(self, command, address):
        with self.lock:
            reply = self.answers.get((command, address), self.answers.get((command, "*")))
            if isinstance(reply, list):
                return reply.pop(0) if reply else None
            return reply

    def authenticate(self, server, session, envelope, mechanism, data):
        given = data.login.decode(), data.password.decode()
        self.logins.append(given)
        return AuthResult(success=given == self.login, handled=False)

    def start(self):
        options = {"enable_SMTPUTF8": self.utf8, "timeout": 60}
        arguments = {"hostname": "127.0.0.1", "port": self.port, "ready_timeout": 20}
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            if self.smtps:
                arguments["ssl_context"] = context
            else:
                options |= {"tls_context": context, "require_starttls": True}
        if self.login:
            options |= {"authenticator": self.authenticate, "auth_required": True, "auth_require_tls": not self.smtps}
        self.controller = TestController(self, options, **arguments)
        self.controller.start()
        return self

    def stop(self):
        self.hangs = False
        if self.controller:
            self.controller.stop()
        self.controller = None

    def taken(self):
        with self.lock:
            return list(self.mails)

    def ids(self):
        return [mail.id for mail in self.taken()]

    def wait_for(self, count, seconds=30):
        """The mails, as soon as there are so many."""
        wait_for(lambda: len(self.taken()) >= count, f"{count} mails", seconds)
        return self.taken()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
