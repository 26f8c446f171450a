"""Run commands in processes that find what is installed in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PROGRAM: Final = "from runtime.entrypoints.cli.main import main; main()"
LONGEST_S: Final = 120


def environ(site: Path, **variables: str) -> dict[str, str]:
    """Return the variables of a process that finds what is installed in a folder."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PLANGATE_")}
    return {**kept, **variables, "PYTHONPATH": os.pathsep.join((str(site), str(ROOT)))}


def plangate(site: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours to its end."""
    return python(site, PROGRAM, *arguments, **variables)


def python(
    site: Path, program: str, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environ(site, **variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )
