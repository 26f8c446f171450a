"""Stand in for a broker: a queue in memory that can be down, lose, repeat and reorder messages.

It is a real `asyncio` queue by priority, so that many workers can wait on it at once.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from runtime.domain.errors import QueueUnavailableError
from runtime.ports.job_queue import JobMessage


class MemoryQueue:
    """Carry messages within a process, spelled as they travel.

    Attributes:
        down: whether it takes none.
        put_sizes: how many messages each call put.
    """

    def __init__(self) -> None:
        self.down = False
        self.put_sizes: list[int] = []
        self._numbers = itertools.count()
        self._waiting: asyncio.PriorityQueue[tuple[int, int, str]] = asyncio.PriorityQueue()

    def __len__(self) -> int:
        return self._waiting.qsize()

    async def put(self, messages: Sequence[JobMessage]) -> None:
        """Take messages."""
        if self.down:
            raise QueueUnavailableError(reason="it is down")
        self.put_sizes.append(len(messages))
        for message in messages:
            self._waiting.put_nowait((-message.priority, next(self._numbers), message.spelled()))

    async def get(self) -> JobMessage:
        """Wait for the most urgent message."""
        _, _, spelled = await self._waiting.get()
        return JobMessage.read(spelled)

    def everything(self) -> list[JobMessage]:
        """Take all messages, the most urgent first; what is not put back is lost."""
        taken = []
        while not self._waiting.empty():
            taken.append(JobMessage.read(self._waiting.get_nowait()[2]))
        return taken

    async def ready(self) -> None:
        """Be ready, unless it is down."""
        if self.down:
            raise QueueUnavailableError(reason="it is down")

    async def close(self) -> None:
        """Have nothing to end."""
