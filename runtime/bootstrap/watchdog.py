"""End a process whose event loop stands still: foreign code that never lets go is a dead process.

What watches is a thread; where it can't run either, because the code holds the interpreter itself,
a timer outside of that ends the process. A machine that paused for a moment is no reason.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

from runtime.domain.job import BegunJob
from runtime.kit.clock import Clock

STUCK: Final = 70
"""The exit code."""
LOOKS: Final = 10
"""How often is looked within the limit."""
_MOST_FRAMES: Final = 5
_STDERR: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Say what keeps an event loop from going on.

    Attributes:
        still_s: for how long it has stood still.
        jobs: that the code at work runs, as far as that can be told.
        where: the innermost lines at work, the last first.
    """

    still_s: float
    jobs: tuple[str, ...]
    where: tuple[str, ...]


class Watchdog:
    """Watch one event loop from a thread."""

    def __init__(
        self,
        *,
        limit_s: float,
        clock: Clock,
        tell: Callable[[Stuck], None],
        end: Callable[[int], object] = os._exit,
    ) -> None:
        """Watch nothing yet.

        Args:
            limit_s: how long the loop may stand still.
            clock: the time.
            tell: learns what keeps the loop, before the process ends.
            end: ends the process, in a test something else.
        """
        self._limit_s = limit_s
        self._clock = clock
        self._tell = tell
        self._end = end
        self._every_s = limit_s / LOOKS
        self._seen_s = clock.monotonic_s()
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch this thread's running loop while the block runs."""
        loop = asyncio.get_running_loop()
        watched = threading.get_ident()
        thread = threading.Thread(
            target=self._watch, args=(watched,), name="plangate-watchdog", daemon=True
        )
        beating = self._beat_on(loop)
        thread.start()
        try:
            yield
        finally:
            beating()
            self._ended.set()
            thread.join()
            faulthandler.cancel_dump_traceback_later()

    def _beat_on(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """Note again and again that the loop goes on; return what ends that."""
        handle: asyncio.TimerHandle | None = None

        def beat() -> None:
            nonlocal handle
            self._seen_s = self._clock.monotonic_s()
            handle = loop.call_later(self._every_s, beat)

        def stop() -> None:
            if handle is not None:
                handle.cancel()

        beat()
        return stop

    def _outside(self) -> None:
        """Have the process ended should even this thread not run again in time."""
        faulthandler.dump_traceback_later(self._limit_s + self._every_s, exit=True, file=_STDERR)

    def _watch(self, watched: int) -> None:
        looked_s = self._clock.monotonic_s()
        self._outside()
        while not self._ended.wait(self._every_s):
            self._outside()
            now_s = self._clock.monotonic_s()
            if now_s - looked_s > 2 * self._every_s:  # nothing ran here: not the loop's doing
                self._seen_s = max(self._seen_s, now_s - self._every_s)
            looked_s = now_s
            still_s = now_s - self._seen_s
            if still_s > self._limit_s:
                self._tell(_stuck(watched, still_s=still_s))
                faulthandler.cancel_dump_traceback_later()
                self._end(STUCK)
                return


def _stuck(thread: int, *, still_s: float) -> Stuck:
    frames = _frames(sys._current_frames().get(thread))  # noqa: SLF001  # its documented name
    return Stuck(
        still_s=still_s,
        jobs=tuple({job.id: None for frame in frames for job in _jobs_of(frame)}),
        where=tuple(
            f"{frame.f_code.co_name} ({frame.f_code.co_filename}:{frame.f_lineno})"
            for frame in frames[:_MOST_FRAMES]
        ),
    )


def _frames(frame: FrameType | None) -> Sequence[FrameType]:
    found: list[FrameType] = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _jobs_of(frame: FrameType) -> Iterator[BegunJob]:
    for value in frame.f_locals.values():
        if isinstance(value, BegunJob):
            yield value
