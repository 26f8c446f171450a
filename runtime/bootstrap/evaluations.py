"""Find the dashboard that is installed, and let it show the runs below the operator's folder."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, cast

from runtime.bootstrap.ending import when_told_to_end
from runtime.services.evaluations.dashboards import Dashboards, Opener

GROUP: Final = "plangate.dashboards"
"""Entry points under which distributions offer to show runs."""
NAME: Final = "runs"


def open_dashboards(folder: Path | None, stack: AsyncExitStack) -> Dashboards:
    """Return what lends dashboards; nothing is loaded or opened before somebody looks.

    Args:
        folder: where folders of organizations are; None: nothing is shown.
        stack: closes them in the end.
    """
    dashboards = Dashboards(folder=folder, opener=installed)
    stack.push_async_callback(dashboards.close)
    stack.enter_context(when_told_to_end(dashboards.end))
    return dashboards


@cache
def installed() -> Opener | None:
    """Load what opens a dashboard; None: no distribution offers one."""
    for found in entry_points(group=GROUP, name=NAME):
        return cast("Opener", found.load())  # what the group is for
    return None
