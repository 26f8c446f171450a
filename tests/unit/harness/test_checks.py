"""Prove that the worst check decides, and that a comparison is told with what supports it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.checks import Check, Verdict, compared, told, worst
from harness.compare import compare
from harness.comparison import ComparisonRules, Tier
from tests.unit.harness.test_compare import KEY, a_side

RULES = ComparisonRules()
SAME = compare(a_side("+" * 300), a_side("+" * 300), RULES)


def a_check(verdict: Verdict) -> Check:
    """Build a check that ended so."""
    return Check(model="m", name="n", verdict=verdict, detail="d")


@pytest.mark.parametrize(
    ("verdicts", "decides"),
    [
        pytest.param([], Verdict.INCONCLUSIVE, id="nothing checked"),
        pytest.param([Verdict.PASS, Verdict.INCONCLUSIVE], Verdict.INCONCLUSIVE, id="open"),
        pytest.param(
            [Verdict.INFRASTRUCTURE, Verdict.INCONCLUSIVE], Verdict.INFRASTRUCTURE, id="lost"
        ),
        pytest.param([Verdict.REGRESSION, Verdict.INFRASTRUCTURE], Verdict.REGRESSION, id="worse"),
        pytest.param([Verdict.REGRESSION, Verdict.GOVERNANCE], Verdict.GOVERNANCE, id="harm"),
        pytest.param([Verdict.PASS, Verdict.PASS], Verdict.PASS, id="all well"),
    ],
)
def test_the_worst_check_decides(verdicts: list[Verdict], decides: Verdict) -> None:
    """In the order governance, regression, infrastructure, inconclusive, pass."""
    assert worst(map(a_check, verdicts)) is decides


def test_exit_codes_are_those_that_are_documented() -> None:
    """Scripts rely on them."""
    assert [item.exit_code for item in Verdict] == [0, 1, 2, 3, 4]


def test_nothing_to_beat_is_no_check() -> None:
    """Every group of a comparison is one."""
    assert compared("m", None) == []
    assert [check.name for check in compared("m", SAME)] == [
        "against run",
        "against run, suite first",
        "against run, suite second",
    ]


def test_a_suite_that_is_open_fails_nobody() -> None:
    """The whole run's question is the one that counts."""
    open_question = replace(SAME.suites[0], tier=Tier.INSUFFICIENT)
    found = compared("m", replace(SAME, suites=(open_question,)))

    assert found[1].verdict is Verdict.PASS


def test_unlike_runs_are_named_once_a_part() -> None:
    """However many parts differ."""
    other = compare(a_side("+"), a_side("+", key={**KEY, "sampling": "x", "prices": "y"}), RULES)

    (check,) = compared("m", other)

    assert "prices, sampling differ" in check.detail
    assert check.verdict is Verdict.INCONCLUSIVE


def test_a_soft_regression_without_an_interval_is_open() -> None:
    """What can't rule out more than the margin does not pass."""
    soft = replace(SAME.overall, tier=Tier.SOFT_REGRESSION, interval=None)

    assert compared("m", replace(SAME, overall=soft))[0].verdict is Verdict.INCONCLUSIVE


def test_a_stable_comparison_says_what_it_would_have_noticed() -> None:
    """And not how many families are needed, for they are there."""
    line = told(SAME.overall, SAME)

    assert line.startswith("stable: 100.0% -> 100.0% (+0.0% [")
    assert "would be noticed" in line
    assert "could rule out" not in line


def test_nothing_in_common_is_told() -> None:
    """Without figures."""
    empty = compare(a_side(""), a_side(""), RULES)

    assert "no scenario is the same on both sides" in told(empty.overall, empty)


@pytest.mark.parametrize(
    ("lost", "verdict"),
    [
        pytest.param(4, Verdict.PASS, id="less than the margin"),
        pytest.param(6, Verdict.PASS, id="exactly the margin"),
        pytest.param(7, Verdict.INCONCLUSIVE, id="more than the margin"),
    ],
)
def test_scenarios_that_lost_all_trials_may_hide_a_loss(lost: int, verdict: Verdict) -> None:
    """They may all have got worse, so those that are left prove too little."""
    pairs = replace(SAME.overall, pairs=300 - lost)
    names = tuple(f"lost-{at}" for at in range(lost))

    check = compared("m", replace(SAME, overall=pairs, lost=names))[0]

    assert check.verdict is verdict
    assert f"{lost} scenarios have no scored trial on one side: lost-0, " in check.detail


def test_changed_scenarios_are_named() -> None:
    """Whoever rewrites those that fail leaves them out of the comparison."""
    check = compared("m", replace(SAME, changed=("one", "two")))[0]

    assert check.verdict is Verdict.PASS
    assert check.detail.startswith("2 scenarios changed their text and were left out: one, two;")
