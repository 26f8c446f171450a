"""The role of a lease: exclusive time on a key, in the order of asking, with a fencing token.

Implemented by `adapters.redis_leases` (one Redis, or a quorum of several). A lease only orders:
two holders are possible while one of them sleeps through its time, so whoever writes under a
lease hands its token to the store, which refuses a smaller one than it has seen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class LeaseEventKind(StrEnum):
    """Say what became of a wish for a lease, or of a lease."""

    ACQUIRED = "acquired"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    RELEASED = "released"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseEvent:
    """Report one step in the life of a lease, for metrics.

    Attributes:
        kind: what happened.
        key: whose lease it is.
        waited_s: how long the caller waited for it.
        held_s: how long it was held; 0 for a lease that was not got.
    """

    kind: LeaseEventKind
    key: str
    waited_s: float
    held_s: float = 0.0


Observe = Callable[[LeaseEvent], None]


class Lease(Protocol):
    """Hold exclusive time on a key until it is released or lost."""

    @property
    def key(self) -> str:
        """Return what the lease is on."""
        ...

    @property
    def owner(self) -> str:
        """Return the name of this tenure, which no other tenure of any process ever has."""
        ...

    @property
    def token(self) -> int:
        """Return the fencing token: larger than that of every earlier tenure of the key."""
        ...

    @property
    def lost(self) -> bool:
        """Say whether the time may be over, by the local monotonic clock; released, it is."""
        ...

    @property
    def wanted(self) -> bool:
        """Say whether another process waits for the key."""
        ...

    async def until_wanted_or_lost(self) -> None:
        """Return as soon as the lease is wanted or lost."""
        ...

    async def advance(self, *, floor: int) -> int:
        """Raise the token above a number that the store has seen, and return the new token.

        Needed when Redis forgot its counters: the tokens that it gives are smaller than those
        that the store remembers. The token stays as it is when it is above the floor already.

        Raises:
            LeaseLostError: the lease is not this tenure's any more.
            LeaseUnavailableError: Redis can't be asked.
        """
        ...


class Leases(Protocol):
    """Give leases; safe to use from many tasks of one event loop."""

    async def acquire(self, key: str, *, wait_s: float, floor: int = 0) -> Lease:
        """Wait for the lease on a key, in the order of asking.

        Args:
            key: what to hold.
            wait_s: how long to wait at most; 0 asks once.
            floor: the highest token that the caller knows of; the lease's will be larger.

        Raises:
            LeaseBusyError: somebody else held it all the time, or too many wait already.
            LeaseUnavailableError: Redis can't be asked; nothing is held.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """End a tenure and hand over to who waited longest.

        Releasing twice, or a lease that is lost, or while Redis is down, is no error: a tenure
        that can't be released ends by its time to live.
        """
        ...

    async def ready(self) -> None:
        """Return when a lease could be given now.

        Raises:
            LeaseUnavailableError: Redis is down, loading, full or refuses writes.
        """
        ...

    async def close(self) -> None:
        """End what is still held and release connections; further calls are an error."""
        ...


@asynccontextmanager
async def hold(leases: Leases, key: str, *, wait_s: float, floor: int = 0) -> AsyncIterator[Lease]:
    """Hold a lease for the length of a block; the arguments and errors are those of `acquire`."""
    lease = await leases.acquire(key, wait_s=wait_s, floor=floor)
    try:
        yield lease
    finally:
        await leases.release(lease)
