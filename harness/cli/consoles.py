"""Open the console of a command: as wide as the terminal, and wide enough where there is none."""

from __future__ import annotations

from rich.console import Console

from harness.settings import HarnessSettings

WIDE = 140
"""Columns in a pipe or a log, where nothing is folded anyway; COLUMNS says otherwise."""


def wide_console(*, stderr: bool = False) -> Console:
    """Return a console; tables in a log keep their words whole."""
    console = Console(stderr=stderr, emoji=False)
    if console.is_terminal or HarnessSettings.read().environ.get("COLUMNS"):
        return console
    return Console(stderr=stderr, emoji=False, width=WIDE)
