"""Open ways out of the platform for what is no side effect, as an operator configured them.

Each is the same client behind the same gate; they differ in what the operator's own settings name,
and in how much of an answer is read.
"""

from __future__ import annotations

from collections.abc import Iterable

from runtime.adapters.egress.client import EgressBounds, EgressClient
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.named_hosts import NamedHostsConnector
from runtime.adapters.egress.resolving import SystemResolver
from runtime.adapters.egress.rules import AllowListError, EgressRules, read_rules
from runtime.adapters.oidc.fetch import MAX_BODY_BYTES
from runtime.kit.clock import Clock
from runtime.settings import IdentitySettings, SettingsError


def egress_rules(allow: str, *, named: Iterable[str] = (), variable: str = "") -> EgressRules:
    """Return what may be reached.

    Args:
        allow: `PLANGATE_EGRESS_ALLOW`.
        named: addresses that other settings name, which open their own host and port.
        variable: where those stand.

    Raises:
        SettingsError: one of them can't be read; the message names its variable.
    """
    try:
        rules = read_rules(allow)
    except AllowListError as error:
        raise SettingsError(f"PLANGATE_EGRESS_ALLOW: {error}") from None
    try:
        return EgressRules(allowed=rules.allowed + read_rules("", named=named).allowed)
    except AllowListError as error:
        raise SettingsError(f"{variable}: {error}") from None


def model_connector(*, limit: int, keepalive_timeout: float = 15.0) -> NamedHostsConnector:
    """Return what the client of one model connects by, whose server its reference names."""
    return NamedHostsConnector(SystemResolver(), limit=limit, keepalive_timeout=keepalive_timeout)


def issuers_egress(settings: IdentitySettings, *, clock: Clock) -> EgressClient:
    """Return the way to identity providers: each issuer's own host and port, and strangers.

    Whatever an issuer's own documents name (keys, tokens) is judged like any other address.

    Raises:
        SettingsError: a setting can't be used; the message names its variable.
    """
    named = [trusted.issuer for trusted in settings.issuers]
    rules = egress_rules(settings.egress_allow, named=named, variable="PLANGATE_ISSUERS")
    return EgressClient(
        Gate(rules, SystemResolver()),
        clock=clock,
        bounds=EgressBounds(answer_bytes=MAX_BODY_BYTES),
    )
