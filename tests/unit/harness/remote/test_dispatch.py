"""Prove that a run whose machines can't be reached ends with what to do; `test_remote` has more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harness.remote.dispatch import do_trials_remotely
from harness.results import RunError
from tests.unit.harness.remote.bench import a_counter_world
from tests.unit.harness.remote.machines import Prepared, a_run

NOWHERE = "redis://:secret@127.0.0.1:1/0"


@pytest.fixture
def run(tmp_path: Path) -> Prepared:
    """Open a run of a model that is never asked."""
    model = "openai/x?transport=http&api_base=http://127.0.0.1:1/v1"
    return a_run(tmp_path / "run", a_counter_world(tmp_path), model)


def test_a_round_without_trials_needs_no_machine(run: Prepared) -> None:
    """A resumed run that lacks nothing ends at once."""
    remote = run.remote(NOWHERE)

    done = do_trials_remotely(run.contest, iter(()), run.records.append, remote=remote)

    assert asyncio.run(done) is None


def test_a_broker_that_is_not_there_ends_the_run(run: Prepared) -> None:
    """The message says how to go on, and never the password."""
    with pytest.raises(RunError, match=r"does not serve.*--resume .*run --executor") as told:
        run.remotely(NOWHERE)

    assert "secret" not in str(told.value)
    assert run.records == []
