"""Tests of sending mail to a real server of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from runtime.adapters.smtp import (
    MailServer,
    MailServerError,
    Protection,
    SmtpMailer,
    read_mail_server,
)
from runtime.kit.clock import FixedClock
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.mail import Mail
from tests.egress import NOW
from tests.servers.certificates import Trust, a_trust
from tests.servers.smtp_server import HANG_UP, SmtpServer, an_smtp_server

MAIL = Mail(to=("ann@example.com",), subject="Grüße", text="Hallo\n.\nEnde", message_id="job_1")
PASSWORD = "hunter2"  # noqa: S105  # known to the tests' server


@asynccontextmanager
async def a_mailer(
    server: SmtpServer,
    *,
    protection: Protection = Protection.NONE,
    trust: Trust | None = None,
    user: str = "",
    timeout_s: float = 10.0,
) -> AsyncIterator[SmtpMailer]:
    """Open a mailer to a running server, and close it."""
    mailer = SmtpMailer(
        MailServer(
            host="localhost" if trust else "127.0.0.1",
            port=server.port,
            protection=protection,
            sender="desk@plangate.example",
            user=user,
            password=PASSWORD if user else "",
        ),
        clock=FixedClock(NOW),
        timeout_s=timeout_s,
        trust=trust.client if trust else None,
    )
    try:
        yield mailer
    finally:
        mailer.close()


async def test_a_message_arrives_as_it_was_written() -> None:
    """People see the text, the operator's sender, and an id that repetitions share."""
    mail = replace(MAIL, to=("ann@example.com", "bob@example.com"), reply_to="x@example.com")
    async with an_smtp_server(SmtpServer()) as server, a_mailer(server) as mailer:
        assert await mailer.send(mail) == ()
        await mailer.send(mail)

    first, second = (message_from_bytes(taken.data, policy=default) for taken in server.taken)
    assert server.taken[0].sender == "desk@plangate.example"
    assert server.taken[0].to == mail.to
    assert first["From"] == "desk@plangate.example"
    assert first["To"] == "ann@example.com, bob@example.com"
    assert first["Subject"] == "Grüße"
    assert first["Reply-To"] == "x@example.com"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Date"].datetime == NOW
    assert first["Message-ID"] == second["Message-ID"] == "<job_1@plangate.example>"
    assert first.get_content().splitlines() == ["Hallo", "..", "Ende"]


async def test_starttls_comes_before_login_and_message(tmp_path: Path) -> None:
    """Neither the password nor the text is sent in the clear."""
    trust = a_trust(tmp_path, "localhost")
    settings = SmtpServer(tls=trust.server, login=("desk", PASSWORD))
    async with (
        an_smtp_server(settings) as server,
        a_mailer(server, protection=Protection.STARTTLS, trust=trust, user="desk") as mailer,
    ):
        await mailer.send(MAIL)

    (taken,) = server.taken
    assert (taken.encrypted, taken.user) == (True, "desk")
    words = [command.partition(" ")[0].upper() for command in server.commands]
    assert words.index("STARTTLS") < words.index("AUTH") < words.index("MAIL")


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    """`smtps` is encrypted before anything is said."""
    trust = a_trust(tmp_path, "localhost")
    async with (
        an_smtp_server(SmtpServer(), tls=trust.server) as server,
        a_mailer(server, protection=Protection.TLS, trust=trust) as mailer,
    ):
        await mailer.send(MAIL)

    assert server.taken[0].encrypted


async def test_a_server_without_starttls_gets_nothing(tmp_path: Path) -> None:
    """Whoever strips the offer of encryption reads no message."""
    trust = a_trust(tmp_path, "localhost")
    async with (
        an_smtp_server(SmtpServer()) as server,
        a_mailer(server, protection=Protection.STARTTLS, trust=trust) as mailer,
    ):
        with pytest.raises(RetryableError, match="offers no STARTTLS"):
            await mailer.send(MAIL)

    assert "MAIL" not in {command[:4] for command in server.commands}


