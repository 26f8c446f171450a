"""Check what the list shows of one run folder."""

from pathlib import Path

import pytest

from harness.checks import Verdict
from harness.dashboard.card import RunCard, RunState
from harness.dashboard.folder import FRESH_S, RunFolder
from harness.record import read_run
from harness.results import SUMMARY, ResultsWriter
from harness.tracking.configuration import comparability_of
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_gate,
    a_lost_trial,
    a_run,
    a_trial,
)

LATE_S = 1e12
TRIALS = (a_trial(), a_failed_trial("b"), a_lost_trial("c"), a_trial(model="m/two"))


def looked(folder: Path, *, held: bool = False, now_s: float = LATE_S) -> RunCard:
    """Read a folder for the first time."""
    inodes = frozenset({(folder / ".lock").stat().st_ino}) if held else frozenset[int]()
    return RunFolder(folder, "shown").look(held=inodes, now_s=now_s)


def test_a_finished_run_shows_what_its_record_says(tmp_path: Path) -> None:
    """The few figures of the list are those of the strict reader."""
    folder = a_run(tmp_path, TRIALS, gate=a_gate(Verdict.REGRESSION))
    card, run = looked(folder), read_run(folder)

    assert (card.run, card.folder, card.state) == ("run_01", "shown", RunState.FINISHED)
    assert (card.verdict, card.scenarios, card.planned) == ("regression", 3, 6)
    for model in card.models:
        summary = run.summary_of(model.model)
        assert summary is not None
        assert model.pass_rate == summary.overall.pass_rate
        assert model.interval == summary.overall.interval
        assert (model.done, model.scored) == (summary.overall.trials, summary.overall.scored)
        assert model.cost_micros == summary.cost_micros
        assert model.comparability == comparability_of(run.manifest, model.model)
    assert [model.lost for model in card.models] == [0, 1]


@pytest.mark.parametrize(
    ("finished", "held", "state"),
    [
        pytest.param(True, False, RunState.FINISHED, id="ended"),
        pytest.param(False, False, RunState.STOPPED, id="its budget was spent"),
        pytest.param(False, True, RunState.RUNNING, id="resumed"),
        pytest.param(True, True, RunState.RUNNING, id="held, whatever it says"),
    ],
)
def test_the_lock_tells_what_goes_on(
    tmp_path: Path, *, finished: bool, held: bool, state: RunState
) -> None:
    """A run whose lock is held goes on, also when it ended before."""
    folder = a_run(tmp_path, TRIALS, finished=finished)

    assert looked(folder, held=held).state is state


def test_a_run_without_a_summary_goes_on_while_it_is_fresh(tmp_path: Path) -> None:
    """Where locks can't be seen the last write decides."""
    folder = a_run(tmp_path, TRIALS)
    (folder / SUMMARY).unlink()
    written_s = (folder / "results.jsonl").stat().st_mtime

    assert looked(folder, now_s=written_s + FRESH_S / 2).state is RunState.RUNNING
    assert looked(folder, now_s=written_s + FRESH_S * 2).state is RunState.STOPPED


def test_a_run_that_goes_on_counts_its_trials(tmp_path: Path) -> None:
    """Counts come from the results, without an interval, and grow from look to look."""
    folder = a_run(tmp_path, [a_trial(), a_failed_trial("b")])
    (folder / SUMMARY).unlink()
    followed = RunFolder(folder, "shown")
    held = frozenset({(folder / ".lock").stat().st_ino})
    first = followed.look(held=held, now_s=LATE_S).models[0]
    with ResultsWriter(folder) as writer:
        writer.write(a_trial("c"))
    second = followed.look(held=held, now_s=LATE_S).models[0]

    assert (first.done, first.pass_rate, first.interval, first.findings) == (2, 0.5, None, 1)
    assert second.done == 3
    assert second.pass_rate == pytest.approx(2 / 3)


def test_an_unchanged_folder_is_not_read_again(tmp_path: Path) -> None:
    """The same card comes back, and another one once a file changed."""
    followed = RunFolder(a_run(tmp_path, TRIALS), "shown")
    first = followed.look(held=frozenset(), now_s=LATE_S)
    again = followed.look(held=frozenset(), now_s=LATE_S)
    a_run(tmp_path, TRIALS, gate=a_gate(Verdict.PASS))

    assert again is first
    assert followed.look(held=frozenset(), now_s=LATE_S).verdict == "pass"


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        pytest.param("manifest.json", "{", "manifest.json is damaged", id="manifest"),
        pytest.param("manifest.json", '{"version": 99}', "version 99", id="newer manifest"),
        pytest.param("summary.json", "[", "summary.json", id="summary"),
        pytest.param("summary.json", '{"version": 99}', "version 99", id="newer summary"),
    ],
)
def test_a_damaged_folder_says_what_is_wrong(
    tmp_path: Path, file: str, text: str, told: str
) -> None:
    """The message is that of the strict reader, and a repaired folder is read again."""
    folder = a_run(tmp_path, TRIALS)
    whole = (folder / file).read_text()
    followed = RunFolder(folder, "shown")
    (folder / file).write_text(text)
    damaged = followed.look(held=frozenset(), now_s=LATE_S)
    (folder / file).write_text(whole)

    assert damaged.state is RunState.DAMAGED
    assert told in damaged.problem
    assert followed.look(held=frozenset(), now_s=LATE_S).state is RunState.FINISHED


def test_damaged_results_are_told(tmp_path: Path) -> None:
    """A stopped run with a line that is no trial names the line."""
    folder = a_run(tmp_path, [a_trial()])
    (folder / SUMMARY).unlink()
    (folder / "results.jsonl").write_text("{}\n")

    assert "results.jsonl:1" in looked(folder).problem


def test_a_model_without_trials_is_shown_without_figures(tmp_path: Path) -> None:
    """A model that the summary lacks was asked for, so it has its row."""
    models = [
        {"reference": name, "label": "offline", "offline": True} for name in (ORACLE, "m/unasked")
    ]
    card = looked(a_run(tmp_path, [a_trial()], models=models))

    assert [(item.model, item.pass_rate) for item in card.models] == [
        (ORACLE, 1.0),
        ("m/unasked", None),
    ]
