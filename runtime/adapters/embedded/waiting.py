"""Wait in small steps, for as long as it makes sense."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from runtime.kit.clock import Clock, SystemClock

LOOK_S: Final = 0.005  # how often to look whether something has happened


def pauses(
    seconds: float, *, stop: threading.Event | None = None, clock: Clock | None = None
) -> Callable[[], bool]:
    """Return what waits a little and says whether to look again.

    Args:
        seconds: how long it says so.
        stop: ends all waiting when it is set.
        clock: what measures the seconds.
    """
    measure = (clock or SystemClock()).monotonic_s
    ended = stop or threading.Event()
    end = measure() + seconds

    def pause() -> bool:
        return not ended.wait(LOOK_S) and measure() < end

    return pause
