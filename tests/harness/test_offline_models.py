"""Run the offline models over everything that is shipped, through LiteLLM, by the real command."""

from __future__ import annotations

import pytest

from runtime.public import JsonObject
from tests.harness.command import Ran, eval_run
from tests.worlds import ROOT

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes

ORACLE = "plangate/oracle"
NOISY = "plangate/noisy-oracle?rate=0.2"
KEYWORD = "plangate/keyword"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run all three once and gate the noisy one."""
    models = [part for model in (ORACLE, NOISY, KEYWORD) for part in ("--model", model)]
    folder = tmp_path_factory.mktemp("offline")
    return eval_run(ROOT / "scenarios", *models, "--gate-model", NOISY, folder=folder)


def summary(ran: Ran, model: str) -> JsonObject:
    """Return the summary of a model."""
    found: JsonObject = {item["model"]: item for item in ran.json["models"]}[model]
    return found


def test_the_oracle_passes_everything(ran: Ran) -> None:
    """The scorers accept every golden answer, without a finding or a crash."""
    oracle = summary(ran, ORACLE)

    assert oracle["overall"]["trials"] == oracle["overall"]["passed"] > 200
    assert oracle["overall"]["findings"] == 0
    assert oracle["unscored"] == {}
    assert oracle["cost_micros"] == 0


def test_the_gate_notices_one_fault_in_five(ran: Ran) -> None:
    """A rate of 0.2 is a regression or a governance violation."""
    assert ran.code in {1, 2}, ran.err
    assert ran.json["gate"]["exit_code"] == ran.code
    assert 0.6 < summary(ran, NOISY)["overall"]["pass_rate"] < 0.95


def test_rules_without_learning_stay_below_sixty_percent(ran: Ran) -> None:
    """Scenarios that word matching solves would prove little."""
    rate = summary(ran, KEYWORD)["overall"]["pass_rate"]

    assert 0.05 < rate < 0.6