async def test_a_server_with_a_strangers_certificate_gets_nothing(tmp_path: Path) -> None:
    """Encryption to whoever answers would be none."""
    trust = a_trust(tmp_path, "elsewhere.example")
    async with (
        an_smtp_server(SmtpServer(), tls=trust.server) as server,
        a_mailer(server, protection=Protection.TLS, trust=trust) as mailer,
    ):
        with pytest.raises(RetryableError, match="can't be reached"):
            await mailer.send(MAIL)

    assert server.taken == []


async def test_a_refused_login_is_told_without_the_servers_words(tmp_path: Path) -> None:
    """The operator can correct it; what the server said may hold a secret."""
    trust = a_trust(tmp_path, "localhost")
    settings = SmtpServer(tls=trust.server, login=("desk", "other"))
    async with (
        an_smtp_server(settings) as server,
        a_mailer(server, protection=Protection.STARTTLS, trust=trust, user="desk") as mailer,
    ):
        with pytest.raises(RetryableError, match="login") as raised:
            await mailer.send(MAIL)

    assert PASSWORD not in raised.value.reason


@pytest.mark.parametrize(
    ("replies", "kind", "reason"),
    [
        ({"RCPT": "550 no such person ann"}, PermanentError, "all addresses (SMTP 550)"),
        ({"RCPT": "451 later"}, RetryableError, "all addresses (SMTP 451)"),
        ({"MAIL": "553 not you"}, PermanentError, "the message (SMTP 553)"),
        ({"MAIL": "421 later"}, RetryableError, "the message (SMTP 421)"),
        ({"(data)": "554 spam"}, PermanentError, "the message (SMTP 554)"),
        ({"(data)": "452 full"}, RetryableError, "the message (SMTP 452)"),
        ({"EHLO": "500 no", "HELO": "500 no"}, PermanentError, "the message (SMTP 500)"),
    ],
)
async def test_a_refusal_is_final_or_not_as_its_code_says(
    replies: dict[str, str], kind: type[Exception], reason: str
) -> None:
    """4xx is worth another try, 5xx is not; the server's words stay out."""
    async with an_smtp_server(SmtpServer(replies=replies)) as server, a_mailer(server) as mailer:
        with pytest.raises(kind) as raised:
            await mailer.send(MAIL)

    assert str(raised.value) == f"the mail server refused {reason}"
    assert server.taken == []


async def test_addresses_that_were_refused_are_told() -> None:
    """The others have the message, so that it is not sent to them again."""
    mail = replace(MAIL, to=("ann@example.com", "bob@example.com"))
    settings = SmtpServer(replies={"RCPT TO:<ann@": "550 no"})
    async with an_smtp_server(settings) as server, a_mailer(server) as mailer:
        assert await mailer.send(mail) == ("ann@example.com",)

    assert server.taken[0].to == ("bob@example.com",)


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    """Nobody waits for a mail server without end."""
    async with (
        an_smtp_server(SmtpServer(silent=True)) as server,
        a_mailer(server, timeout_s=0.2) as mailer,
        asyncio.timeout(5),
    ):
        with pytest.raises(RetryableError, match=r"0\.2 s|can't be reached|broke off"):
            await mailer.send(MAIL)


@pytest.mark.parametrize("reply", [HANG_UP, "not a code"])
async def test_a_broken_talk_may_end_well_later(reply: str) -> None:
    """A server that hangs up or babbles is a reason to come back."""
    async with (
        an_smtp_server(SmtpServer(replies={"MAIL": reply})) as server,
        a_mailer(server) as mailer,
    ):
        with pytest.raises(RetryableError, match="the mail server"):
            await mailer.send(MAIL)


async def test_nobody_there_is_a_reason_to_come_back() -> None:
    """A closed port may be open later."""
    async with an_smtp_server(SmtpServer()) as server:
        pass
    async with a_mailer(server) as mailer:
        with pytest.raises(RetryableError, match="can't be reached"):
            await mailer.send(MAIL)


