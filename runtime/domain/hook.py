"""Describe inbound hooks: addresses at which others deliver, and what came of each delivery."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from runtime.domain.hook_mapping import HookMapping
from runtime.domain.hook_signature import HookStyle
from runtime.kit import base62
from runtime.kit.ids import ENTROPY_BYTES, new_id, parse_id

HOOK_PREFIX: Final = "hok"
SECRET_PREFIX: Final = "hks"  # noqa: S105  # of the id, which is no secret
DELIVERY_PREFIX: Final = "hkd"
LONGEST_OVERLAP: Final = timedelta(days=7)
KEPT: Final = timedelta(days=30)
"""How long deliveries are known at least."""
SURE_FOR: Final = timedelta(hours=20)
"""For how long a repetition finds what an unfinished try did: keys of requests are kept longer."""

_ORGANIZATION: Final = "org"
_ADDRESS: Final = re.compile(r"hook_([0-9A-Za-z]{43})([0-9A-Za-z]{6})")
_ID_BYTES: Final = 16
_TIME_BYTES: Final = _ID_BYTES - ENTROPY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlace:
    """Say where a delivery goes: in which organization, to which hook."""

    organization_id: str
    hook_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Describe a hook.

    Attributes:
        id: `hok_` and 26 letters.
        service_id: the service that acts for whoever delivers; it can confirm nothing.
        enabled: whether deliveries act.
    """

    id: str
    organization_id: str
    project_id: str
    name: str
    style: HookStyle
    service_id: str
    mapping: HookMapping
    enabled: bool
    created_at: datetime
    created_by: str
    updated_at: datetime

    @property
    def address(self) -> str:
        """Return the last part of the path at which others deliver."""
        return spelled_address(HookPlace(organization_id=self.organization_id, hook_id=self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSecret:
    """Hold a secret as it is stored.

    Attributes:
        sealed: its text, which only the server's key opens.
        ends_at: from when on it fits no more; None for the newest.
    """

    id: str
    hook_id: str
    sealed: bytes = field(repr=False)
    created_at: datetime
    ends_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Say whether deliveries may be signed with it."""
        return self.ends_at is None or now < self.ends_at


class DeliveryStatus(StrEnum):
    """Say what came of a delivery.

    RECEIVED: a try began whose end is not known. EXECUTED: there is an outcome, a refusal maybe.
    SKIPPED: the mapping passes it over. FAILED: nothing was done, and a repetition is tried anew.
    """

    RECEIVED = "received"
    EXECUTED = "executed"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Say whether a repetition is answered without being tried."""
        return self in {DeliveryStatus.EXECUTED, DeliveryStatus.SKIPPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Describe what was delivered to a hook.

    Attributes:
        id: `hkd_` and 26 letters.
        named: what its sender calls it, or the digest of its body.
        reason: why it failed: the code of an error.
        outcome_id: what came of its plan.
        tries: how often it was tried.
        open_tries: tries whose end is not known.
        claimed_at: when the first of those began.
        received_at: when it came first.
    """

    id: str
    hook_id: str
    named: str
    body_digest: str
    status: DeliveryStatus
    reason: str | None
    outcome_id: str | None
    tries: int
    open_tries: int
    claimed_at: datetime
    received_at: datetime
    ended_at: datetime | None

    def uncertain(self, now: datetime) -> bool:
        """Say whether nobody can tell any more if a try did anything, so that none may follow."""
        return self.open_tries > 0 and now - self.claimed_at > SURE_FOR


def forgettable_before(
    style: HookStyle, secrets: Sequence[HookSecret], *, now: datetime
) -> datetime:
    """Return before which instant deliveries need not be known any more.

    One that was signed with its instant is stale by then. One of GitHub's style never is: it stays
    known for as long as a secret lives with which it may have been signed.
    """
    if style is not HookStyle.GITHUB:
        return now - KEPT
    return min((now - KEPT, *(secret.created_at for secret in secrets if secret.live(now))))


def spelled_address(place: HookPlace) -> str:
    """Return the address of a hook: both ids, so that row security can be set before it is read.

    Neither is a secret; the checksum tells typing errors before anything is looked up.
    """
    ids = _id_bytes(place.organization_id, _ORGANIZATION) + _id_bytes(place.hook_id, HOOK_PREFIX)
    body = base62.encode(ids)
    return f"hook_{body}{_checksum(body)}"


def read_address(text: str) -> HookPlace | None:
    """Return which hook an address is of, or None if it is no address.

    >>> read_address("hook_") is None
    True
    """
    shape = _ADDRESS.fullmatch(text)
    if shape is None or _checksum(shape[1]) != shape[2]:
        return None
    try:
        data = base62.decode(shape[1], size_bytes=2 * _ID_BYTES)
    except base62.Base62Error:
        return None
    return HookPlace(
        organization_id=_id_text(data[:_ID_BYTES], _ORGANIZATION),
        hook_id=_id_text(data[_ID_BYTES:], HOOK_PREFIX),
    )


def _checksum(text: str) -> str:
    return base62.encode(zlib.crc32(text.encode()).to_bytes(4))


def _id_bytes(identifier: str, prefix: str) -> bytes:
    parsed = parse_id(identifier, prefix)
    return parsed.created_ms.to_bytes(_TIME_BYTES) + parsed.entropy


def _id_text(data: bytes, prefix: str) -> str:
    return new_id(prefix, now_ms=int.from_bytes(data[:_TIME_BYTES]), entropy=data[_TIME_BYTES:])
