"""One tenure: what its holder sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from typing_extensions import override

from runtime.adapters.redis_leases.grantor import Granted, Grantor
from runtime.adapters.redis_leases.timing import Timing
from runtime.domain.errors import LeaseLostError
from runtime.kit.clock import Clock
from runtime.ports.leases import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Hold what every tenure of a process shares.

    Attributes:
        grantor: whom to ask.
        timing: the spans.
        clock: the local time.
        lost: whom to tell when a tenure turns out to be over.
    """

    grantor: Grantor
    timing: Timing
    clock: Clock
    lost: Callable[[Tenure], None]


class Tenure(Lease):
    """Hold a key until released or lost; the time counts from before Redis was asked.

    Attributes:
        began_s: when this process learnt that it holds the key.
        timer: when the next renewal is due; the keeper's.
    """

    def __init__(
        self, key: str, owner: str, granted: Granted, *, valid_until_s: float, around: Surroundings
    ) -> None:
        """Begin with what Redis granted, until when by the local clock."""
        self.began_s = around.clock.monotonic_s()
        self.timer: asyncio.TimerHandle | None = None
        self._key = key
        self._owner = owner
        self._token = granted.token
        self._wanted = granted.wanted
        self._around = around
        self._valid_until_s = valid_until_s
        self._ended = False
        self._changed = asyncio.Event()

    @property
    @override
    def key(self) -> str:
        return self._key

    @property
    @override
    def owner(self) -> str:
        return self._owner

    @property
    @override
    def token(self) -> int:
        return self._token

    @property
    @override
    def lost(self) -> bool:
        return self._ended or self.left_s <= 0

    @property
    @override
    def wanted(self) -> bool:
        return self._wanted

    @property
    def ended(self) -> bool:
        """Say whether it was released or its loss was noticed."""
        return self._ended

    @property
    def left_s(self) -> float:
        """Return how long it counts as held if it is not renewed."""
        return self._valid_until_s - self._around.clock.monotonic_s()

    @override
    async def until_wanted_or_lost(self) -> None:
        while not (self._wanted or self.lost):
            with suppress(TimeoutError):
                async with asyncio.timeout(self.left_s):
                    await self._changed.wait()

    @override
    async def advance(self, *, floor: int) -> int:
        raised = None
        if not self.lost:
            raised = await self._around.grantor.advance(
                self._key, self._owner, token=self._token, floor=floor
            )
            if raised is None:
                self._around.lost(self)
        if raised is None or self.lost:
            raise LeaseLostError(key=self._key, owner=self._owner)
        self._token = max(self._token, raised)
        return self._token

    def want(self) -> None:
        """Note that another process waits; it stays so, for a renewal may answer too late."""
        self._wanted = True
        self._changed.set()

    def renew(self, *, sent_s: float, wanted: bool) -> None:
        """Note a renewal that was sent at `sent_s` and confirmed; too late, it changes nothing."""
        if self.lost:
            return
        self._valid_until_s = sent_s + self._around.timing.valid_s
        if wanted:
            self.want()

    def end(self) -> bool:
        """End it, and say whether it was not over before."""
        if self._ended:
            return False
        self._ended = True
        self._changed.set()
        if self.timer is not None:
            self.timer.cancel()
        return True
