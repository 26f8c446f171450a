"""Write every report of a run into its folder; the same run gives the same bytes."""

from __future__ import annotations

from pathlib import Path

from harness.record import read_run
from harness.reporting.html import render_html
from harness.reporting.junit import render_junit
from harness.reporting.markdown import render_markdown

REPORTS = {
    "report.html": render_html,
    "junit.xml": render_junit,
    "summary.md": render_markdown,
}


def write_reports(run_dir: Path) -> None:
    """Write the page, the JUnit file and the Markdown summary.

    Raises:
        RunError: the folder is no run, or is damaged.
    """
    run = read_run(run_dir)
    for name, render in REPORTS.items():
        (run_dir / name).write_bytes(render(run).encode("utf-8", errors="replace"))
