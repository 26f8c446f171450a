"""Return the pages that `harness.reporting` makes of runs: one report, or two runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from harness.record import read_run
from harness.reporting.diff import render_diff
from harness.reporting.html import render_html
from harness.results import GATE, RESULTS, SUMMARY

REPORT: Final = "report.html"


def report_of(folder: Path, *, anew: bool = False) -> str:
    """Return a run's report as it was written, or, where that is missing or old, as it is now.

    Args:
        folder: the run's.
        anew: never as it was written: whoever wrote it may have written anything.

    Raises:
        RunError: the folder is damaged.
        OSError: a file can't be read.
    """
    written = folder / REPORT
    if not anew and _written_ns(written) >= max(
        _written_ns(folder / name) for name in (SUMMARY, GATE, RESULTS)
    ):
        return written.read_text(encoding="utf-8", errors="replace")
    return render_html(read_run(folder))


def comparison_of(base: Path, head: Path) -> str:
    """Return the page that shows two runs side by side.

    Raises:
        RunError: a folder is damaged, or the runs have no model in common.
        OSError: a file can't be read.
    """
    return render_diff(read_run(base), read_run(head))


def _written_ns(path: Path) -> int:
    """Return when a file was written; before everything else when there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return -1
