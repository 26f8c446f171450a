"""Prove that a baseline holds what was reached, under a name that every system takes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.baseline import Baseline, BaselineScenario, baseline_name, baseline_of
from tests.unit.harness.test_compare import a_side


def test_a_baseline_is_the_side_that_it_was_made_of() -> None:
    """What is committed compares as the run itself would."""
    side = a_side("++-", trials=2)

    found = baseline_of(side, paths=("scenarios",))

    assert found.side() == side
    assert found.paths == ("scenarios",)
    assert Baseline.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param({"passed": -1, "trials": 1}, id="fewer than none"),
        pytest.param({"passed": 0, "trials": 0}, id="no trial"),
        pytest.param({"passed": 2, "trials": 1}, id="more than all"),
    ],
)
def test_counts_that_no_run_has_are_refused(counts: dict[str, int]) -> None:
    """A file that was edited wrongly is told."""
    told = {"environment": "e", "suite": "s", "family": "f", "digest": "d", **counts}

    with pytest.raises(ValidationError):
        BaselineScenario.model_validate(told)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        pytest.param("plangate/oracle", "plangate-oracle.json", id="slash"),
        pytest.param("openai/x?a=1&b=2", "openai-x-a-1-b-2.json", id="options"),
        pytest.param("../../etc", "etc.json", id="no way out of the folder"),
    ],
)
def test_the_name_of_a_baseline_is_legal_everywhere(model: str, name: str) -> None:
    """Letters, digits, dots and hyphens only."""
    assert baseline_name(model) == name
