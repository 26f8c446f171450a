"""Bring what Redis says unasked to the task that waits or the tenure that it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from weakref import WeakValueDictionary

from typing_extensions import override

from runtime.adapters.redis_leases.grantor import Baton, Listener
from runtime.adapters.redis_leases.tenure import Tenure


class Waiter:
    """Wait in Redis' queue under a name.

    Attributes:
        woken: set when asking again is worth while.
        baton: what was handed over last; its ticket says for which request.
        wanted: whether somebody asked for the key before this waiter knew that it holds it.
    """

    def __init__(self) -> None:
        """Begin asleep."""
        self.woken = asyncio.Event()
        self.baton: Baton | None = None
        self.wanted = False

    async def sleep(self, longest_s: float) -> None:
        """Sleep until woken."""
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self.woken.wait()


class Ears(Listener):
    """Know by name who waits and what is held in this process.

    Attributes:
        tenures: what is held; a tenure that nobody else refers to drops out.
    """

    def __init__(self, *, recheck: Callable[[Tenure], None]) -> None:
        """Take who finds out about a tenure what may have been missed."""
        self.tenures: WeakValueDictionary[str, Tenure] = WeakValueDictionary()
        self._waiters: dict[str, Waiter] = {}
        self._recheck = recheck

    @contextmanager
    def waiting(self, owner: str) -> Iterator[Waiter]:
        """Listen under a name for the length of a block."""
        waiter = self._waiters[owner] = Waiter()
        try:
            yield waiter
        finally:
            del self._waiters[owner]

    @override
    def turn_came(self, owner: str, baton: Baton | None) -> None:
        if waiter := self._waiters.get(owner):
            waiter.baton = baton or waiter.baton
            waiter.woken.set()

    @override
    def wish_came(self, owner: str) -> None:
        if tenure := self.tenures.get(owner):
            tenure.want()
        elif waiter := self._waiters.get(owner):
            waiter.wanted = True

    def wake_all(self) -> None:
        """Wake all that wait: asking again is worth while for whatever reason."""
        for waiter in self._waiters.values():
            waiter.woken.set()

    @override
    def line_changed(self) -> None:
        self.wake_all()
        for tenure in tuple(self.tenures.values()):
            self._recheck(tenure)
