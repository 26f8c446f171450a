"""Carry out `plangate eval import traces`: traces become skeletons to review."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from harness.cli.reading import CONFIGURATION, complain
from harness.importing.files import OutputError
from harness.importing.traces import ImportedTraces, import_traces, write_new
from harness.importing.traces_read import read_traces
from harness.settings import HarnessSettings
from harness.tracking.child import TrackingError
from harness.tracking.stored import stored_traces
from harness.yaml_source import SourceError
from runtime.public import JsonObject

MOST_TRACES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesOptions:
    """Hold the command line.

    Attributes:
        file: an export of traces; None reads the tracking store.
        experiment: whose traces to read where there is no file.
        environment: where traces that don't say it happened; may be empty.
        names: names to replace besides those that are found.
        limit: how many traces of a store to read, newest first.
    """

    file: Path | None
    output: Path
    experiment: str = "plangate"
    environment: str = ""
    names: tuple[str, ...] = ()
    limit: int = MOST_TRACES


def import_traces_command(options: TracesOptions) -> int:
    """Import traces; name every one that could not be used, and list what was replaced.

    Returns:
        0 when each trace was imported or named; 5 when nothing can be read, written or used.
    """
    try:
        imported = import_traces(
            _traces(options),
            source=options.file.name if options.file is not None else options.experiment,
            environment=options.environment,
            names=options.names,
        )
        write_new(options.output, imported.files)
    except (SourceError, OutputError, TrackingError) as error:
        return complain(error)
    for problem in imported.problems:
        print(problem, file=sys.stderr)  # noqa: T201  # a command talks to its user
    Console(soft_wrap=True).print(_summary(imported, options.output), highlight=False, markup=False)
    return 0 if imported.scenarios else CONFIGURATION


def _traces(options: TracesOptions) -> list[JsonObject]:
    if options.file is not None:
        return read_traces(options.file)
    return stored_traces(options.experiment, HarnessSettings.read(), limit=options.limit)


def _summary(imported: ImportedTraces, output: Path) -> str:
    counts = (
        f"{imported.scenarios} scenarios imported, {imported.repeated} traces say the same, "
        f"{len(imported.problems)} not used"
    )
    if not imported.scenarios:
        return f"{counts}; nothing was written."
    listed = ", ".join(f"{name} {count}x" for name, count in imported.replaced.items())
    return (
        f"{counts}. Written to {output}.\n"
        f"Replaced: {listed or 'nothing'}.\n"
        "Review each expectation, and read the texts for names that nothing gave away."
    )
