"""Ask for room in rates together: what waits while one question is under way goes into the next.

Nobody waits for company: a claim that is alone leaves at once. As many questions are under way as
there are organizations that ask, one of each.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from runtime.domain.shared_rates import RateClaim, RateGrant
from runtime.ports.shared_rates import Forgotten

MOST_TOGETHER: Final = 64
"""Claims of one question, unless a single group has more."""

_Answer: TypeAlias = Sequence[RateGrant] | Forgotten
_Ask: TypeAlias = Callable[[str, Sequence[RateClaim]], Awaitable[_Answer]]


@dataclass(slots=True)
class _Waiting:
    claims: Sequence[RateClaim]
    answered: asyncio.Future[_Answer]


class Together:
    """Gather claims by organization; belongs to one event loop."""

    def __init__(self, ask: _Ask) -> None:
        self._ask = ask
        self._waiting: dict[str, deque[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, organization_id: str, claims: Sequence[RateClaim]) -> _Answer:
        """Return what claims are answered with; what asking raises, all who asked are told."""
        waiting = _Waiting(claims, asyncio.get_running_loop().create_future())
        queue = self._waiting.get(organization_id)
        if queue is not None:
            queue.append(waiting)
        else:
            self._waiting[organization_id] = deque([waiting])
            task = asyncio.create_task(self._serve(organization_id), name="reserve rates")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await waiting.answered

    async def _serve(self, organization_id: str) -> None:
        queue = self._waiting[organization_id]
        try:
            while queue:
                await self._answer(organization_id, _first(queue))
        finally:
            del self._waiting[organization_id]

    async def _answer(self, organization_id: str, asked: Sequence[_Waiting]) -> None:
        claims = [claim for waiting in asked for claim in waiting.claims]
        try:
            answer = await self._ask(organization_id, claims)
        except BaseException as error:  # whatever it is, nobody may wait for ever
            for waiting in asked:
                if not waiting.answered.done():
                    waiting.answered.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for waiting in asked:
            if isinstance(answer, Forgotten):
                mine: _Answer = answer
            else:
                mine, answer = answer[: len(waiting.claims)], answer[len(waiting.claims) :]
            if not waiting.answered.done():
                waiting.answered.set_result(mine)


def _first(queue: deque[_Waiting]) -> Sequence[_Waiting]:
    """Take the longest waiting, as many as fit."""
    taken = [queue.popleft()]
    count = len(taken[0].claims)
    while queue and count + len(queue[0].claims) <= MOST_TOGETHER:
        taken.append(queue.popleft())
        count += len(taken[-1].claims)
    return taken
