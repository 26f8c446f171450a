"""Laws of finding flakes: a coin is found in twelve runs, and neither change nor calm is one."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.flakiness import Standing, standing_of
from harness.stats.change import Counts, change_point, fisher_p, splits, stable_end, total

SIMULATIONS = 1_000
PERIODS = st.lists(
    st.builds(Counts, passed=st.integers(0, 6), failed=st.integers(0, 6)), max_size=12
)


def share_proposed(rates: list[float], *, trials: int) -> float:
    """Return how often a scenario with these pass rates, one a run, is called flaky."""
    chance = Random(f"{rates} {trials}")
    proposed = 0
    for _ in range(SIMULATIONS):
        passed = [sum(chance.random() < rate for _ in range(trials)) for rate in rates]
        history = [Counts(passed=count, failed=trials - count) for count in passed]
        proposed += standing_of(history) is Standing.FLAKY
    return proposed / SIMULATIONS


@pytest.mark.parametrize(
    ("runs", "trials"),
    [
        pytest.param(12, 3, id="12 runs of 3 trials"),
        pytest.param(8, 5, id="8 runs of 5 trials"),
        pytest.param(40, 1, id="40 runs of 1 trial"),
        pytest.param(20, 5, id="20 runs of 5 trials"),
    ],
)
def test_a_coin_is_proposed(runs: int, trials: int) -> None:
    """Forty trials are enough, and more of them don't hide it."""
    assert share_proposed([0.5] * runs, trials=trials) >= 0.95


@pytest.mark.parametrize(
    ("rates", "trials"),
    [
        pytest.param([0.99] * 10, 3, id="stable, 30 trials"),
        pytest.param([0.99] * 20, 5, id="stable, 100 trials"),
        pytest.param([0.01] * 10, 3, id="hopeless"),
        pytest.param([0.99] * 5 + [0.5] * 5, 3, id="a regression, 30 trials"),
        pytest.param([0.99] * 9 + [0.5], 3, id="a regression in the last run"),
        pytest.param([0.99] * 5 + [0.5] * 15, 5, id="an early regression"),
        pytest.param([0.99] * 15 + [0.5] * 5, 5, id="a late regression"),
        pytest.param([0.5] * 5 + [0.99] * 5, 3, id="a repair, 30 trials"),
        pytest.param([0.5] * 15 + [0.99] * 5, 5, id="a late repair"),
        pytest.param([0.5] * 10 + [0.01] * 10, 5, id="a collapse"),
    ],
)
def test_what_is_no_flake_is_not_proposed(rates: list[float], trials: int) -> None:
    """A change of 15 trials or older is told from a flake."""
    assert share_proposed(rates, trials=trials) <= 0.01


@given(PERIODS)
def test_a_history_read_backwards_stands_alike(history: list[Counts]) -> None:
    """Regressions and repairs are both changes."""
    assert [cut.before for cut in splits(history)] == [
        cut.after for cut in reversed(splits(history[::-1]))
    ]
    forwards, backwards = change_point(history), change_point(history[::-1])
    assert (forwards and forwards.p_value) == (backwards and backwards.p_value)


@given(PERIODS)
def test_verdicts_may_change_their_names(history: list[Counts]) -> None:
    """A scenario that passes 3 in 10 flips as much as one that fails 3 in 10."""
    mirrored = [Counts(passed=item.failed, failed=item.passed) for item in history]

    assert standing_of(mirrored) is standing_of(history)
    assert stable_end(mirrored) == pytest.approx(stable_end(history))


@given(PERIODS)
def test_cuts_lose_no_trial_and_p_values_are_chances(history: list[Counts]) -> None:
    """Whatever the history."""
    for cut in splits(history):
        assert cut.before.plus(cut.after) == total(history)
        assert 0 < fisher_p(cut.before, cut.after) <= 1
