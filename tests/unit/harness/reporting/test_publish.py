"""Check that a run folder gets its reports, the same each time."""

from pathlib import Path

from harness.reporting.publish import BASE, DIFF, REPORTS, write_reports
from tests.unit.harness.reporting.builders import a_failed_trial, a_gate, a_run, a_trial


def test_every_report_is_written_and_repeatable(tmp_path: Path) -> None:
    """Reporting twice changes no byte."""
    folder = a_run(tmp_path, [a_trial(), a_failed_trial(index=1, answer="é ☃")], gate=a_gate())

    write_reports(folder)
    first = {name: (folder / name).read_bytes() for name in REPORTS}
    write_reports(folder)

    assert first == {name: (folder / name).read_bytes() for name in REPORTS}
    assert all(first.values())
    assert sorted(first) == ["findings.sarif", "junit.xml", "report.html", "summary.md"]


def test_a_run_against_another_revision_gets_both_side_by_side(tmp_path: Path) -> None:
    """The base's run lies in a folder of its own; without it there is no such page."""
    folder = a_run(tmp_path, [a_failed_trial()])
    write_reports(folder)
    assert not (folder / DIFF).exists()
    a_run(folder / BASE, [a_trial()], run="run_00")

    write_reports(folder)

    assert b"<h1>1 change</h1>" in (folder / DIFF).read_bytes()


def test_two_replays_have_the_same_reports(tmp_path: Path) -> None:
    """When they were made is nowhere in them."""
    found = []
    for name in ("2026-03-02T10:00:00+00:00", "2027-03-02T10:00:00+00:00"):
        trials = [a_trial(), a_failed_trial(index=1)]
        folder = a_run(tmp_path / name, trials, replays=True, created=name, gate=a_gate())
        write_reports(folder)
        found.append({report: (folder / report).read_bytes() for report in REPORTS})

    assert found[0] == found[1]
