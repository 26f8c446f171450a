"""Check that a run is read back whole, and that damage is named."""

from pathlib import Path

import pytest

from harness.record import read_run
from harness.results import GATE, MANIFEST, RESULTS, SUMMARY, RunError
from harness.summary import Tally
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_gate,
    a_lost_trial,
    a_run,
    a_trial,
)

TRIALS = (a_trial(index=0), a_failed_trial(index=1), a_lost_trial(index=2))


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Trials, figures and gate are equal to what the runner had."""
    tally = Tally()
    for record in TRIALS:
        tally.add(record)
    run = read_run(a_run(tmp_path, TRIALS, gate=a_gate()))

    assert tuple(run.trials()) == TRIALS
    assert run.summary.models == tally.models()
    assert run.gate == a_gate()
    assert (run.summary.finished, run.summary.wall_s) == (True, 12.5)


def test_a_killed_run_is_counted_from_its_trials(tmp_path: Path) -> None:
    """Without a summary the figures are made anew, and the run is not finished."""
    folder = a_run(tmp_path, TRIALS)
    whole = read_run(folder).summary.models
    (folder / SUMMARY).unlink()

    run = read_run(folder)

    assert run.summary.models == whole
    assert not run.summary.finished
    assert run.gate is None


def test_a_line_that_broke_off_is_dropped(tmp_path: Path) -> None:
    """A crash while writing costs the last trial only."""
    folder = a_run(tmp_path, TRIALS)
    content = (folder / RESULTS).read_bytes()
    (folder / RESULTS).write_bytes(content[:-30])

    assert tuple(read_run(folder).trials()) == TRIALS[:2]


def test_a_damaged_line_is_named_by_file_and_line(tmp_path: Path) -> None:
    """Damage in the middle is an error that says where."""
    folder = a_run(tmp_path, TRIALS)
    lines = (folder / RESULTS).read_bytes().splitlines(keepends=True)
    (folder / RESULTS).write_bytes(lines[0] + b'{"version":1}\n' + lines[2])

    with pytest.raises(RunError, match=r"results\.jsonl:2: no trial record"):
        list(read_run(folder).trials())


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        pytest.param(SUMMARY, b"{\n!", r"summary\.json:2: damaged", id="no JSON"),
        pytest.param(SUMMARY, b'{"version":9}', "version 9; this program reads 2", id="newer"),
        pytest.param(SUMMARY, b"[]", "version None", id="no object"),
        pytest.param(SUMMARY, b'{"version":2}', "models: Field required", id="fields missing"),
        pytest.param(
            SUMMARY, b'{"version":2,"models":[{}]}', "and 13 more", id="many fields missing"
        ),
        pytest.param(GATE, b'{"verdict":"fine"}', r"gate\.json is damaged: verdict", id="verdict"),
        pytest.param(MANIFEST, b"{}", "version None", id="manifest"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(
    tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    """The message names the file and what was expected of it."""
    folder = a_run(tmp_path, TRIALS, gate=a_gate())
    (folder / name).write_bytes(content)

    with pytest.raises(RunError, match=complaint):
        read_run(folder)


def test_a_model_without_trials_has_no_figures(tmp_path: Path) -> None:
    """Asking for a model that never ran answers None."""
    run = read_run(a_run(tmp_path, TRIALS))

    assert run.summary_of("other/model") is None
    found = run.summary_of(ORACLE)
    assert found is not None
    assert found.overall.trials == len(TRIALS)
