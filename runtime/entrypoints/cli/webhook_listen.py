"""Follow the events of a project, and hand each to this machine as a webhook would get it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import typer

from runtime.client.event_lines import SentEvent
from runtime.domain.webhook import EventToSend, PayloadForm, WebhookFormat
from runtime.entrypoints.cli.client import (
    REFUSED,
    UNREACHABLE,
    CommandError,
    NoAnswerError,
    plain,
)
from runtime.entrypoints.cli.console import Api
from runtime.entrypoints.cli.forwarding import Forwarded, Forwarder, local_target
from runtime.entrypoints.cli.naming import own_organization
from runtime.kit.canonical_json import canonical_text
from runtime.kit.clock import SystemClock
from runtime.kit.webhook_keys import SHARED_BYTES, shared_secret

PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Between two tries to go on when nobody answers; then it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Say what is listened to, and what becomes of it.

    Attributes:
        forward: an address of this machine; None: events are only shown.
        count: it ends after so many events; None: never.
        after: a cursor to begin behind; None: now.
    """

    project_id: str
    forward: str | None
    types: tuple[str, ...] = ()
    form: PayloadForm = PayloadForm.FULL
    format: WebhookFormat = WebhookFormat.STANDARD
    verify: bool = False
    count: int | None = None
    after: str | None = None


def listen(api: Api, wish: Listening) -> None:
    """Show events until there were as many as wished, or for ever.

    Raises:
        CommandError: the stream was refused or ended, or nobody answers any more.
    """
    target = None if wish.forward is None else local_target(wish.forward)
    secret = shared_secret(secrets.token_bytes(SHARED_BYTES))
    organization = own_organization(api)
    forwarder = Forwarder(
        target=target,
        clock=SystemClock(),
        secret=secret,
        form=wish.form,
        format=wish.format,
        verifies=wish.verify,
    )
    api.say(f"signed with {secret}")
    for number, sent in enumerate(_followed(api, wish), start=1):
        event = _event(sent, organization)
        _show(api, event, forwarder.forward(event), asked=target is not None)
        if number == wish.count:
            return


def _followed(api: Api, wish: Listening) -> Iterator[SentEvent]:
    """Yield events, and go on behind the last one where the connection broke off."""
    after, failures = wish.after, 0
    follow = api.platform.events.follow
    while True:
        try:
            with follow(wish.project_id, types=wish.types, last_event_id=after) as events:
                api.say("listening")
                for sent in events:
                    if sent.kind == "error":
                        raise _ended(sent)
                    after, failures = sent.id or after, 0
                    yield sent
        except NoAnswerError:
            if failures == len(PAUSES_S):
                raise
        if failures == len(PAUSES_S):
            raise CommandError("the stream ends again and again", exit_code=UNREACHABLE)
        time.sleep(PAUSES_S[failures])
        failures += 1


def _event(sent: SentEvent, organization_id: str) -> EventToSend:
    document: dict[str, Any] = orjson.loads(sent.data)
    return EventToSend(
        id=document["id"],
        type=document["type"],
        organization_id=organization_id,
        project_id=document["project"],
        document=canonical_text(document["data"]),
        created_at=datetime.fromisoformat(document["timestamp"]),
    )


def _show(api: Api, event: EventToSend, came: Forwarded, *, asked: bool) -> None:
    """Print one line an event: for programs a document."""
    if api.as_json:
        told = {
            "id": event.id,
            "type": event.type,
            "status": came.status,
            "took_ms": came.took_ms,
            "error": came.error,
            "verified": came.believed,
        }
        typer.echo(orjson.dumps(told).decode())
        return
    words = [event.created_at.isoformat(timespec="milliseconds"), event.id, plain(event.type)]
    if asked:
        words += [f"{came.status or came.error} in {came.took_ms} ms"]
    if came.believed is not None:
        words += ["signature fits" if came.believed else "SIGNATURE DOES NOT FIT"]
    typer.echo("  ".join(words))


def _ended(sent: SentEvent) -> CommandError:
    """Say why the platform ended the stream."""
    try:
        told = orjson.loads(sent.data)
        words = f"{told['code']}: {told['reason']}"
    except (orjson.JSONDecodeError, KeyError, TypeError):
        words = "it said no reason"
    return CommandError(f"the stream ended: {plain(words)}", exit_code=REFUSED)
