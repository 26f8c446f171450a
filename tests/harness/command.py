"""Start the real command in a child process, and read what it said."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from runtime.public import JsonValue

PLANGATE: Final = Path(sys.executable).with_name("plangate")
LONGEST_S: Final = 55


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Hold how a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> JsonValue:
        """Read the output as JSON."""
        return orjson.loads(self.out)


def started(*arguments: str | Path, folder: Path) -> subprocess.Popen[str]:
    """Start the command in a folder, without an MLflow log."""
    return subprocess.Popen(
        [PLANGATE, *map(str, arguments)],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(child: subprocess.Popen[str]) -> Ran:
    """Wait for a command and return how it ended."""
    out, err = child.communicate(timeout=LONGEST_S)
    return Ran(code=child.returncode, out=out, err=err)


def plangate(*arguments: str | Path, folder: Path) -> Ran:
    """Run the command in a folder."""
    return ended(started(*arguments, folder=folder))


def eval_run(*arguments: str | Path, folder: Path) -> Ran:
    """Run `plangate eval run` without tracking, with JSON output, into the folder `run`."""
    given = () if "--resume" in arguments else ("--output", "run")
    return plangate("eval", "run", *arguments, *given, "--no-track", "--json", folder=folder)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    return {**kept, "CI": "1", "COLUMNS": "200"}
