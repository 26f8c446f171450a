"""Hand messages to the operator's mail server, each over a connection of its own.

The sender is the operator's setting. A message keeps its Message-ID in every attempt, so that one
that was taken although nobody heard so can be told from a new one.
"""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import Final
from urllib.parse import unquote, urlsplit

from runtime.kit.clock import Clock
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.mail import Mail

MOST_RECIPIENTS: Final = 50
MOST_SUBJECT_LETTERS: Final = 200
MOST_TEXT_LETTERS: Final = 100_000
TIMEOUT_S: Final = 20.0
CONNECTIONS: Final = 4

_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*",
    re.ASCII,
)
_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_MOST_ADDRESS_LETTERS: Final = 254
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_FINAL: Final = range(500, 600)


class Protection(StrEnum):
    """Say what keeps others from reading along."""

    TLS = "smtps"
    STARTTLS = "smtp"
    NONE = "smtp+plain"


class MailServerError(ValueError):
    """The address of a mail server, or of the sender, that can't be used; no secret is repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Say which server takes messages, and whose name they carry.

    Attributes:
        host: its name or address.
        port: where it listens.
        protection: `smtps` from the first byte, `smtp` by STARTTLS, which it must offer;
            `smtp+plain` for a server on this machine only.
        sender: the address that messages come from.
        user: whom to log in as; empty for nobody.
        password: of the user.
    """

    host: str
    port: int
    protection: Protection
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


def read_mail_server(url: str, *, sender: str) -> MailServer:
    """Read the address of a mail server, such as `smtp://USER:PASSWORD@HOST:587`.

    Raises:
        MailServerError: it is none, or the sender is no address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in _PORTS or not host or parts.path.strip("/") or parts.query:
        raise MailServerError(
            "the mail server is no smtp://USER:PASSWORD@HOST:PORT; smtps:// is TLS from the first "
            "byte, smtp+plain:// is for this machine"
        )
    protection = Protection(parts.scheme)
    if protection is Protection.NONE and host not in _LOOPBACK:
        raise MailServerError("smtp+plain:// is for a mail server on this machine; use smtp://")
    if not _is_address(sender):
        raise MailServerError("the sender is no address of the form NAME@HOST")
    return MailServer(
        host=host,
        port=port or _PORTS[parts.scheme],
        protection=protection,
        sender=sender,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


class SmtpMailer:
    """Send mail; safe to use from many tasks of one event loop."""

    def __init__(
        self,
        server: MailServer,
        *,
        clock: Clock,
        timeout_s: float = TIMEOUT_S,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare to send.

        Args:
            server: takes the messages.
            clock: dates them.
            timeout_s: within which the server must have taken one.
            trust: whose certificates are believed; None for the machine's usual ones.
        """
        self._server = server
        self._clock = clock
        self._timeout_s = timeout_s
        self._trust = trust or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="smtp")

    async def send(self, mail: Mail) -> tuple[str, ...]:
        """Return once the server took the message, with the addresses that it refused.

        Raises:
            RetryableError: it did not, and may later.
            PermanentError: it never will; it refused all addresses, for one.
        """
        message = self._written(mail)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await loop.run_in_executor(self._threads, self._delivered, message, mail.to)
        except smtplib.SMTPException as error:
            raise _failure(error) from None
        except TimeoutError:
            raise RetryableError(
                f"the mail server did not take it within {self._timeout_s:g} s"
            ) from None
        except OSError as error:
            raise RetryableError(
                f"the mail server can't be reached ({type(error).__name__})"
            ) from None

    def close(self) -> None:
        """Send no more; what is being sent ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _written(self, mail: Mail) -> EmailMessage:
        if problem := _problem(mail):
            raise PermanentError(f"the message can't be sent: {problem}")
        host = self._server.sender.rpartition("@")[2]
        message = EmailMessage(policy=SMTP)
        message["From"] = self._server.sender
        message["To"] = ", ".join(mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{mail.message_id}@{host}>"
        message["Auto-Submitted"] = "auto-generated"
        if mail.reply_to is not None:
            message["Reply-To"] = mail.reply_to
        message.set_content(mail.text)
        return message

    def _delivered(self, message: EmailMessage, to: tuple[str, ...]) -> tuple[str, ...]:
        """Talk to the server, in a thread."""
        server = self._server
        with self._connection() as connection:
            if server.protection is Protection.STARTTLS:
                connection.starttls(context=self._trust)
            if server.user:
                connection.login(server.user, server.password)
            return tuple(connection.send_message(message, server.sender, to))

    def _connection(self) -> smtplib.SMTP:
        server = self._server
        name = server.sender.rpartition("@")[2]  # else the machine looks its own up and tells it
        if server.protection is Protection.TLS:
            return smtplib.SMTP_SSL(
                server.host,
                server.port,
                local_hostname=name,
                timeout=self._timeout_s,
                context=self._trust,
            )
        return smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=self._timeout_s)


def _problem(mail: Mail) -> str | None:
    """Return why a message is none; what it says is not repeated."""
    addresses = (*mail.to, *(() if mail.reply_to is None else (mail.reply_to,)))
    if not 0 < len(mail.to) <= MOST_RECIPIENTS:
        return f"it goes to {len(mail.to)} addresses, expected 1 to {MOST_RECIPIENTS}"
    if not all(map(_is_address, addresses)):
        return "an address has not the form NAME@HOST in ASCII"
    if not 0 < len(mail.subject) <= MOST_SUBJECT_LETTERS or not mail.subject.isprintable():
        return f"its subject is no line of 1 to {MOST_SUBJECT_LETTERS} characters"
    if len(mail.text) > MOST_TEXT_LETTERS:
        return f"it has {len(mail.text)} characters, expected at most {MOST_TEXT_LETTERS}"
    if any("\ud800" <= letter <= "\udfff" for letter in mail.text):
        return "its text holds half a character (a lone surrogate)"
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        return "its id is not 1 to 128 of A-Z, a-z, 0-9, '_', '.' and '-'"
    return None


def _is_address(text: str) -> bool:
    return len(text) <= _MOST_ADDRESS_LETTERS and _ADDRESS.fullmatch(text) is not None


def _failure(error: smtplib.SMTPException) -> RetryableError | PermanentError:
    """Return what a server's refusal means; its own words may name people, so they stay out."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return RetryableError("the mail server does not accept the platform's login")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        final = all(code in _FINAL for code in codes)
        kind = PermanentError if final else RetryableError
        return kind(f"the mail server refused all addresses (SMTP {codes[0]})")
    if isinstance(error, smtplib.SMTPResponseException):
        kind = PermanentError if error.smtp_code in _FINAL else RetryableError
        return kind(f"the mail server refused the message (SMTP {error.smtp_code})")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return RetryableError("the mail server offers no STARTTLS or no login, which are required")
    return RetryableError(f"the mail server broke off ({type(error).__name__})")
