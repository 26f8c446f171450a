"""Log a finished run from a child process, so that whatever goes wrong leaves the run complete."""

from __future__ import annotations

from pathlib import Path

from harness.settings import HarnessSettings
from harness.tracking.child import LOG, TIMEOUT_S, TrackingError, answer_of

TRACES_FLAG = "--traces"


def track_run(
    folder: Path,
    settings: HarnessSettings,
    *,
    traces: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> str | None:
    """Log a run; return what went wrong in one line, or None.

    Args:
        folder: the finished run.
        settings: where to log, and the environment for it.
        traces: log a trace of every trial as well.
        timeout_s: how long it may take.
    """
    flags = [TRACES_FLAG] if traces else []
    try:
        answer_of(LOG, [str(folder), *flags], settings, timeout_s=timeout_s)
    except TrackingError as error:
        return str(error)
    return None
