"""Deliver events to a port of this machine, signed as a webhook's deliveries are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http import client as http
from typing import Final
from urllib.parse import urlsplit

from runtime.domain.webhook import (
    Endpoint,
    EventToSend,
    PayloadForm,
    WebhookFormat,
)
from runtime.entrypoints.cli.client import USAGE, CommandError, plain
from runtime.kit.clock import Clock
from runtime.kit.webhook_signature import signature_headers, verified
from runtime.services.webhooks.rendering import rendered

TIMEOUT_S: Final = 15.0
MOST_BYTES: Final = 65_536
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTarget:
    """Say where on this machine deliveries go."""

    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """Say what one delivery came to.

    Attributes:
        status: of the answer; None: there was none, and `error` says why.
        believed: whether a receiver with the secret believes it; None: nobody tried.
    """

    status: int | None
    took_ms: int
    error: str | None = None
    believed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarder:
    """Spell, sign and deliver events; without a target they are only spelled and signed.

    Attributes:
        verifies: each signature is checked, as a receiver does.
    """

    target: LocalTarget | None
    clock: Clock
    form: PayloadForm = PayloadForm.FULL
    format: WebhookFormat = WebhookFormat.STANDARD
    verifies: bool = False
    secret: str = field(repr=False)

    def forward(self, event: EventToSend) -> Forwarded:
        """Deliver an event, and return what was answered."""
        now = self.clock.now()
        made = rendered(event, self._endpoint(event))
        at_s = int(now.timestamp())
        signed = signature_headers(
            made.body, secrets=(self.secret,), message_id=event.id, timestamp_s=at_s
        )
        believed = None
        if self.verifies:
            believed = verified(made.body, signed, keys=(self.secret,), now_s=at_s) is None
        if self.target is None:
            return Forwarded(status=None, took_ms=0, believed=believed)
        headers = {**signed, "content-type": made.content_type}
        return _delivered(self.target, made.body, headers, believed=believed)

    def _endpoint(self, event: EventToSend) -> Endpoint:
        """Return an endpoint that is nowhere kept: it says how events are spelled."""
        return Endpoint(
            id="",
            organization_id=event.organization_id,
            project_id=event.project_id,
            name="this machine",
            sealed_url=b"",
            shown_url="",
            form=self.form,
            format=self.format,
            created_at=event.created_at,
            created_by="",
            updated_at=event.created_at,
        )


def local_target(url: str) -> LocalTarget:
    """Return the place on this machine that an address names.

    Raises:
        CommandError: it names none, or another machine.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _not_local(url) from None
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or not port or "@" in parts.netloc:
        raise _not_local(url)
    query = f"?{parts.query}" if parts.query else ""
    return LocalTarget(host=parts.hostname, port=port, path=(parts.path or "/") + query)


def _delivered(
    target: LocalTarget, body: bytes, headers: Mapping[str, str], *, believed: bool | None
) -> Forwarded:
    began_s = time.monotonic()
    status, error = None, None
    try:
        with closing(http.HTTPConnection(target.host, target.port, timeout=TIMEOUT_S)) as line:
            line.request("POST", target.path, body, dict(headers))
            response = line.getresponse()
            response.read(MOST_BYTES)
            status = response.status
    except (OSError, http.HTTPException) as failure:
        error = plain(getattr(failure, "strerror", None) or str(failure) or type(failure).__name__)
    took_ms = round(1_000 * (time.monotonic() - began_s))
    return Forwarded(status=status, took_ms=took_ms, error=error, believed=believed)


def _not_local(url: str) -> CommandError:
    return CommandError(
        f"'{plain(url.rpartition('@')[2][:200])}' is no port of this machine, expected one such as "
        "http://127.0.0.1:3000/webhooks",
        exit_code=USAGE,
    )
