"""A worker opens what a run's terms say with its own keys, or says why it can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.reading import CONFIGURATION
from harness.cli.worker import open_stage, worker_command
from harness.remote.terms import Unfit, hold_to
from tests.unit.harness.remote.bench import a_counter_world, the_terms
from tests.unit.harness.remote.machines import a_run


def test_what_a_run_describes_can_be_opened_elsewhere(tmp_path: Path) -> None:
    """The stage meets the terms; a price of the run is the worker's."""
    run = a_run(tmp_path / "run", a_counter_world(tmp_path), "plangate/oracle")
    terms = the_terms(run)

    hold_to(terms, open_stage(terms, {}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"paths": ("nowhere",)}, "can't open the run: .*nowhere", id="no files"),
        pytest.param(
            {"conditions": {"openai/x?transport=http": {}}}, "OPENAI_API_KEY", id="no key"
        ),
    ],
)
def test_what_can_not_be_opened_is_told(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    """The run's own process repeats it."""
    run = a_run(tmp_path / "run", a_counter_world(tmp_path), "plangate/oracle")

    with pytest.raises(Unfit, match=said):
        open_stage(the_terms(run).model_copy(update=change), {})


@pytest.mark.parametrize("broker", ["amqp://:secret@host//", "redis://:secret@127.0.0.1:1/0"])
def test_a_broker_that_can_not_be_used_is_told(
    broker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the exit code and without its password."""
    assert worker_command(broker=broker, concurrency=1) == CONFIGURATION

    told = capsys.readouterr().err
    assert "broker" in told
    assert "secret" not in told
