"""Learn that the server was told to end, before it waits for the requests that it still serves.

A server closes the app once its last request is answered, so a request that waits for something
would hold up the end for as long as it may wait. Servers take note of signals by handlers of their
own; these are called as before.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

TOLD_BY: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def when_told_to_end(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` in this event loop when the process is told to end while the block runs.

    Only where somebody takes note of the signal already, and in the main thread, where Python lets
    handlers be set.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in TOLD_BY}

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            if callable(handler) and signal.getsignal(number) is told:
                signal.signal(number, handler)
