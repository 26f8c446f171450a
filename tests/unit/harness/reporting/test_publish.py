"""Check that a run folder gets its reports, the same each time."""

from pathlib import Path

from harness.reporting.publish import REPORTS, write_reports
from tests.unit.harness.reporting.builders import a_failed_trial, a_gate, a_run, a_trial


def test_every_report_is_written_and_repeatable(tmp_path: Path) -> None:
    """Reporting twice changes no byte."""
    folder = a_run(tmp_path, [a_trial(), a_failed_trial(index=1, answer="é ☃")], gate=a_gate())

    write_reports(folder)
    first = {name: (folder / name).read_bytes() for name in REPORTS}
    write_reports(folder)

    assert first == {name: (folder / name).read_bytes() for name in REPORTS}
    assert all(first.values())
    assert sorted(first) == ["junit.xml", "report.html", "summary.md"]
