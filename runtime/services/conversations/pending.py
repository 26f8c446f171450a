"""Let any number of readers follow a turn that is being answered, and wait for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from runtime.domain.turn import Turn
from runtime.services.models.asking import Asked, ProgressNote

_END: Final = None


class Pending:
    """Hold a turn that is being answered; who leaves does not end it."""

    def __init__(self, accepted: Turn, *, repeated: bool = False) -> None:
        """Take a turn as it was accepted; `answers` is to be called before anybody waits.

        Args:
            accepted: the turn.
            repeated: it was accepted by an earlier request of the same key.
        """
        self.accepted = accepted
        self.repeated = repeated
        self.asked: Asked | None = None
        self._told: list[ProgressNote] = []
        self._queues: set[asyncio.Queue[ProgressNote | None]] = set()
        self._task: asyncio.Task[Turn] | None = None

    def again(self) -> Pending:
        """Return the same turn for a request that repeats the one which it was accepted by."""
        twin = Pending(self.accepted, repeated=True)
        twin._told, twin._queues, twin._task = self._told, self._queues, self._task
        return twin

    def answers(self, task: asyncio.Task[Turn]) -> None:
        """Wait for a task from now on."""
        self._task = task
        task.add_done_callback(self._ended)

    def tell(self, note: ProgressNote) -> None:
        """Let whoever follows know what begins."""
        self._told.append(note)
        for queue in self._queues:
            queue.put_nowait(note)

    def heard(self, asked: Asked) -> None:
        """Keep the answer, which stands though whoever asked is cancelled while it is settled."""
        self.asked = asked

    async def answered(self) -> Turn:
        """Return the turn with its answer; whoever is cancelled meanwhile ends nothing.

        Raises:
            Exception: it could not be answered, nor that be written.
        """
        assert self._task is not None  # noqa: S101  # by `answers`
        await asyncio.wait([self._task])
        return self._task.result()

    async def notes(self, *, alive_s: float) -> AsyncGenerator[ProgressNote | None]:
        """Yield what began and begins until the answer is there; None is a sign of life.

        Args:
            alive_s: how long nothing may come before a sign of life does.
        """
        queue: asyncio.Queue[ProgressNote | None] = asyncio.Queue()
        for note in self._told:
            queue.put_nowait(note)
        if self._task is None or self._task.done():
            queue.put_nowait(_END)
        self._queues.add(queue)
        try:
            while True:
                try:
                    async with asyncio.timeout(alive_s):
                        told = await queue.get()
                except TimeoutError:
                    yield None
                    continue
                if told is _END:
                    return
                yield told
        finally:
            self._queues.discard(queue)

    def _ended(self, _: asyncio.Task[Turn]) -> None:
        for queue in self._queues:
            queue.put_nowait(_END)
