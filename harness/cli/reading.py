"""Read scenarios for a command, and complain about what is wrong in the way of all commands."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.loader import ScenarioSet, load

CONFIGURATION = 5


def read_scenarios(paths: tuple[Path, ...]) -> ScenarioSet:
    """Read scenario files; names in messages are relative to the working folder.

    Raises:
        SourceError: with every problem of every file.
    """
    return load(paths, root=Path())


def complain(error: Exception) -> int:
    """Print what is wrong and return the exit code for a wrong configuration."""
    print(error, file=sys.stderr)  # noqa: T201  # a command talks to its user
    return CONFIGURATION
