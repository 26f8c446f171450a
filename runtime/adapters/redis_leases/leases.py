"""Give leases to the tasks of this process, whoever grants them.

Tasks of one process that want the same key stand in line here (`turnstile`); only the first deals
with Redis. A tenure that ends while others wait is handed to the next of them by the request that
begins the next tenure, so that a hand-over costs one round trip, to another process or not.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Final

from typing_extensions import override

from runtime.adapters.redis_leases.background import Background
from runtime.adapters.redis_leases.contest import Asking, Contest
from runtime.adapters.redis_leases.ears import Ears
from runtime.adapters.redis_leases.grantor import Grantor
from runtime.adapters.redis_leases.keeper import Keeper
from runtime.adapters.redis_leases.tenure import Surroundings, Tenure
from runtime.adapters.redis_leases.timing import Timing
from runtime.adapters.redis_leases.turnstile import Turnstile
from runtime.domain.errors import LeaseBusyError, LeaseUnavailableError
from runtime.kit.clock import Clock
from runtime.ports.leases import Lease, LeaseEvent, LeaseEventKind, Leases, Observe

MOST_LOCAL_WAITERS: Final = 1000
_NOT_A_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")
_CLOSED: Final = "the lease client was closed"


def boot_id(label: str) -> str:
    """Return a name for this process's leases that no other ever has, not even after a restart."""
    return f"{_NOT_A_NAME.sub('-', label)}.{secrets.token_hex(8)}"


