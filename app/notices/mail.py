"""Speaks SMTP to the one server of the installation's settings."""

import hashlib
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import aiosmtplib

from app.kit.logs import logger
from app.notices.rules import Way
from app.notices.transport import GiveUp, Letter, TryAgain

log = logger("notices")

TIMEOUT = 20.0
"""Real seconds for one message."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_FOOTER = "\n\n-- \nSurel otomatis dari Kentongan; jangan dibalas. Kabar yang sama ada di halaman Kentongan."


@dataclass(frozen=True)
class Mailer:
    """`use_tls`: TLS from the first byte (smtps). With a password to a foreign host STARTTLS is demanded."""

    way: ClassVar[Way] = Way.MAIL
    together: ClassVar[int] = 20

    host: str
    port: int
    sender: str
    use_tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(cls, url: str, sender: str) -> "Mailer":
        """`smtp://user:pass@host:587` or `smtps://user:pass@host:465`, checked by the settings."""
        parts = urlsplit(url)
        use_tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (465 if use_tls else 587),
            sender=sender,
            use_tls=use_tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    @property
    def start_tls(self) -> bool | None:
        """True: refuse to go on without; None: where the server offers it."""
        return True if self.password is not None and self.host not in _LOOPBACK and not self.use_tls else None

    async def send(self, letter: Letter) -> None:
        try:
            await aiosmtplib.send(
                self._message(letter),
                sender=parseaddr(self.sender)[1],
                recipients=[letter.to],
                hostname=self.host,
                port=self.port,
                username=self.username,
                password=self.password,
                use_tls=self.use_tls,
                start_tls=self.start_tls,
                timeout=TIMEOUT,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _meaning(error) from None

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, letter.to, letter.subject
        message["Date"] = format_datetime(letter.at)
        domain = parseaddr(self.sender)[1].rpartition("@")[2]
        message["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text + _FOOTER)
        for file in letter.files:
            kind, _, sort = file.mime.partition(";")[0].partition("/")
            message.add_attachment(file.content, maintype=kind, subtype=sort, filename=file.name)
        return message


def _meaning(error: Exception) -> GiveUp | TryAgain:
    """Codes and our own words only: what a server answers may repeat what it was told."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused() if all(refused.code >= 500 for refused in error.recipients):
            code = error.recipients[0].code
            return GiveUp(f"Alamat surel ditolak peladen ({code}). Periksa alamatnya.")
        case aiosmtplib.SMTPDataError() if error.code >= 500:
            return GiveUp(f"Isi surel ditolak peladen ({error.code}).")
        case aiosmtplib.SMTPAuthenticationError():
            log.warning("mail_login_refused", code=error.code)
            return TryAgain(f"Peladen surel menolak kata sandi ({error.code}). Periksa KENTONGAN_SMTP_URL.")
        case aiosmtplib.SMTPResponseException():
            return TryAgain(f"Peladen surel menjawab {error.code}. Dicoba lagi.")
        case ValueError():
            return GiveUp("Surel tidak dapat disusun untuk alamat ini.")
        case _:
            return TryAgain(f"Peladen surel tidak dapat dihubungi ({type(error).__name__}). Dicoba lagi.")
