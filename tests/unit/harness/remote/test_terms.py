"""Prove that a worker with anything else than the run's code, suite, engine or models refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.remote.terms import Stage, Terms, Unfit, engine_digest, hold_to, hold_to_code
from harness.results import read_manifest
from runtime.public import JsonObject
from tests.unit.harness.remote.bench import a_counter_world, the_stage, the_terms
from tests.unit.harness.remote.machines import Prepared, a_run
from tests.worlds import prepared


@pytest.fixture
def run(tmp_path: Path) -> Prepared:
    """Open a run."""
    return a_run(tmp_path / "run", a_counter_world(tmp_path), "plangate/oracle")


def test_the_runs_own_stage_meets_its_terms(run: Prepared) -> None:
    """Also after the terms travelled."""
    terms = Terms.model_validate_json(the_terms(run).model_dump_json())

    hold_to_code(terms, read_manifest(run.folder).code)
    hold_to(terms, the_stage(run))


def test_other_code_is_refused(run: Prepared) -> None:
    """Both versions are named."""
    with pytest.raises(Unfit, match=r"it runs plangate 0\.0\.9, the run was begun with 0\.1"):
        hold_to_code(the_terms(run), "0.0.9")


def other_suite(stage: Stage) -> Stage:
    """Change a scenario."""
    return replace(stage, suite_digest="0123456789abcdef")


def other_engine(stage: Stage) -> Stage:
    """Change what scores depend on beside the scenarios."""
    return replace(stage, scenarios={"counter-set-four": prepared()})


def other_asking(stage: Stage) -> Stage:
    """Change how a model is asked."""
    changed = {
        name: replace(item, conditions={**item.conditions, "sampling": "max_tokens 1"})
        for name, item in stage.contenders.items()
    }
    return replace(stage, contenders=changed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_suite, "are others than the run's.*digest 0123456789ab"),
        (other_engine, "actions, prompt, policy or scorers"),
        (other_asking, "would ask plangate/oracle under .*max_tokens 1"),
    ],
)
def test_another_stage_is_refused(run: Prepared, change: object, said: str) -> None:
    """The message says what is different."""
    assert callable(change)

    with pytest.raises(Unfit, match=said):
        hold_to(the_terms(run), change(the_stage(run)))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({"generation": "later"}, True, id="a later process of the run"),
        pytest.param({"capped": True}, True, id="a budget"),
        pytest.param({"run": "other"}, True, id="another run of the same"),
        pytest.param({"max_tokens": 5}, False, id="asked otherwise"),
        pytest.param({"tags": ("x",)}, False, id="other scenarios"),
    ],
)
def test_what_is_opened_alike_is_opened_once(
    run: Prepared, change: JsonObject, *, same: bool
) -> None:
    """The digest of a setting tells."""
    terms = the_terms(run)

    assert (terms.model_copy(update=change).setting() == terms.setting()) is same


def test_the_engine_is_that_of_every_scenario(run: Prepared) -> None:
    """The same sandbox under another id is another suite's."""
    scenarios = run.contest.scenarios

    assert engine_digest(scenarios) == engine_digest(dict(scenarios))
    assert engine_digest({}) != engine_digest(scenarios)
