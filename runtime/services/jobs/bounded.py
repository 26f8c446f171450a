"""Bound how long foreign code may take, also if it does not end when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from runtime.ports.effect_failure import RetryableError

GRACE_S: Final = 5.0
"""How long code may tidy up once it was told to end; then nobody waits for it any more."""

_T = TypeVar("_T")


class OverdueError(Exception):
    """It took too long."""


class Bounded:
    """Run code within bounds, and hold on to what does not keep to them."""

    def __init__(self, *, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, _T], *, within_s: float) -> _T:
        """Return what the work does; cancelled, it is told to end and waited for a little.

        Raises:
            OverdueError: it took longer than it may.
            RetryableError: it cancelled itself.
            Exception: whatever it raises.
        """
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task}, timeout=within_s)
        except asyncio.CancelledError:
            await self._stop(task)
            raise
        if not task.done():
            await self._stop(task)
            raise OverdueError
        if task.cancelled():
            raise RetryableError("its handler cancelled itself")
        return task.result()

    def close(self) -> None:
        """Tell what was abandoned once more to end."""
        for task in self._abandoned:
            task.cancel()

    async def _stop(self, task: asyncio.Task[Any]) -> None:
        task.cancel()
        await asyncio.wait({task}, timeout=self._grace_s)
        if task.done():
            _look_at(task)
        else:
            self._abandoned.add(task)
            task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.discard(task)
        _look_at(task)


def _look_at(task: asyncio.Task[Any]) -> None:
    """Take note of what a task raised, so that nobody is told that it went unseen."""
    if not task.cancelled():
        task.exception()
