"""End a child process: nothing on success, one line on stderr for its parent otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable


def told(work: Callable[[], None]) -> int:
    """Do the work of a child process and return its exit code."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  # the edge of this process; its parent shows the line
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        print(reason, file=sys.stderr)  # noqa: T201  # to the parent process
        return 1
    return 0
