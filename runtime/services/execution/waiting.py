"""Hold a change that stands in a project's line, and bring its answer to whoever asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from runtime.domain.errors import DomainError, StorageUnavailableError
from runtime.domain.principal import Principal
from runtime.services.execution.changes import Change, Executed

GRACE_S: Final = 2.0
"""How long past its patience a change is waited for that is being committed."""
STANDING_S: Final = 3.0
"""How long what somebody is in a project is taken for granted."""

Standing: TypeAlias = Callable[[], Awaitable[Principal]]
"""Ask who the caller is in the project now."""


@dataclass(slots=True, eq=False)
class Waiting:
    """Pair a change with its answer; belongs to the running event loop.

    Attributes:
        change: what is to be done.
        standing: asks anew who its caller is.
        asked_s: when that was asked last, by the monotonic clock.
        gave_up: its turn did not come in time.
    """

    change: Change
    standing: Standing
    asked_s: float
    gave_up: bool = False
    answered: asyncio.Future[Executed] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def named(self) -> tuple[str, ...] | None:
        """Return by what a repetition is recognised, or None for a change without a key."""
        key = self.change.key
        if key is None:
            return None
        return (self.change.principal.id, key.route, key.key, key.body_digest)

    def answer(self, answer: Executed | DomainError) -> None:
        """Tell the caller, if they still listen."""
        if self.answered.done():
            return
        if isinstance(answer, Executed):
            self.answered.set_result(answer)
        else:
            self.answered.set_exception(answer)

    async def stand_anew(self, *, now_s: float) -> bool:
        """Ask who the caller is by now; who is nobody any more is told so.

        Returns:
            Whether the change may still be judged.
        """
        try:
            principal = await self.standing()
        except DomainError as error:
            self.answer(error)
            return False
        self.change, self.asked_s = replace(self.change, principal=principal), now_s
        return True

    async def repeated(self, *, until_s: float) -> Executed | None:
        """Return the answer, for a request that repeats this one; None when its caller left.

        Args:
            until_s: when the repetition's own patience ends, by the time of the loop.

        Raises:
            StorageUnavailableError: it took too long; who repeats again learns.
            DomainError: whatever this one is told.
        """
        left_s = until_s + GRACE_S - asyncio.get_running_loop().time()
        await asyncio.wait([self.answered], timeout=left_s)
        if not self.answered.done():
            raise StorageUnavailableError(reason="no answer in time")
        if self.answered.cancelled():
            return None
        return replace(self.answered.result(), replayed=True)


def answer_all(group: Iterable[Waiting], error: DomainError) -> None:
    """Tell all who wait the same."""
    for waiting in group:
        waiting.answer(error)


async def stand_anew(
    group: Iterable[Waiting], *, now_s: float, older_than_s: float
) -> list[Waiting]:
    """Ask anew for whom it was asked a while ago, and return those who may still be judged."""
    return [
        waiting
        for waiting in group
        if now_s - waiting.asked_s <= older_than_s or await waiting.stand_anew(now_s=now_s)
    ]
