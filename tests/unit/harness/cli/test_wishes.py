"""Prove that the command line is read as it was given, and that nothing is asked for twice."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import typer

from harness.calls import CallSource
from harness.cli.app import run
from harness.cli.wishes import run_options

GIVEN: dict[str, Any] = {
    name: parameter.default for name, parameter in inspect.signature(run).parameters.items()
}


def test_without_options_the_oracle_replays_the_scenarios() -> None:
    """Live, ungated."""
    options = run_options(GIVEN)

    assert (options.paths, options.models) == ((Path("scenarios"),), ("plangate/oracle",))
    assert (options.source, options.gate, options.timeout_s) == (CallSource.LIVE, False, 60.0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"model": ["a/b", "c/d"]}, {"models": ("a/b", "c/d")}, id="models"),
        pytest.param({"tag": ["x"]}, {"tags": ("x",)}, id="tags"),
        pytest.param({"price": ["m=1,2"]}, {"prices": ("m=1,2",)}, id="prices"),
        pytest.param({"replay": True}, {"source": CallSource.REPLAY}, id="replay"),
        pytest.param({"record": True}, {"source": CallSource.RECORD}, id="record"),
        pytest.param(
            {"record_missing": True}, {"source": CallSource.RECORD_MISSING}, id="record missing"
        ),
        pytest.param({"gate_model": ["a/b"]}, {"gate": True}, id="a gated model gates"),
        pytest.param({"against": "main"}, {"gate": True}, id="a revision to beat gates"),
        pytest.param({"publish": "https://p.example"}, {"gate": True}, id="who publishes gates"),
    ],
)
def test_an_option_arrives(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """Under its name in the run."""
    options = run_options({**GIVEN, **given})

    assert {name: getattr(options, name) for name in expected} == expected


def test_two_sources_of_answers_exclude_each_other() -> None:
    """Nobody can replay and record at once."""
    with pytest.raises(typer.BadParameter, match="exclude each other"):
        run_options({**GIVEN, "replay": True, "record": True})
