"""Remember answers for a few seconds, and ask each question once however many wait for it.

For facts that may be a little old, such as who a token belongs to: a hit is one look into a dict.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from runtime.domain.errors import DomainError

MOST_KEPT: Final = 10_000
MOST_REFUSED: Final = 2_000

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Generic[Value]):
    """Hold an answer, and how long it may be repeated.

    Attributes:
        value: the answer; None says that there is none, which is remembered apart from answers.
        fresh_s: for how long; 0 or less: not at all.
    """

    value: Value | None
    fresh_s: float


@dataclass(frozen=True, slots=True)
class Kept(Generic[Value]):
    """Hold an answer until it is too old."""

    value: Value | None
    until_s: float


class Remembered(Generic[Value]):
    """Remember answers by key, the youngest of them; belongs to one event loop."""

    def __init__(
        self,
        *,
        monotonic_s: Callable[[], float],
        most_kept: int = MOST_KEPT,
        most_refused: int = MOST_REFUSED,
    ) -> None:
        self._monotonic_s = monotonic_s
        self._most_kept = most_kept
        self._most_refused = most_refused
        self._kept = OrderedDict[Hashable, Kept[Value]]()
        self._refused = OrderedDict[Hashable, Kept[Value]]()
        self._asking = dict[Hashable, asyncio.Task[Value | DomainError | None]]()
        self._running = set[asyncio.Task[Value | DomainError | None]]()

    def fresh(self, key: Hashable) -> Kept[Value] | None:
        """Return what is remembered of a key, unless it is too old."""
        kept = self._kept.get(key) or self._refused.get(key)
        if kept is None or kept.until_s <= self._monotonic_s():
            return None
        return kept

    def known(self, key: Hashable) -> bool:
        """Say whether there was an answer to a key, however old it is now."""
        return key in self._kept

    async def told(self, key: Hashable, ask: Callable[[], Awaitable[Told[Value]]]) -> Value | None:
        """Return what is remembered, or ask; whoever asks the same meanwhile waits for one answer.

        Raises:
            DomainError: asking failed so; that is not remembered.
        """
        kept = self.fresh(key)
        if kept is not None:
            return kept.value
        task = self._asking.get(key) or self._asked(key, ask)
        found = await asyncio.shield(task)  # whoever gives up leaves it to the others
        if isinstance(found, DomainError):
            raise found
        return found

    def forget(self, unwanted: Callable[[Value], bool]) -> None:
        """Forget the answers of a kind, and whatever began to be asked before now."""
        self._asking.clear()
        self._refused.clear()
        self._kept = OrderedDict(
            (key, kept)
            for key, kept in self._kept.items()
            if kept.value is not None and not unwanted(kept.value)
        )

    async def close(self) -> None:
        """Wait for what is being asked."""
        if self._running:
            await asyncio.wait(self._running)

    def _asked(
        self, key: Hashable, ask: Callable[[], Awaitable[Told[Value]]]
    ) -> asyncio.Task[Value | DomainError | None]:
        task = asyncio.create_task(self._ask(key, ask))
        self._asking[key] = task
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _ask(
        self, key: Hashable, ask: Callable[[], Awaitable[Told[Value]]]
    ) -> Value | DomainError | None:
        try:
            told = await ask()
        except DomainError as error:
            return error
        else:
            if self._asking.get(key) is asyncio.current_task():
                self._keep(key, told)
            return told.value
        finally:
            if self._asking.get(key) is asyncio.current_task():
                del self._asking[key]

    def _keep(self, key: Hashable, told: Told[Value]) -> None:
        if told.fresh_s <= 0:
            return
        chosen, other, most = self._kept, self._refused, self._most_kept
        if told.value is None:
            chosen, other, most = other, chosen, self._most_refused
        other.pop(key, None)
        chosen.pop(key, None)
        chosen[key] = Kept(told.value, self._monotonic_s() + told.fresh_s)
        if len(chosen) > most:
            chosen.popitem(last=False)
