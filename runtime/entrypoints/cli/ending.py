"""Let SIGTERM end a command as Ctrl-C does: everything that was begun is ended in order."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """Somebody told us to end, not by Ctrl-C."""


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """Raise `Terminated` on SIGTERM while the block runs."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
