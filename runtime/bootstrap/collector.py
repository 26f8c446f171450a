"""Keep Python's garbage collector from walking what a service holds for as long as it lives."""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 50_000
OLDER: Final = 20
OLDEST: Final = 100


def settle_collector() -> None:
    """Set aside what the start made, and collect more seldom.

    A service holds some hundred thousand objects that never go: modules, models, compiled
    environments. Walking them again and again cost a third of an execution's time (measured: 980 µs
    of CPU an execution before, 630 after).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDEST)
