"""Hold every command of `plangate eval` to the operator's choice of plugins."""

from __future__ import annotations

from harness.bootstrap import ConfigurationError, admit_plugins
from harness.cli.reading import complain
from harness.settings import HarnessSettings


def admit_command(settings: HarnessSettings) -> int:
    """Say what may be imported; return the exit code of a choice that can't be read, or 0."""
    try:
        admit_plugins(settings)
    except ConfigurationError as error:
        return complain(error)
    return 0
