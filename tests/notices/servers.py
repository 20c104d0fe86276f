"""A mail server and a Telegram on loopback, which keep what they are given and refuse when told to."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

TOKEN = "4711:burung-kenari"


@dataclass
class MailServer:
    """`refuse`: what it answers to a message instead of taking it; `refuse_to`: to one recipient."""

    port: int = 0
    refuse: str = ""
    refuse_to: str = ""
    wrong_password: bool = False
    inbox: list[EmailMessage] = field(default_factory=list)
    passwords: list[bytes] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == self.refuse_to:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert message["To"] == envelope.rcpt_tos[0]
        self.inbox.append(message)
        return "250 OK"

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, given: Any) -> AuthResult:
        self.passwords.append(given.password)
        return AuthResult(success=not self.wrong_password, handled=False)


@asynccontextmanager
async def mail_server(*, with_login: bool = False) -> AsyncIterator[MailServer]:
    server = MailServer()

    def make() -> SMTP:
        login: dict[str, Any] = {"authenticator": server.authenticate, "auth_require_tls": False} if with_login else {}
        return SMTP(server, hostname="127.0.0.1", enable_SMTPUTF8=True, loop=asyncio.get_running_loop(), **login)

    listening = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


@dataclass
class FakeTelegram:
    """Not the real one, but it speaks the Bot API's words; `answer`: status and body instead of taking the message."""

    address: str = ""
    answer: tuple[int, object] | None = None
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def send_message(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != TOKEN:
            return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)
        if self.answer is not None:
            return web.json_response(self.answer[1], status=self.answer[0])
        self.taken.append(await request.json())
        return web.json_response({"ok": True, "result": {"message_id": len(self.taken)}})


@asynccontextmanager
async def telegram_server() -> AsyncIterator[FakeTelegram]:
    telegram = FakeTelegram()
    app = web.Application()
    app.router.add_post("/bot{token}/sendMessage", telegram.send_message)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    telegram.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield telegram
    finally:
        await runner.cleanup()
