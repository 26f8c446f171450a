"""Prove that only real differences are called so, and that unlike runs are never compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.compare import compare
from harness.comparison import OVERALL, Comparison, ComparisonRules, Part, Tier
from harness.tally import ScenarioTally, Side

KEY = {"counter.prompt": "p1", "counter.registry": "r1", "sampling": "s1"}


def a_tally(passed: int = 1, trials: int = 1, **changes: str) -> ScenarioTally:
    """Build a tally of the counter."""
    told = {"environment": "counter", "suite": "counter", "family": "", "digest": "d"}
    return ScenarioTally(**{**told, **changes}, passed=passed, trials=trials)


def a_side(
    verdicts: str, *, trials: int = 1, families: int | None = None, key: Mapping[str, str] = KEY
) -> Side:
    """Build a side: a `+` or `-` a scenario, all in families of their own unless told."""
    scenarios = {
        f"s-{at:03}": a_tally(
            trials * (mark == "+"),
            trials,
            family=f"f-{at if families is None else at % families}",
            suite="first" if at % 2 else "second",
        )
        for at, mark in enumerate(verdicts)
    }
    return Side(model="m", run="run", key=key, scenarios=scenarios, asked=frozenset(scenarios))


def compared(base: Side, head: Side, **rules: object) -> Comparison:
    """Compare by the usual rules."""
    return compare(base, head, replace(ComparisonRules(), **rules))  # type: ignore[arg-type]  # a table


GOOD = "+" * 300


@pytest.mark.parametrize(
    ("base", "head", "tier"),
    [
        pytest.param(GOOD, GOOD, Tier.STABLE, id="nothing changed"),
        pytest.param(GOOD, "-" * 40 + "+" * 260, Tier.REGRESSION, id="much worse"),
        pytest.param("-" * 40 + "+" * 260, GOOD, Tier.IMPROVEMENT, id="much better"),
        pytest.param(GOOD, "--" + "+" * 298, Tier.INSUFFICIENT, id="a little worse"),
        pytest.param("+" * 30, "+" * 30, Tier.INSUFFICIENT, id="thirty scenarios show no margin"),
        pytest.param("", "", Tier.INSUFFICIENT, id="nothing in common"),
    ],
)
def test_the_tier_is_what_the_pairs_show(base: str, head: str, tier: Tier) -> None:
    """What chance explains is neither worse nor better, and few pairs show nothing."""
    found = compared(a_side(base), a_side(head), margin=0.015)

    assert found.overall.tier is tier
    assert found.overall.name == OVERALL


def test_a_small_loss_that_is_real_is_soft() -> None:
    """A hundred and more families can show a loss that is smaller than the margin."""
    found = compared(a_side("+" * 1000), a_side("-" * 12 + "+" * 988), margin=0.02)

    assert found.overall.tier is Tier.SOFT_REGRESSION
    assert found.overall.p_worse is not None
    assert found.overall.p_worse < 0.05


def test_families_are_counted_not_scenarios() -> None:
    """Forty scenarios that fall together in two families are two events."""
    base, head = a_side(GOOD, families=2), a_side("-" * 40 + "+" * 260, families=2)

    found = compared(base, head)

    assert found.overall.families == 2
    assert found.overall.tier is Tier.INSUFFICIENT
    assert found.overall.p_worse == pytest.approx(0.75)  # of one suite as well, adjusted by Holm


def test_trials_are_averaged_within_a_scenario() -> None:
    """Half of the trials are half of a scenario."""
    base = a_side("+" * 4, trials=2)
    half = {name: replace(item, passed=1) for name, item in base.scenarios.items()}

    found = compared(base, replace(base, scenarios=half))

    assert (found.overall.base_rate, found.overall.head_rate) == (1.0, 0.5)
    assert found.overall.change == -0.5


def test_suites_share_the_chance_of_a_false_alarm() -> None:
    """Holm: a suite's p-value grows with the number of groups that are looked at."""
    found = compared(a_side("+" * 40), a_side("-" * 6 + "+" * 34))

    assert [suite.name for suite in found.suites] == ["first", "second"]
    assert found.overall.p_worse == pytest.approx(3 / 64)
    assert found.suites[0].p_worse == pytest.approx(2 / 8)
    assert found.tier is Tier.REGRESSION


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"counter.prompt": "p2"}, "counter.prompt", id="prompt"),
        pytest.param({"counter.registry": "r2"}, "counter.registry", id="registry"),
        pytest.param({"sampling": "s2"}, "sampling", id="sampling"),
        pytest.param({"prices": "unknown before"}, "prices", id="a part that base lacks"),
    ],
)
def test_unlike_runs_are_unverifiable(changes: dict[str, str], named: str) -> None:
    """No figure is told, so nobody can read a difference out of it."""
    found = compared(a_side(GOOD), a_side("-" * 300, key={**KEY, **changes}))

    assert found.tier is Tier.UNVERIFIABLE
    assert [item.part for item in found.mismatches] == [named]
    assert (found.overall.change, found.overall.p_worse) == (None, None)


def test_a_head_of_more_trials_is_unverifiable() -> None:
    """One lucky trial is no bar for ten; ten are a fair bar for one."""
    once, often = a_side(GOOD), a_side(GOOD, trials=10)

    assert [item.part for item in compared(once, often).mismatches] == ["trials"]
    assert compared(often, once).mismatches == ()


def test_what_was_meant_to_vary_may() -> None:
    """A prompt that is being worked on is what the comparison is for."""
    head = a_side(GOOD, key={**KEY, "counter.prompt": "p2"})

    found = compared(a_side(GOOD), head, varied=frozenset({Part.PROMPT}))

    assert found.overall.tier is Tier.STABLE


def test_other_environments_keys_do_not_matter() -> None:
    """A registry that no compared scenario lives in excuses nothing and blames nothing."""
    head = a_side(GOOD, key={**KEY, "desk.registry": "other"})

    assert compared(a_side(GOOD), head).overall.tier is Tier.STABLE


def test_what_is_not_on_both_sides_is_named() -> None:
    """Gone, changed, new and lost scenarios are told and not counted."""
    base = a_side("+" * 4)
    kept = dict(base.scenarios)
    kept["s-000"] = replace(kept["s-000"], digest="other")
    del kept["s-001"], kept["s-002"]
    head = replace(base, scenarios=kept, asked=frozenset({"s-000", "s-001", "s-003", "s-new"}))

    found = compared(base, head)

    assert (found.changed, found.lost) == (("s-000",), ("s-001",))
    assert (found.gone, found.added) == (("s-002",), ("s-new",))
    assert found.overall.pairs == 1


def test_the_effect_that_would_be_noticed_is_always_told() -> None:
    """More families notice less; the document holds all of it."""
    few, many = (compared(a_side("+" * n), a_side("+" * n)).overall for n in (30, 300))

    assert few.detectable is not None
    assert many.detectable is not None
    assert few.detectable > many.detectable > 0
    assert few.needed is not None
    assert few.needed > 30
    assert few.document()["tier"] == "insufficient data"


def test_without_a_margin_no_number_of_families_is_enough() -> None:
    """Nothing can show that nothing at all was lost."""
    assert compared(a_side(GOOD), a_side(GOOD), margin=0.0).overall.needed is None
