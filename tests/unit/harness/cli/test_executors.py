"""Prove that trials are done here unless workers are asked for, with all that takes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness.bootstrap import ConfigurationError
from harness.budget import Spend
from harness.calls import NO_CALLS, CallSource
from harness.cli.executors import executor_of
from harness.cli.wishes import run_options
from harness.evaluation import Executor
from harness.run import do_trials
from tests.unit.harness.cli.test_wishes import GIVEN

BROKER = "redis://127.0.0.1:1/0"


def chosen(**given: Any) -> Executor:  # noqa: ANN401  # options of any type
    """Choose for a command line."""
    return executor_of(
        run_options({**GIVEN, **given}), NO_CALLS, folder=Path("run"), prices={}, told=print
    )


def test_trials_are_done_here() -> None:
    """Unless somebody says otherwise."""
    assert chosen() is do_trials


def test_workers_do_them_where_a_broker_is_named() -> None:
    """With the rates that providers allow."""
    found = chosen(executor="celery", broker=BROKER, rate=["plangate/oracle=60"])

    assert found is not do_trials


def test_caps_of_workers_bear_what_the_base_cost() -> None:
    """Both revisions together stay below one cap."""
    before = Spend(tokens=7, cost_micros=9)
    options = run_options({**GIVEN, "executor": "celery", "broker": BROKER})

    found = executor_of(
        options,
        replace(NO_CALLS, source=CallSource.LIVE, before=before),
        folder=Path("run"),
        prices={},
        told=print,
    )

    assert isinstance(found, partial)
    assert found.keywords["remote"].before == before


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        pytest.param({"executor": "slurm"}, "expected local or celery", id="unknown"),
        pytest.param({"executor": "celery"}, "needs --broker", id="no broker"),
        pytest.param({"broker": BROKER}, "need --executor celery", id="a broker for nobody"),
        pytest.param({"rate": ["m=1"]}, "need --executor celery", id="a rate for nobody"),
        pytest.param(
            {"executor": "celery", "broker": BROKER, "replay": True},
            "--replay needs --executor local",
            id="replay",
        ),
        pytest.param(
            {"executor": "celery", "broker": BROKER, "rate": ["a/b=1"]},
            "meets no model",
            id="a rate of no model",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], complaint: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigurationError, match=complaint):
        chosen(**given)
