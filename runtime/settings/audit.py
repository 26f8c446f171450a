"""Settings of the audit log: where immutable copies go, and what signs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from runtime.ports.sink_address import SinkAddress, SinkAddressError, read_sink_address
from runtime.settings.reading import SettingsError, listed

AUDIT_SINKS: Final = "PLANGATE_AUDIT_SINKS"
AUDIT_KEYS: Final = "PLANGATE_AUDIT_KEYS"
MOST_SINKS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """Say where copies of audit records go, and what signs their logs.

    Attributes:
        sinks: from `PLANGATE_AUDIT_SINKS`, separated by commas; none by default.
        keys: seeds of ed25519, the newest first, from `PLANGATE_AUDIT_KEYS`; without them nobody
            signs.
    """

    sinks: tuple[SinkAddress, ...] = ()
    keys: SecretStr | None = None

    @property
    def caution(self) -> str | None:
        """Return what an operator must know of sinks none of which is immutable."""
        if not self.sinks or any(sink.immutable for sink in self.sinks):
            return None
        names = ", ".join(sink.name for sink in self.sinks)
        return (
            f"no sink of {AUDIT_SINKS} is immutable ({names}): whoever owns them can delete "
            "copies, and strict audit can't be had; add s3://BUCKET/PREFIX?keep_days=…, a bucket "
            "with object lock"
        )


def read_audit(told: Mapping[str, str]) -> AuditSettings:
    """Read the part of the audit log.

    Raises:
        SettingsError: a variable can't be used.
    """
    texts = listed(told, AUDIT_SINKS)
    if len(texts) > MOST_SINKS:
        raise SettingsError(f"{AUDIT_SINKS} has {len(texts)} sinks, expected at most {MOST_SINKS}")
    sinks = tuple(_sink(text, at=at) for at, text in enumerate(texts, start=1))
    twice = [name for name, count in Counter(sink.name for sink in sinks).items() if count > 1]
    if twice:
        raise SettingsError(f"{AUDIT_SINKS} names {twice[0]} twice, expected different sinks")
    keys = told.get(AUDIT_KEYS)
    return AuditSettings(sinks=sinks, keys=None if keys is None else SecretStr(keys))


def _sink(text: str, *, at: int) -> SinkAddress:
    try:
        return read_sink_address(text)
    except SinkAddressError as error:
        raise SettingsError(f"{AUDIT_SINKS}, sink {at}: {error}") from None
