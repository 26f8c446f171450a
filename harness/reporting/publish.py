"""Write every report of a run into its folder; the same run gives the same bytes."""

from __future__ import annotations

from pathlib import Path

from harness.record import read_run
from harness.reporting.diff import write_diff
from harness.reporting.html import render_html
from harness.reporting.junit import render_junit
from harness.reporting.markdown import render_markdown
from harness.reporting.sarif import render_sarif
from harness.results import MANIFEST

BASE = "base"
DIFF = "diff.html"
REPORTS = {
    "report.html": render_html,
    "junit.xml": render_junit,
    "findings.sarif": render_sarif,
    "summary.md": render_markdown,
}


def write_reports(run_dir: Path) -> None:
    """Write the page, the JUnit file, the findings and the Markdown summary.

    A run that was made against another revision has that one's run in a folder of its own, and
    gets both side by side as well.

    Raises:
        RunError: the folder is no run, or is damaged.
    """
    run = read_run(run_dir).held()
    for name, render in REPORTS.items():
        (run_dir / name).write_bytes(render(run).encode("utf-8", errors="replace"))
    if (run_dir / BASE / MANIFEST).exists():
        write_diff(read_run(run_dir / BASE).held(), run, run_dir / DIFF)
