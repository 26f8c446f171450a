"""Check that a results file is followed while it grows."""

from pathlib import Path

import pytest

from harness.dashboard.progress import Progress
from harness.results import ResultsWriter
from harness.trial import TrialRecord
from tests.unit.harness.reporting.builders import ORACLE, a_failed_trial, a_lost_trial, a_trial


def write(folder: Path, *records: TrialRecord) -> None:
    """Append trials as a run does."""
    with ResultsWriter(folder) as writer:
        for record in records:
            writer.write(record)


def counted(progress: Progress, model: str = ORACLE) -> tuple[int, int, int, int]:
    """Read on and return passed, scored, lost and findings."""
    progress.read_on()
    found = progress.by_model[model]
    return (found.passed, found.scored, found.lost, found.findings)


def test_each_look_counts_what_was_appended(tmp_path: Path) -> None:
    """Nothing is counted twice, and every kind of trial has its place."""
    progress = Progress(tmp_path / "results.jsonl")
    write(tmp_path, a_trial(), a_failed_trial("b"))
    first = counted(progress)
    write(tmp_path, a_trial("c"), a_lost_trial("d"))

    assert first == (1, 2, 0, 1)
    assert counted(progress) == (2, 3, 1, 1)
    assert counted(progress) == (2, 3, 1, 1)


def test_models_are_counted_apart(tmp_path: Path) -> None:
    """Each model has its own counts and share."""
    write(tmp_path, a_trial(model="m/one"), a_failed_trial(model="m/two"))
    progress = Progress(tmp_path / "results.jsonl")
    progress.read_on()

    assert progress.by_model["m/one"].pass_rate == 1.0
    assert progress.by_model["m/two"].pass_rate == 0.0


def test_a_line_that_is_still_being_written_waits(tmp_path: Path) -> None:
    """Half a line is counted once it is whole."""
    write(tmp_path, a_trial(), a_trial("b"))
    path = tmp_path / "results.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    progress = Progress(path)
    before = counted(progress)
    with path.open("ab") as file:
        file.write(whole[-20:])

    assert before == (1, 1, 0, 0)
    assert counted(progress) == (2, 2, 0, 0)


def test_a_file_that_was_rewritten_is_counted_anew(tmp_path: Path) -> None:
    """Resuming drops lost trials, so the old counts are void."""
    progress = Progress(tmp_path / "results.jsonl")
    write(tmp_path, a_trial(), a_lost_trial("b"))
    before = counted(progress)
    write(tmp_path, a_trial("b"), a_trial("c"))

    assert before == (1, 1, 1, 0)
    assert counted(progress) == (3, 3, 0, 0)


def test_a_run_without_results_has_no_counts(tmp_path: Path) -> None:
    """A run that has only begun is no error."""
    progress = Progress(tmp_path / "results.jsonl")
    progress.read_on()

    assert dict(progress.by_model) == {}


@pytest.mark.parametrize(
    "line", [pytest.param("no json", id="text"), pytest.param("{}", id="empty object")]
)
def test_a_line_that_is_no_trial_is_told(tmp_path: Path, line: str) -> None:
    """Damage is not counted as a trial."""
    (tmp_path / "results.jsonl").write_text(f"{line}\n")

    with pytest.raises(ValueError, match="line"):
        Progress(tmp_path / "results.jsonl").read_on()
