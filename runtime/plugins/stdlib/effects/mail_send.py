"""`mail.send`: write to people, as the operator's sender, through the operator's mail server."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from runtime.plugins.effects import Effect, EffectCall, EffectResult, EffectTools
from runtime.plugins.stdlib.effects.payloads import Payload, read_payload, result_of
from runtime.ports.effect_failure import RetryableError
from runtime.ports.mail import Mail

_Address = Annotated[str, StringConstraints(min_length=3, max_length=254)]


class MailPayload(Payload):
    """What `mail.send` is given.

    Attributes:
        to: addresses.
        subject: one line.
        text: the body; parts are joined, so that inputs may stand between the declared ones.
        reply_to: where answers go.
    """

    to: tuple[_Address, ...] = Field(min_length=1, max_length=50)
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    text: (
        Annotated[str, StringConstraints(max_length=100_000)]
        | Annotated[tuple[str | int | float, ...], Field(max_length=200)]
    )
    reply_to: _Address | None = None


async def mail_send(call: EffectCall, tools: EffectTools) -> EffectResult:
    """Hand the message to the mail server; how many addresses it took is kept, not which.

    Raises:
        RetryableError: the server did not take it, or there is none yet.
        PermanentError: it never will.
    """
    payload = read_payload(MailPayload, call)
    if tools.mailer is None:
        raise RetryableError("this worker has no mail server; see PLANGATE_SMTP_URL")
    text = payload.text if isinstance(payload.text, str) else "".join(map(str, payload.text))
    refused = await tools.mailer.send(
        Mail(
            to=payload.to,
            subject=payload.subject,
            text=text,
            message_id=call.idempotency_key,
            reply_to=payload.reply_to,
        )
    )
    document = {"accepted": len(payload.to) - len(refused), "refused": len(refused)}
    return result_of(document, payload, call)


MAIL_SEND: Final = Effect(name="mail.send", handler=mail_send, start_to_close_s=45.0)
