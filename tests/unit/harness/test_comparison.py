"""Prove that a comparison is as bad as its worst group, and tells all of it as JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from harness.compare import compare
from harness.comparison import Comparison, ComparisonRules, Tier
from tests.unit.harness.test_compare import GOOD, KEY, a_side, compared

STABLE = compare(a_side(GOOD), a_side(GOOD), ComparisonRules())


@pytest.mark.parametrize(
    ("overall", "suite", "worst"),
    [
        pytest.param(Tier.STABLE, Tier.REGRESSION, Tier.REGRESSION, id="one suite got worse"),
        pytest.param(Tier.IMPROVEMENT, Tier.STABLE, Tier.STABLE, id="better is best"),
        pytest.param(Tier.INSUFFICIENT, Tier.STABLE, Tier.INSUFFICIENT, id="open"),
        pytest.param(Tier.SOFT_REGRESSION, Tier.INSUFFICIENT, Tier.SOFT_REGRESSION, id="soft"),
    ],
)
def test_the_worst_group_is_the_tier(overall: Tier, suite: Tier, worst: Tier) -> None:
    """A good average hides no bad suite."""
    found = replace(
        STABLE,
        overall=replace(STABLE.overall, tier=overall),
        suites=(replace(STABLE.suites[0], tier=suite),),
    )

    assert found.tier is worst


def test_what_was_written_is_read_back() -> None:
    """Reports are made of the file alone."""
    assert TypeAdapter(Comparison).validate_python(STABLE.document()) == STABLE


def test_the_document_names_both_sides() -> None:
    """Reports and later readers need no other file."""
    found = compared(a_side(GOOD), a_side("-" * 300, key={**KEY, "sampling": "s2"})).document()

    assert (found["base"], found["head_run"], found["tier"]) == ("m", "run", "unverifiable")
    assert found["mismatches"] == [{"part": "sampling", "base": "s1", "head": "s2"}]
    assert found["overall"]["interval"] is None