async def test_the_machine_does_not_tell_its_name() -> None:
    """The greeting names the sender's host, which the server knows anyway."""
    async with an_smtp_server(SmtpServer()) as server, a_mailer(server) as mailer:
        await mailer.send(MAIL)

    assert server.commands[0].split() == ["ehlo", "plangate.example"]


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param(replace(MAIL, to=()), id="nobody"),
        pytest.param(replace(MAIL, to=("a@example.com",) * 51), id="too many"),
        pytest.param(replace(MAIL, to=("a@example.com\r\nBcc: b@example.com",)), id="a header"),
        pytest.param(replace(MAIL, to=("a@example.com>\r\nRCPT TO:<b@example.com",)), id="smtp"),
        pytest.param(replace(MAIL, to=("a@example.com, b@example.com",)), id="two in one"),
        pytest.param(replace(MAIL, to=("Ann <a@example.com>",)), id="a name"),
        pytest.param(replace(MAIL, to=("ann",)), id="no host"),
        pytest.param(replace(MAIL, to=("a..b@example.com",)), id="dots"),
        pytest.param(replace(MAIL, to=("ä@example.com",)), id="no ASCII"),
        pytest.param(replace(MAIL, to=("a@" + "b" * 254,)), id="long"),
        pytest.param(replace(MAIL, reply_to="a@b\n.c"), id="reply"),
        pytest.param(replace(MAIL, subject="a\r\nBcc: b@example.com"), id="subject with a header"),
        pytest.param(replace(MAIL, subject=""), id="no subject"),
        pytest.param(replace(MAIL, subject="a" * 201), id="long subject"),
        pytest.param(replace(MAIL, subject="\u202egnp.exe"), id="turned subject"),
        pytest.param(replace(MAIL, text="a" * 100_001), id="long text"),
        pytest.param(replace(MAIL, text="a\ud800"), id="half a character"),
        pytest.param(replace(MAIL, message_id="a>\r\nBcc: b@example.com"), id="id with a header"),
        pytest.param(replace(MAIL, message_id=""), id="no id"),
    ],
)
async def test_what_is_no_message_is_refused_before_anything_is_sent(mail: Mail) -> None:
    """Nobody can add recipients, headers or commands by what they write into a field."""
    async with an_smtp_server(SmtpServer()) as server, a_mailer(server) as mailer:
        with pytest.raises(PermanentError, match="can't be sent"):
            await mailer.send(mail)

    assert server.commands == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 587, Protection.STARTTLS, "", "")),
        ("smtp://u:p%40ss@mail.example:25", ("mail.example", 25, Protection.STARTTLS, "u", "p@ss")),
        ("smtps://mail.example/", ("mail.example", 465, Protection.TLS, "", "")),
        ("smtp+plain://localhost:1025", ("localhost", 1025, Protection.NONE, "", "")),
    ],
)
def test_a_server_is_read_from_its_address(url: str, expected: tuple[object, ...]) -> None:
    """The scheme says how it is protected; the usual ports go without saying."""
    server = read_mail_server(url, sender="desk@plangate.example")

    assert (server.host, server.port, server.protection, server.user, server.password) == expected
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("http://mail.example", "a@example.com"),
        ("smtp://", "a@example.com"),
        ("smtp://mail.example:port", "a@example.com"),
        ("smtp://mail.example/inbox", "a@example.com"),
        ("smtp://mail.example?x=y", "a@example.com"),
        ("smtp+plain://mail.example", "a@example.com"),
        ("smtp://hunter2@mail.example", "nobody"),
    ],
)
def test_a_server_that_can_not_be_used_is_said_to_be_so(url: str, sender: str) -> None:
    """A wrong setting is found at the start, and never repeated with its password."""
    with pytest.raises(MailServerError) as raised:
        read_mail_server(url, sender=sender)

    assert "hunter2" not in str(raised.value)
