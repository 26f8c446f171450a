"""Check what the page says of models among each other."""

from pathlib import Path

import pytest

from harness.record import read_run
from harness.reporting.contest import Contest, contest_of
from tests.unit.harness.reporting.builders import (
    a_failed_trial,
    a_lost_trial,
    a_model,
    a_run,
    a_trial,
)

NAMES = ("m/good", "m/same", "m/weak")


def _contest(folder: Path, *, costs: tuple[int | None, ...] = (300, 100, 200)) -> Contest:
    trials = []
    for number in range(30):
        for model, cost in zip(NAMES, costs, strict=True):
            bad = model == "m/weak" and number < 12
            make = a_failed_trial if bad else a_trial
            trials.append(make(f"s-{number:02}", model, cost_micros=cost))
    models = [a_model(name, offline=False) for name in NAMES]
    found = contest_of(read_run(a_run(folder, trials, models=models)))
    assert found is not None
    return found


def test_groups_stand_instead_of_ranks(tmp_path: Path) -> None:
    """Equal models share a group, the weak one is alone."""
    found = _contest(tmp_path)

    assert [row.contestant.name for row in found.rows] == list(NAMES)
    assert [row.groups for row in found.rows] == [(True, False), (True, False), (False, True)]
    assert "share a group" in found.sentence


def test_front_and_who_beats_are_told_by_key(tmp_path: Path) -> None:
    """The cheaper one of two equals is on the front."""
    found = _contest(tmp_path)

    assert [(row.key, row.front, row.beaten_by) for row in found.rows] == [
        ("A", False, "B"),
        ("B", True, None),
        ("C", False, "B"),
    ]
    assert [row.cost_micros for row in found.rows] == [300_000, 100_000, 200_000]


def test_the_matrix_has_each_pair_once(tmp_path: Path) -> None:
    """A row is the better model's, so differences are never negative."""
    (first, ab_ac), (second, rest) = _contest(tmp_path).matrix

    assert (first.key, second.key) == ("A", "B")
    assert [pair.worse for pair in ab_ac if pair] == ["m/same", "m/weak"]
    assert rest[0] is None
    assert [pair.apart for pair in ab_ac if pair] == [False, True]
    assert rest[1] is not None
    assert rest[1].change == pytest.approx(0.4)


def test_marks_of_equals_do_not_hide_each_other(tmp_path: Path) -> None:
    """The same quality at the same price is two marks side by side."""
    panel = _contest(tmp_path, costs=(100, 100, 100)).panels[0]

    assert [mark.key for mark in panel.marks] == ["A", "B", "C"]
    assert panel.marks[1].x - panel.marks[0].x == pytest.approx(3.0)
    assert panel.marks[2].x == panel.marks[0].x
    assert panel.marks[2].y > panel.marks[0].y


@pytest.mark.parametrize(
    ("costs", "left_out", "first_tick"),
    [
        pytest.param((0, 100, 200), (), "free", id="free beside priced"),
        pytest.param((0, 0, 0), (), "free", id="all free"),
        pytest.param((None, 100, 200), ("A",), "$0", id="a price is unknown"),
    ],
)
def test_free_and_unknown_prices_are_not_mixed(
    tmp_path: Path, costs: tuple[int | None, ...], left_out: tuple[str, ...], first_tick: str
) -> None:
    """What costs nothing has its own place, what is unknown has none."""
    panel = _contest(tmp_path, costs=costs).panels[0]

    assert panel.left_out == left_out
    assert panel.x_ticks[0].text == first_tick
    assert len(panel.marks) == 3 - len(left_out)


@pytest.mark.parametrize(
    ("weak", "sentence"),
    [
        pytest.param(False, "No two models are told apart", id="all alike"),
        pytest.param(True, "Every two models are told apart.", id="all apart"),
    ],
)
def test_the_sentence_says_what_the_groups_mean(
    tmp_path: Path, sentence: str, *, weak: bool
) -> None:
    """A reader need not know what a group is."""
    trials = [a_trial(f"s-{n:02}", "m/a") for n in range(20)]
    trials += [(a_failed_trial if weak else a_trial)(f"s-{n:02}", "m/b") for n in range(20)]

    found = contest_of(read_run(a_run(tmp_path, trials)))

    assert found is not None
    assert found.sentence.startswith(sentence)


def test_one_model_is_no_contest(tmp_path: Path) -> None:
    """A model that lost everything is nobody to compare with."""
    trials = [a_trial(model="m/a"), a_lost_trial(model="m/b")]

    assert contest_of(read_run(a_run(tmp_path, trials))) is None


def test_many_models_have_numbers_for_keys(tmp_path: Path) -> None:
    """The alphabet ends before the models do."""
    trials = [a_trial(model=f"m/{n:02}") for n in range(27)]
    found = contest_of(read_run(a_run(tmp_path, trials)))

    assert found is not None
    assert [row.key for row in found.rows][24:] == ["Y", "Z", "27"]
