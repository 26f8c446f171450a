"""Hold the shipped suites to their bar: hardly any wrong answer passes."""

from __future__ import annotations

import pytest

from harness.bootstrap import SamplingWishes
from harness.strength.killing import MUTATIONS, SuiteStrength, suite_strength
from harness.strength.metamorphic import metamorphic
from tests.worlds import shipped

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes

BAR = 0.99
SHARE = 4
"""One scenario in so many is asked about by the slower checks."""


@pytest.fixture(scope="module")
def strength() -> SuiteStrength:
    """Measure every shipped scenario once."""
    return suite_strength(shipped())


def test_shipped_suites_kill_nearly_all_mutants(strength: SuiteStrength) -> None:
    """The message lists what slipped through."""
    survivors = [
        f"{item.scenario.file}:{item.scenario.line}: {mutant.mutation}: {mutant.text} {mutant.why}"
        for item in strength.scenarios
        for mutant in item.survivors
    ]

    assert strength.share >= BAR, "\n".join(survivors)
    assert strength.killed > 1000


def test_shipped_suites_have_mutants_of_nearly_every_kind(strength: SuiteStrength) -> None:
    """A bar that nothing is measured against is no bar; no question there has two slots."""
    found = {mutation for _, mutation, _ in strength.counts()}

    assert found >= set(MUTATIONS) - {"ask_for_less"}


def test_the_oracle_is_consistent_and_every_twin_can_be_built() -> None:
    """A flip of the model that knows the answers would be a fault of the relation."""
    found = metamorphic(
        shipped()[::SHARE], ["plangate/oracle"], environ={}, wishes=SamplingWishes()
    )

    assert found.unbuilt == ()
    for item in found.consistencies:
        assert (item.flips, item.lost) == ((), 0), item.relation
        assert item.pairs > 0 or item.relation == "paraphrase"
