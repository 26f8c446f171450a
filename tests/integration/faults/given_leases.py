"""Grant leases with tokens that a test chose, at the port, as a Redis in trouble would."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from typing_extensions import override

from runtime.ports.leases import Lease, Leases


class GivenLease(Lease):
    """Hold a key for as long as the test likes; remember the floors that it was raised above."""

    def __init__(self, key: str, token: int) -> None:
        self.floors: list[int] = []
        self._key = key
        self._token = token
        self._lost = asyncio.Event()

    @property
    @override
    def key(self) -> str:
        return self._key

    @property
    @override
    def owner(self) -> str:
        return f"given.{self._token}"

    @property
    @override
    def token(self) -> int:
        return self._token

    @property
    @override
    def lost(self) -> bool:
        return self._lost.is_set()

    @property
    @override
    def wanted(self) -> bool:
        return False

    def lose(self) -> None:
        """Let its time be over."""
        self._lost.set()

    @override
    async def until_wanted_or_lost(self) -> None:
        await self._lost.wait()

    @override
    async def advance(self, *, floor: int) -> int:
        self.floors.append(floor)
        self._token = max(self._token, floor + 1)
        return self._token


class GivenLeases(Leases):
    """Grant at once, with one token after the other; the last one again and again.

    Attributes:
        granted: every lease so far.
        floors: what each had to be above.
    """

    def __init__(self, tokens: Sequence[int]) -> None:
        self.granted: list[GivenLease] = []
        self.floors: list[int] = []
        self._tokens = list(tokens)

    @override
    async def acquire(self, key: str, *, wait_s: float, floor: int = 0) -> Lease:
        self.floors.append(floor)
        token = self._tokens.pop(0) if len(self._tokens) > 1 else self._tokens[0]
        self.granted.append(GivenLease(key, token))
        return self.granted[-1]

    @override
    async def release(self, lease: Lease) -> None:
        """Nobody else wants it."""

    @override
    async def ready(self) -> None:
        """Be ready."""

    @override
    async def close(self) -> None:
        """Hold nothing."""
