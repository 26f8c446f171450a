"""Make one attempt at a delivery: render the event, sign it, send it, and say what was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from runtime.domain.webhook import (
    KEPT_BODY_BYTES,
    DeliveryAttempt,
    DeliveryCause,
    Endpoint,
    EndpointSecret,
    EventToSend,
)
from runtime.domain.webhook_verdict import Fate, fate_of
from runtime.kit.backoff import retry_after_s
from runtime.kit.canonical_json import canonical_text
from runtime.kit.clock import Clock
from runtime.kit.redact import redact
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import Egress, HttpAnswer, HttpCall
from runtime.ports.seal import Seal, SealBrokenError
from runtime.services.webhooks.rendering import rendered
from runtime.services.webhooks.sealing import headers_of, secret_of, url_of
from runtime.store.webhook_resends import PING_TYPE
from runtime.store.webhook_sending import DueDelivery

TIMEOUT_S: Final = 15.0
LONGEST_ERROR: Final = 500
LONGEST_REQUEST_ID: Final = 200
_REQUEST_IDS: Final = ("x-request-id", "request-id", "x-amzn-requestid", "x-correlation-id")


class UnsendableError(Exception):
    """Report a delivery that can't be sent as it is, today or later; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedEndpoint:
    """Hold an endpoint with what is sealed of it, opened.

    Attributes:
        problem: why nothing can be sent now; None: it can.
    """

    endpoint: Endpoint
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """Say what one attempt came to.

    Attributes:
        wish_s: how long the endpoint wants to be left alone.
    """

    attempt: DeliveryAttempt
    fate: Fate
    wish_s: float | None = None


class Sending:
    """Send deliveries through the one way out."""

    def __init__(self, *, egress: Egress, seal: Seal, clock: Clock) -> None:
        self._egress = egress
        self._seal = seal
        self._clock = clock

    def opened(self, endpoint: Endpoint, secrets: Sequence[EndpointSecret]) -> OpenedEndpoint:
        """Open what is sealed of an endpoint, with the secrets that sign now, the newest first."""
        now = self._clock.now()
        try:
            url = self._seal.opened(endpoint.sealed_url, bound_to=url_of(endpoint.id))
            headers: dict[str, str] = {}
            if endpoint.sealed_headers is not None:
                sealed = endpoint.sealed_headers
                headers = orjson.loads(self._seal.opened(sealed, bound_to=headers_of(endpoint.id)))
            live = tuple(
                self._seal.opened(item.sealed, bound_to=secret_of(item.id))
                for item in secrets
                if item.live(now)
            )
        except SealBrokenError:
            problem = "what is sealed of the endpoint does not open: the server's key is another"
            return OpenedEndpoint(endpoint=endpoint, problem=problem)
        if not live:  # nothing leaves unsigned
            return OpenedEndpoint(
                endpoint=endpoint, problem="the endpoint has no secret that signs"
            )
        return OpenedEndpoint(endpoint=endpoint, url=url, headers=headers, secrets=live)

    async def attempt(self, opened: OpenedEndpoint, due: DueDelivery) -> Attempted:
        """Try a delivery once; whatever happens is an answer.

        Raises:
            UnsendableError: it can't be sent as it is.
        """
        began, began_s = self._clock.now(), self._clock.monotonic_s()
        call = self._call(opened, due)
        answer: HttpAnswer | None = None
        error = opened.problem
        if error is None:
            try:
                answer = await self._egress.send(call)
            except (RetryableError, PermanentError) as failure:
                error = str(failure)[:LONGEST_ERROR]
        took_s = self._clock.monotonic_s() - began_s
        status = None if answer is None else answer.status
        attempt = DeliveryAttempt(
            delivery_id=due.delivery.id,
            number=due.delivery.attempts + 1,
            at=began,
            status_code=status,
            took_ms=round(1_000 * took_s),
            error=None if error is None else _shown(error),
            body="" if answer is None else _body(answer),
            request_id=None if answer is None else _request_id(answer.headers),
        )
        return Attempted(attempt=attempt, fate=fate_of(status), wish_s=self._wish_s(answer))

    def _call(self, opened: OpenedEndpoint, due: DueDelivery) -> HttpCall:
        event = _event(opened.endpoint, due)
        try:
            made = rendered(event, opened.endpoint)
        except Exception as error:  # what an older release stored may not be what is read now
            raise UnsendableError(f"it can't be spelled ({type(error).__name__})") from error
        return HttpCall(
            method="POST",
            url=opened.url,
            headers={**opened.headers, "content-type": made.content_type},
            body=made.body,
            timeout_s=TIMEOUT_S,
            signing_secrets=opened.secrets,
            message_id=event.id,
        )

    def _wish_s(self, answer: HttpAnswer | None) -> float | None:
        if answer is None:
            return None
        return retry_after_s(answer.headers.get("retry-after"), now=self._clock.now())


def _event(endpoint: Endpoint, due: DueDelivery) -> EventToSend:
    """Return what is sent; a test's event is made here, the same in every attempt."""
    delivery = due.delivery
    if delivery.cause is DeliveryCause.PING:
        told = {"endpoint": endpoint.id, "name": endpoint.name, "principal": delivery.entity}
        return EventToSend(
            id=delivery.event_id,
            type=PING_TYPE,
            organization_id=endpoint.organization_id,
            project_id=endpoint.project_id,
            document=canonical_text(told),
            created_at=delivery.created_at,
        )
    if due.event is None:
        raise UnsendableError("its event is not kept any more")
    return due.event


def _body(answer: HttpAnswer) -> str:
    text = answer.body[:KEPT_BODY_BYTES].decode(errors="replace")
    return _shown(text)[:KEPT_BODY_BYTES]


def _shown(text: str) -> str:
    """Return a text without what looks secret, and as the database can hold it."""
    return str(redact(text.replace("\0", "\N{REPLACEMENT CHARACTER}")))


def _request_id(headers: Mapping[str, str]) -> str | None:
    found = next((headers[name] for name in _REQUEST_IDS if name in headers), None)
    return None if found is None else _shown(found[:LONGEST_REQUEST_ID])
