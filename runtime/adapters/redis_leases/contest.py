"""Ask Redis for a key, on behalf of the task whose turn it is in this process."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runtime.adapters.redis_leases.ears import Waiter
from runtime.adapters.redis_leases.grantor import Granted, Refused, Wish
from runtime.adapters.redis_leases.tenure import Surroundings, Tenure
from runtime.adapters.redis_leases.turnstile import Turnstile
from runtime.domain.errors import LeaseBusyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Hold what a caller asked for, and when."""

    key: str
    wait_s: float
    floor: int
    since_s: float

    def busy(self, *, holder: str | None, place: int, now_s: float) -> LeaseBusyError:
        """Return the error of a wait that was in vain."""
        waited_s = now_s - self.since_s
        return LeaseBusyError(key=self.key, holder=holder, waited_s=waited_s, position=place)


class Contest:
    """Ask until the key is granted or the time is up; a wake-up ends a pause."""

    def __init__(
        self, turnstile: Turnstile, asking: Asking, waiter: Waiter, *, around: Surroundings
    ) -> None:
        """Take whose turn it is, with what is left in Redis from the turn before."""
        self._turnstile = turnstile
        self._asking = asking
        self._waiter = waiter
        self._around = around
        self._owner = turnstile.estate.waiting
        self._sent_s = 0.0

    async def win(self) -> Tenure:
        """Return the tenure.

        Raises:
            LeaseBusyError: Others held the key all the time.
            LeaseUnavailableError: Redis can't be asked.
        """
        refused: Refused | None = None
        attempt = 0
        while True:
            answer = self._handed(refused) or await self._ask()
            if isinstance(answer, Tenure):
                self._turnstile.estate.clear()
                self._turnstile.holder, self._turnstile.place = self._owner, 0
                return answer
            refused = answer
            await self._pause(refused, attempt)
            attempt += 1

    def _handed(self, refused: Refused | None) -> Tenure | None:
        """Return the tenure that was handed over while this process waited, if that still counts.

        It answers the last request and no other, so its time counts from when that was sent.
        """
        baton = self._waiter.baton
        if baton is None or refused is None or baton.ticket != refused.ticket:
            return None
        if baton.granted.token <= self._asking.floor:
            return None
        tenure = self._tenure(baton.granted, lasts_s=self._around.timing.baton_valid_s)
        return tenure if tenure.left_s > self._around.timing.baton_s / 2 else None

    async def _ask(self) -> Tenure | Refused:
        self._waiter.woken.clear()
        estate = self._turnstile.estate
        self._sent_s = self._around.clock.monotonic_s()
        answer = await self._around.grantor.enter(
            Wish(
                key=self._asking.key,
                owner=self._owner,
                previous=estate.tenure,
                floor=self._asking.floor,
                queue=self._asking.wait_s > 0,
            )
        )
        estate.tenure = ""
        if isinstance(answer, Refused):
            return answer
        tenure = self._tenure(answer, lasts_s=self._around.timing.valid_s)
        if tenure.lost:  # the answer took so long that no time is left: ask again
            return Refused(holder=self._owner, ends_in_s=0.0, place=1)
        return tenure

    async def _pause(self, refused: Refused, attempt: int) -> None:
        self._turnstile.holder, self._turnstile.place = refused.holder, refused.place
        now_s = self._around.clock.monotonic_s()
        left_s = self._asking.since_s + self._asking.wait_s - now_s
        if left_s <= 0:
            raise self._asking.busy(holder=refused.holder, place=refused.place, now_s=now_s)
        await self._waiter.sleep(min(left_s, self._around.grantor.pause_s(refused, attempt)))

    def _tenure(self, granted: Granted, *, lasts_s: float) -> Tenure:
        if self._waiter.wanted:
            granted = replace(granted, wanted=True)
        return Tenure(
            self._asking.key,
            self._owner,
            granted,
            valid_until_s=self._sent_s + lasts_s,
            around=self._around,
        )
