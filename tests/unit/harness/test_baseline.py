"""Prove that a baseline holds what was reached, under a name that every system takes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.baseline import Baseline, baseline_name, baseline_of
from harness.summary import TrialFigures, summarize
from tests.worlds import a_lost_record, a_record


def test_scenarios_without_a_scored_trial_are_left_out() -> None:
    """So are those whose digest nobody knows."""
    records = [
        a_record("a"),
        a_record("a", index=1, passed=False),
        a_lost_record("b"),
        a_record("c"),
    ]
    summary = summarize("m/one", [TrialFigures.of(record) for record in records])

    found = baseline_of(
        summary, run="run_1", trials=2, digests={"a": "da", "b": "db"}, comparability={"x": "y"}
    )

    assert {name: (it.digest, it.pass_share) for name, it in found.scenarios.items()} == {
        "a": ("da", 0.5)
    }
    assert Baseline.model_validate_json(found.model_dump_json()) == found


def test_a_share_beyond_one_is_refused() -> None:
    """A file that was edited wrongly is told."""
    with pytest.raises(ValidationError):
        Baseline.model_validate(
            {
                "model": "m",
                "run": "r",
                "trials": 1,
                "comparability": {},
                "scenarios": {"a": {"digest": "d", "pass_share": 1.5}},
            }
        )


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
