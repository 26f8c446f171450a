"""Let one task of this process at a time deal with Redis about a key, in the order of asking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from runtime.domain.errors import LeaseUnavailableError


@dataclass(slots=True, kw_only=True)
class Estate:
    """Hold what the last task left in Redis for the next one to take over.

    Attributes:
        tenure: the name of a tenure that was not ended there, or nothing.
        waiting: a name that stands in the queue there, or was granted unheard, or nothing.
    """

    tenure: str = ""
    waiting: str = ""

    def clear(self) -> tuple[str, ...]:
        """Return the names that were left, and forget them."""
        left = tuple(name for name in (self.tenure, self.waiting) if name)
        self.tenure = self.waiting = ""
        return left


class Turnstile:
    """Order the tasks of one process that want one key.

    Attributes:
        estate: what is left in Redis from the turn before.
        holder: who holds the key, as far as this process knows.
        place: the place in Redis' queue of the task whose turn it is; 0 while it holds the key.
    """

    def __init__(self, *, most_waiting: int, discard: Callable[[str], None]) -> None:
        """Take how many may wait, and who ends in Redis what nobody takes over."""
        self.estate = Estate()
        self.holder: str | None = None
        self.place = 0
        self._busy = False
        self._most_waiting = most_waiting
        self._discard = discard
        self._seats: dict[asyncio.Future[str | None], None] = {}

    @property
    def idle(self) -> bool:
        """Say whether no task needs the key."""
        return not self._busy

    @property
    def awaited(self) -> bool:
        """Say whether a task waits for its turn."""
        return bool(self._seats)

    async def turn(self, wait_s: float) -> int:
        """Wait for the turn, with which comes the estate.

        Returns:
            0 when the turn came, or the place in the queue at which the wait ended without it.

        Raises:
            LeaseUnavailableError: The task before found that Redis can't be asked.
        """
        if not self._busy:
            self._busy = True
            return 0
        if len(self._seats) >= self._most_waiting or wait_s <= 0:
            return self.place + len(self._seats) + 1
        return await self._sit(wait_s)

    def pass_on(self) -> None:
        """Give turn and estate to the next task; end in Redis what nobody takes over."""
        if self._seats:
            seat = next(iter(self._seats))
            del self._seats[seat]
            seat.set_result(None)
            return
        self.free()
        for name in self.estate.clear():
            self._discard(name)

    def free(self) -> None:
        """End the last turn."""
        self._busy = False

    def fail_waiting(self, reason: str) -> None:
        """Tell all that wait why their turn won't come."""
        seats, self._seats = self._seats, {}
        for seat in seats:
            seat.set_result(reason)

    async def _sit(self, wait_s: float) -> int:
        seat: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._seats[seat] = None
        try:
            await asyncio.wait((seat,), timeout=wait_s)
        except asyncio.CancelledError:
            if self._leave(seat) == 0 and seat.result() is None:
                self.pass_on()  # the turn came at the moment of the cancellation
            raise
        if place := self._leave(seat):
            return place
        if (reason := seat.result()) is not None:
            raise LeaseUnavailableError(reason=reason)
        return 0

    def _leave(self, seat: asyncio.Future[str | None]) -> int:
        """Return the place of a seat that nobody called, 0 for one that was called."""
        if seat.done():
            return 0
        place = self.place + 1 + list(self._seats).index(seat)
        del self._seats[seat]
        return place