class RedisLeases(Leases):
    """Order this process's tasks, ask the grantor for the first, and keep what it grants."""

    def __init__(
        self,
        grantor: Grantor,
        *,
        instance: str,
        timing: Timing,
        clock: Clock,
        most_local_waiters: int = MOST_LOCAL_WAITERS,
        observe: Observe | None = None,
    ) -> None:
        """Take who grants.

        Args:
            grantor: one Redis, or a quorum.
            instance: this process's `boot_id`, under which the grantor listens.
            timing: the spans.
            clock: the local time; only its monotonic part is read.
            most_local_waiters: how many tasks of this process may wait for one key.
            observe: what is told of every lease, for metrics.
        """
        self._grantor = grantor
        self._instance = instance
        self._clock = clock
        self._timing = timing
        self._most_waiting = most_local_waiters
        self._observe = observe
        self._numbers = count(1)
        self._turnstiles: dict[str, Turnstile] = {}
        self._background = Background()
        self._around = Surroundings(
            grantor=grantor, timing=timing, clock=clock, lost=self._note_lost
        )
        self._keeper = Keeper(
            self._around, background=self._background, forgotten=self._note_forgotten
        )
        self._ears = Ears(recheck=self._keeper.renew_now)
        self._closed = False

    @property
    def keys_in_use(self) -> int:
        """Return how many keys tasks of this process hold or want."""
        return len(self._turnstiles)

    @override
    async def acquire(self, key: str, *, wait_s: float, floor: int = 0) -> Lease:
        since_s = self._clock.monotonic_s()
        asking = Asking(key=key, wait_s=wait_s, floor=floor, since_s=since_s)
        try:
            self._start()
            tenure = await self._acquire(asking)
        except LeaseBusyError:
            self._tell(LeaseEventKind.BUSY, key, waited_s=self._since(since_s))
            raise
        except LeaseUnavailableError:
            self._tell(LeaseEventKind.UNAVAILABLE, key, waited_s=self._since(since_s))
            raise
        self._ears.tenures[tenure.owner] = tenure
        self._keeper.keep(tenure)
        self._tell(LeaseEventKind.ACQUIRED, key, waited_s=self._since(since_s))
        return tenure

    @override
    async def release(self, lease: Lease) -> None:
        tenure = self._ears.tenures.get(lease.owner)
        if tenure is None:
            return
        if tenure.lost:
            self._note_lost(tenure)
            return
        tenure.end()
        held_s = self._since(tenure.began_s)
        self._tell(LeaseEventKind.RELEASED, tenure.key, held_s=held_s)
        turnstile = self._turnstiles[tenure.key]
        if turnstile.awaited:
            turnstile.estate.tenure = tenure.owner
            turnstile.pass_on()
            return
        turnstile.free()
        del self._turnstiles[tenure.key]
        try:
            await self._leave(tenure.key, tenure.owner)
        except asyncio.CancelledError:
            self._discard(tenure.key, tenure.owner)
            raise

    @override
    async def ready(self) -> None:
        self._start()
        await self._grantor.ready()

    @override
    async def close(self) -> None:
        self._closed = True
        for turnstile in self._turnstiles.values():
            turnstile.fail_waiting(_CLOSED)
        for tenure in tuple(self._ears.tenures.values()):
            self._background.spawn(self.release(tenure))
        await self._background.drain(self._timing.answer_s)
        await self._grantor.close()
        self._ears.wake_all()

    def _start(self) -> None:
        if self._closed:
            raise LeaseUnavailableError(reason=_CLOSED)
        self._grantor.start(self._ears)

    async def _acquire(self, asking: Asking) -> Tenure:
        turnstile = self._turnstile(asking.key)
        try:
            if place := await turnstile.turn(asking.wait_s):
                raise asking.busy(
                    holder=turnstile.holder, place=place, now_s=self._clock.monotonic_s()
                )
            return await self._take_turn(turnstile, asking)
        finally:
            self._tidy(asking.key)

    async def _take_turn(self, turnstile: Turnstile, asking: Asking) -> Tenure:
        estate = turnstile.estate
        estate.waiting = estate.waiting or f"{self._instance}#{next(self._numbers)}"
        try:
            with self._ears.waiting(estate.waiting) as waiter:
                return await Contest(turnstile, asking, waiter, around=self._around).win()
        except LeaseUnavailableError as error:
            turnstile.fail_waiting(error.reason)
            turnstile.pass_on()
            raise
        except BaseException:
            turnstile.pass_on()
            raise

    def _turnstile(self, key: str) -> Turnstile:
        turnstile = self._turnstiles.get(key)
        if turnstile is None:
            turnstile = self._turnstiles[key] = Turnstile(
                most_waiting=self._most_waiting, discard=partial(self._discard, key)
            )
        return turnstile

    def _tidy(self, key: str) -> None:
        turnstile = self._turnstiles.get(key)
        if turnstile is not None and turnstile.idle:
            del self._turnstiles[key]

    def _note_lost(self, tenure: Tenure) -> None:
        if tenure.end():
            held_s = self._since(tenure.began_s)
            self._tell(LeaseEventKind.LOST, tenure.key, held_s=held_s)
            self._give_up(tenure.key, tenure.owner)

    def _note_forgotten(self, key: str, owner: str) -> None:
        self._tell(LeaseEventKind.LOST, key)
        self._give_up(key, owner)

    def _give_up(self, key: str, owner: str) -> None:
        """Let the next task have the key of a tenure that its holder did not release."""
        if turnstile := self._turnstiles.get(key):
            turnstile.estate.tenure = owner
            turnstile.pass_on()
            self._tidy(key)

    def _discard(self, key: str, owner: str) -> None:
        self._background.spawn(self._leave(key, owner))

    async def _leave(self, key: str, owner: str) -> None:
        """End in Redis what has a name; if Redis can't be asked, its time to live ends it."""
        with suppress(LeaseUnavailableError):
            await self._grantor.leave(key, owner)

    def _since(self, instant_s: float) -> float:
        return self._clock.monotonic_s() - instant_s

    def _tell(
        self, kind: LeaseEventKind, key: str, *, waited_s: float = 0.0, held_s: float = 0.0
    ) -> None:
        if self._observe is not None:
            self._observe(LeaseEvent(kind=kind, key=key, waited_s=waited_s, held_s=held_s))
