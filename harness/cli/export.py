"""Carry out `plangate eval export`: the results of runs as Parquet, CSV or JSON lines."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from harness.bootstrap import ConfigurationError
from harness.cli.reading import complain
from harness.results import RunError

NEEDS = {".parquet": ("pandas", "pyarrow"), ".csv": ("pandas",), ".jsonl": ("pandas",)}
"""File endings that can be written, with the packages that it takes."""


def export_command(folders: tuple[Path, ...], *, output: Path) -> int:
    """Write one row a trial into a file whose ending says the format."""
    try:
        rows = _export(folders, output)
    except (ConfigurationError, RunError) as error:
        return complain(error)
    except OSError as error:
        return complain(ConfigurationError(f"{output} can't be written: {error.strerror or error}"))
    Console(soft_wrap=True).print(f"Wrote {rows} trials to {output}", highlight=False, markup=False)
    return 0


def _export(folders: tuple[Path, ...], output: Path) -> int:
    needed = NEEDS.get(output.suffix)
    if needed is None:
        raise ConfigurationError(
            f"{output} ends in '{output.suffix}', expected one of {', '.join(NEEDS)}"
        )
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ConfigurationError(f"{missing[0]} is not installed; install plangate[eval]")
    from harness.tracking.frame import results_frame, write_frame  # noqa: PLC0415  # needs pandas

    frame = results_frame(*folders)
    write_frame(frame, output)
    return len(frame)
