"""Carry out the commands that turn other people's test data into scenarios."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from harness.cli.reading import CONFIGURATION, complain
from harness.importing.bfcl import Imported, import_bfcl
from harness.importing.bfcl_files import OutputError, write_files
from harness.prepared import prepare
from harness.yaml_source import SourceError


def import_bfcl_command(file: Path, *, answers: Path | None, output: Path) -> int:
    """Import a file of the Berkeley leaderboard; name every line that could not be used.

    Returns:
        0 when each line was imported or named; 5 when a file can't be read, the folder can't be
        written to, or no line could be used.
    """
    try:
        imported = import_bfcl(file, answers, check=prepare)
        if imported.scenarios:
            write_files(output, imported.name, imported.files)
    except (SourceError, OutputError) as error:
        return complain(error)
    for problem in imported.problems:
        print(problem, file=sys.stderr)  # noqa: T201  # a command talks to its user
    Console(soft_wrap=True).print(_summary(imported, output), highlight=False, markup=False)
    return 0 if imported.scenarios else CONFIGURATION


def _summary(imported: Imported, output: Path) -> str:
    counts = f"{imported.scenarios} scenarios imported, {len(imported.problems)} lines not"
    if not imported.scenarios:
        return f"{counts}; nothing was written."
    mended = f"{imported.mended} mended as their provenance says" if imported.mended else ""
    return f"{'; '.join(filter(None, (counts, mended)))}. Written to {output}."
