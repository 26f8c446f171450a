"""Open the sinks that an operator named, each behind a way out to its own host and port."""

from __future__ import annotations

import structlog

from runtime.adapters.audit_sinks.intake import TellSecret
from runtime.adapters.audit_sinks.opening import open_sinks
from runtime.adapters.egress.client import EgressBounds, EgressClient
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.resolving import SystemResolver
from runtime.bootstrap.egress import egress_rules
from runtime.domain.errors import SecretMalformedError
from runtime.domain.secret_reference import read_reference
from runtime.domain.secret_value import SecretValueError
from runtime.kit.clock import Clock
from runtime.ports.audit_sink import AuditSink
from runtime.ports.sink_address import SinkAddress, SinkAddressError
from runtime.services.secrets.reader import SecretReader
from runtime.services.secrets.wishes import Wish
from runtime.settings.audit import AUDIT_SINKS, AuditSettings
from runtime.settings.reading import SettingsError


def open_audit_sinks(
    settings: AuditSettings, *, secret: TellSecret, clock: Clock
) -> tuple[AuditSink, ...]:
    """Return the sinks in the order of the setting; whoever opens them closes each.

    Args:
        settings: name them.
        secret: returns the value that a reference names.
        clock: the system's.

    Raises:
        SettingsError: one can't be opened; the message names its variable.
    """
    if settings.caution is not None:
        structlog.stdlib.get_logger("audit").info("audit.not_immutable", why=settings.caution)

    def egress(address: SinkAddress) -> EgressClient:
        rules = egress_rules("", named=[address.place], variable=AUDIT_SINKS)
        bounds = EgressBounds(timeout_s=address.timeout_s)
        return EgressClient(Gate(rules, SystemResolver()), clock=clock, bounds=bounds)

    try:
        return open_sinks(settings.sinks, egress=egress, secret=secret, clock=clock)
    except SinkAddressError as error:
        raise SettingsError(f"{AUDIT_SINKS}: {error}") from None


def told_by(reader: SecretReader) -> TellSecret:
    """Return who tells sinks their tokens and keys: the platform's own reader, each time anew."""

    async def tell(reference: str) -> str:
        wish = Wish(reference=read_reference(reference), why="audit sinks")
        found = await reader.read(wish)
        try:
            return found.value.text()
        except SecretValueError:
            raise SecretMalformedError(
                reference=reference, problem="it is no text in UTF-8", advice="write one there"
            ) from None

    return tell
