"""Prove the exact tests over a history against published figures and plain counting."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from harness.stats.change import (
    Change,
    Counts,
    Split,
    chance_of_as_many,
    change_point,
    fisher_p,
    halves,
    splits,
    stable_end,
    total,
)

PASSING = Counts(passed=5)
FAILING = Counts(failed=5)
MIXED = Counts(passed=3, failed=2)


def spread_p(one: Counts, other: Counts) -> float:
    """Count every way to spread the failures over the trials, one by one."""
    trials, failed = one.trials + other.trials, one.failed + other.failed
    ways = [
        sum(place < one.trials for place in places)
        for places in combinations(range(trials), failed)
    ]
    frequency = {count: ways.count(count) for count in set(ways)}
    rare = [count for count in frequency if frequency[count] <= frequency[one.failed]]
    return sum(frequency[count] for count in rare) / len(ways)


@pytest.mark.parametrize(
    ("one", "other", "p_value"),
    [
        pytest.param(Counts(passed=3, failed=1), Counts(passed=1, failed=3), 0.48571429, id="tea"),
        pytest.param(Counts(passed=10), Counts(failed=10), 2 / math.comb(20, 10), id="all moved"),
        pytest.param(Counts(passed=4), Counts(passed=9), 1.0, id="nothing failed"),
        pytest.param(Counts(), Counts(passed=1, failed=1), 1.0, id="nothing on one side"),
        pytest.param(Counts(passed=1, failed=9), Counts(passed=11, failed=3), 0.00275946, id="2x2"),
    ],
)
def test_fisher_gives_the_known_figure(one: Counts, other: Counts, p_value: float) -> None:
    """Two-sided, and the same whichever group comes first."""
    assert fisher_p(one, other) == pytest.approx(p_value, abs=1e-8)
    assert fisher_p(other, one) == pytest.approx(p_value, abs=1e-8)


@pytest.mark.parametrize("failed", range(5))
@pytest.mark.parametrize("others", range(4))
def test_fisher_agrees_with_counting_every_way(failed: int, others: int) -> None:
    """An implementation that shares nothing with ours."""
    one, other = Counts(passed=4 - failed, failed=failed), Counts(passed=6 - others, failed=others)

    assert fisher_p(one, other) == pytest.approx(spread_p(one, other), abs=1e-12)


def test_a_history_is_cut_between_its_runs_only() -> None:
    """A side without trials says nothing, and a run without trials makes no new cut."""
    cuts = splits([Counts(), PASSING, Counts(), FAILING, Counts()])

    assert cuts == (Split(at=2, before=PASSING, after=FAILING),)
    assert splits([PASSING]) == splits([]) == ()


@pytest.mark.parametrize(
    ("history", "at"),
    [
        pytest.param([PASSING] * 4, 2, id="even"),
        pytest.param([Counts(passed=20), PASSING, PASSING], 1, id="a long first run"),
        pytest.param([PASSING, PASSING, Counts(passed=9)], 2, id="a long last run"),
    ],
)
def test_halves_have_about_as_many_trials(history: list[Counts], at: int) -> None:
    """Not as many runs."""
    cut = halves(history)

    assert cut is not None
    assert cut.at == at
    assert cut.before.plus(cut.after) == total(history)


def test_a_history_of_one_run_has_no_halves_and_no_change() -> None:
    """There is no before and after."""
    assert halves([MIXED]) is None
    assert change_point([MIXED]) is None
    assert stable_end([MIXED]) == 0


def test_the_most_visible_change_is_named_and_paid_for() -> None:
    """Its p-value is multiplied by the number of cuts that were looked at."""
    found = change_point([PASSING, PASSING, FAILING, FAILING, FAILING])

    split = Split(at=2, before=Counts(passed=10), after=Counts(failed=15))
    expected = 4 / math.comb(25, 10)
    assert isinstance(found, Change)
    assert found.split == split
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_a_p_value_is_at_most_one() -> None:
    """However many cuts there were."""
    found = change_point([MIXED] * 9)

    assert found is not None
    assert found.p_value == 1.0


@pytest.mark.parametrize(
    ("events", "trials", "rate", "chance"),
    [
        pytest.param(0, 10, 0.01, 1.0, id="no event is needed"),
        pytest.param(1, 10, 0.1, 1 - 0.9**10, id="at least one"),
        pytest.param(10, 10, 0.5, 0.5**10, id="all of them"),
        pytest.param(1, 5, 0.0, 0.0, id="never"),
        pytest.param(5, 5, 1.0, 1.0, id="always"),
    ],
)
def test_the_tail_of_a_binomial(events: int, trials: int, rate: float, chance: float) -> None:
    """At least as many as were seen."""
    assert chance_of_as_many(events, trials, rate=rate) == pytest.approx(chance, abs=1e-12)


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([PASSING, PASSING, MIXED, MIXED, MIXED], id="stable at first"),
        pytest.param([MIXED, MIXED, MIXED, PASSING, PASSING], id="stable at last"),
        pytest.param([FAILING, FAILING, MIXED, MIXED, MIXED], id="never passed at first"),
        pytest.param([MIXED, MIXED, MIXED, FAILING, FAILING], id="never passes any more"),
    ],
)
def test_a_stable_end_is_seen_at_either_end_and_for_either_verdict(history: list[Counts]) -> None:
    """Ten equal verdicts beside fifteen mixed ones."""
    own = (9 + 1) / (15 + 2)
    likelier = own if FAILING not in history else 1 - own

    assert stable_end(history) == pytest.approx((0.99 / likelier) ** 10)


def test_the_larger_side_is_no_end() -> None:
    """Of fifteen equal verdicts before five mixed ones, ten may be a beginning."""
    found = stable_end([PASSING, PASSING, PASSING, MIXED])

    assert found == pytest.approx((0.99 / (9 / 12)) ** 10)


def test_a_likelihood_beyond_floats_is_still_a_figure() -> None:
    """Histories may be long."""
    long = [Counts(passed=1_000), Counts(passed=10, failed=2_000)]

    assert math.isfinite(stable_end(long))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: Counts(passed=-1), id="negative passes"),
        pytest.param(lambda: Counts(failed=-1), id="negative failures"),
        pytest.param(lambda: chance_of_as_many(3, 2, rate=0.5), id="more events than trials"),
        pytest.param(lambda: chance_of_as_many(-1, 2, rate=0.5), id="negative events"),
        pytest.param(lambda: chance_of_as_many(1, 2, rate=1.5), id="no rate"),
    ],
)
def test_counts_that_no_experiment_has_are_refused(wrong: object) -> None:
    """The message tells what was expected."""
    assert callable(wrong)
    with pytest.raises(ValueError, match="expected"):
        wrong()
