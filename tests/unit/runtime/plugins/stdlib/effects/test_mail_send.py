"""Tests of `mail.send` through a real mail server."""

from email import message_from_bytes
from email.policy import default

import pytest

from runtime.adapters.smtp import SmtpMailer, read_mail_server
from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.effects.mail_send import MAIL_SEND
from runtime.ports.effect import EffectResult, EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from tests.effects import KEY, TableSecrets, a_call
from tests.egress import NOW, an_egress
from tests.servers.smtp_server import SmtpServer, an_smtp_server

PAYLOAD: JsonObject = {
    "to": [{"input": "/mail"}],
    "subject": "Ticket closed",
    "text": ["Your ticket ", {"input": "/id"}, " is closed."],
}


async def sent(server: SmtpServer | None, **payload: object) -> EffectResult:
    """Run the handler against a server, or without one."""
    clock = FixedClock(NOW)
    async with an_egress() as egress:
        tools = EffectTools(clock=clock, egress=egress, secrets=TableSecrets())
        if server is None:
            return await MAIL_SEND.handler(a_call({**PAYLOAD, **payload}), tools)
        async with an_smtp_server(server):
            url = f"smtp+plain://127.0.0.1:{server.port}"
            mailer = SmtpMailer(read_mail_server(url, sender="desk@plangate.example"), clock=clock)
            tools = EffectTools(clock=clock, egress=egress, secrets=TableSecrets(), mailer=mailer)
            try:
                return await MAIL_SEND.handler(a_call({**PAYLOAD, **payload}), tools)
            finally:
                mailer.close()


async def test_people_get_the_declared_text_with_its_inputs() -> None:
    """Parts are joined; the id is the job's, so that repetitions are told apart from news."""
    server = SmtpServer()

    result = await sent(server, reply_to="help@example.com")

    (taken,) = server.taken
    message = message_from_bytes(taken.data, policy=default)
    assert taken.to == ("ann@example.com",)
    assert message["Subject"] == "Ticket closed"
    assert message["Reply-To"] == "help@example.com"
    assert message["Message-ID"] == f"<{KEY}@plangate.example>"
    assert message.get_content().strip() == "Your ticket t-1 is closed."
    assert result.document == {"accepted": 1, "refused": 0}


async def test_refused_addresses_are_counted_and_not_kept() -> None:
    """The record says how many people have it; who they are, the inputs say."""
    server = SmtpServer(replies={"RCPT TO:<bob@": "550 no"})

    result = await sent(server, to=["ann@example.com", "bob@example.com"], text="Hello")

    assert result.document == {"accepted": 1, "refused": 1}
    assert "bob" not in str(result)


async def test_without_a_mail_server_the_job_waits() -> None:
    """Another worker may have one, or this one soon."""
    with pytest.raises(RetryableError, match="PLANGATE_SMTP_URL"):
        await sent(None)


@pytest.mark.parametrize(
    "payload",
    [
        {"to": []},
        {"to": [{"input": "/mail"}] * 51},
        {"to": "ann@example.com"},
        {"subject": ""},
        {"subject": "a\r\nBcc: b@example.com"},
        {"to": ["a@example.com\nBcc: b@example.com"]},
        {"text": 3},
        {"text": [{"input": ""}]},
        {"from": "ceo@example.com"},
    ],
)
async def test_what_is_no_message_is_not_sent(payload: JsonObject) -> None:
    """Nobody can choose the sender, or add people by what they write into a field."""
    server = SmtpServer()

    with pytest.raises((PermanentError, RetryableError)):
        await sent(server, **payload)

    assert server.commands == []
