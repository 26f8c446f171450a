"""Learn that a process is to end: by a signal, or because who started it is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
AT_ONCE: Final = 130
"""The exit code of a process that somebody could not wait for."""


@dataclass(slots=True)
class ToldToEnd:
    """Hold what a process was told: to end in order, then without waiting for what runs.

    Attributes:
        why: why it is to end; empty before it is.
        leave: ends the process without anything.
    """

    why: str = ""
    orderly: asyncio.Event = field(default_factory=asyncio.Event)
    hurried: asyncio.Event = field(default_factory=asyncio.Event)
    leave: Callable[[int], object] = os._exit

    def end(self, why: str) -> None:
        """Note that the process is to end; a reason that was there first is kept."""
        self.why = self.why or why
        self.orderly.set()

    def signalled(self, number: signal.Signals) -> None:
        """Take a signal: the first ends in order, the second hurries, the third is obeyed."""
        if self.hurried.is_set():
            self.leave(AT_ONCE)
        if self.orderly.is_set():
            self.hurried.set()
        self.end(number.name)


@contextmanager
def told_to_end(*, ignored: tuple[signal.Signals, ...] = ()) -> Iterator[ToldToEnd]:
    """Note signals to this process, in its main thread, while the block runs.

    Args:
        ignored: signals that are somebody else's to act on.
    """
    told, loop = ToldToEnd(), asyncio.get_running_loop()
    for number in SIGNALS:
        if number in ignored:
            loop.add_signal_handler(number, _nothing)
        else:
            loop.add_signal_handler(number, told.signalled, number)
    try:
        yield told
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


async def standard_input() -> asyncio.StreamReader:
    """Return a reader of what a parent writes; its end is the parent's end."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def end_with_parent(told: ToldToEnd) -> None:
    """End this process in order once its standard input has ended; what comes there is not read."""
    reader = await standard_input()
    while await reader.read(1_024):
        continue
    told.end("who started it is gone")


def _nothing() -> None:
    """Do nothing at a signal."""
