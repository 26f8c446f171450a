"""Prove that a run's answers come from where they should, and are kept and paid for once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from harness.bootstrap import ConfigurationError, SamplingWishes, replayed_contenders
from harness.budget import NOTHING
from harness.calls import Calls, CallSource, spent_in
from harness.cassette.shelf import Shelf
from harness.concluding import Finished
from harness.evaluation import evaluate
from harness.opening import RunRequest
from harness.replay import Contender
from harness.reporting.terminal import silent_progress
from harness.results import read_records
from runtime.public import (
    ChatRequest,
    Completion,
    JsonValue,
    ModelFault,
    Price,
    Sampling,
    SystemClock,
    TokenUsage,
    ToolCall,
)
from tests.worlds import prepared

MODEL = "openai/three"
PRICE = Price(prompt=Decimal(1), completion=Decimal(1))


class Paid:
    """Set the counter to three for ten micros a call, and count the calls."""

    name = MODEL
    offline = False
    native_tools = True

    def __init__(self, *, dies_after: int = 99) -> None:
        self.asked = 0
        self.dies_after = dies_after

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer right, at first with something that needs a repair."""
        if self.asked >= self.dies_after:
            raise KeyboardInterrupt
        self.asked += 1
        value = "3" if len(request.messages) > 2 else '"x"'
        call = ToolCall(id="c", name="counter_set", arguments=f'{{"value": {value}}}')
        usage = TokenUsage(prompt=8, completion=2)
        return Completion(
            text="",
            tool_calls=(call,),
            finish_reason="stop",
            usage=usage,
            cost_micros=10,
            model="m",
        )

    async def close(self) -> None:
        """Do nothing."""


def contender(model: Paid, **changes: JsonValue) -> Contender:
    """Enter the model."""
    told = Contender(reference=MODEL, label="x", model=model, sampling=Sampling(), price=PRICE)
    return replace(told, **changes)


def run(folder: Path, contenders: dict[str, Contender], calls: Calls, trials: int = 2) -> Finished:
    """Carry a run of one scenario through."""
    item = prepared()
    request = RunRequest(
        run="run_1",
        folder=folder,
        paths=("scenarios",),
        tags=(),
        suite_digest="d",
        trials=trials,
        seed=0,
        concurrency=1,
        created="2026-01-05T12:00:00+00:00",
        replays=calls.source is CallSource.REPLAY,
    )
    return evaluate(
        request,
        [item],
        contenders,
        gate=None,
        progress=silent_progress(),
        clock=SystemClock(),
        calls=replace(calls, environments={item.scenario.id: "counter"}),
    )


def a_source(folder: Path, source: CallSource = CallSource.LIVE, **caps: Any) -> Calls:  # noqa: ANN401  # caps of any type
    """Say where answers come from."""
    return Calls(source=source, shelf=Shelf(folder / "cassettes"), **caps)


def test_a_call_that_was_answered_is_never_paid_for_twice(tmp_path: Path) -> None:
    """Killed between an answer and its repair, the trial goes on from the answer."""
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", {MODEL: contender(Paid(dies_after=3))}, a_source(tmp_path))
    again = Paid()

    finished = run(tmp_path / "run", {MODEL: contender(again)}, a_source(tmp_path))

    assert again.asked == 1
    assert finished.models[0].overall.passed == 2
    assert finished.models[0].cost_micros == 40


def test_what_was_recorded_replays_to_the_same_records(tmp_path: Path) -> None:
    """With no model at all."""
    recording = run(
        tmp_path / "a", {MODEL: contender(Paid())}, a_source(tmp_path, CallSource.RECORD)
    )
    source = a_source(tmp_path, CallSource.REPLAY)
    players = replayed_contenders([MODEL], source.shelf, wishes=SamplingWishes())

    replayed = run(tmp_path / "b", players, source)

    assert replayed.models == recording.models
    assert list(read_records(tmp_path / "b")) == list(read_records(tmp_path / "a"))


def test_only_what_is_missing_is_asked(tmp_path: Path) -> None:
    """More trials than were recorded cost the difference."""
    run(tmp_path / "a", {MODEL: contender(Paid())}, a_source(tmp_path, CallSource.RECORD))
    model = Paid()
    source = a_source(tmp_path, CallSource.RECORD_MISSING)

    run(tmp_path / "b", {MODEL: contender(model)}, source, trials=3)

    assert model.asked == 2
    assert len(source.shelf.trials(MODEL)) == 3


def test_a_budget_ends_the_run_and_what_is_done_stays(tmp_path: Path) -> None:
    """The worst case of a call must fit; with a higher cap the same run goes on."""
    item = {MODEL: contender(Paid())}
    worst = 1024 + 1024 + 20_000  # what is added for the provider, the answer, the prompt

    stopped = run(tmp_path / "run", item, a_source(tmp_path, max_tokens=2_000))
    done = run(tmp_path / "run", item, a_source(tmp_path, max_tokens=2 * worst))

    assert stopped.stopped is not None
    assert "--resume" in stopped.stopped
    assert stopped.models == ()
    assert (done.stopped, done.models[0].overall.scored) == (None, 2)


def test_what_a_run_spent_before_counts_when_it_goes_on(tmp_path: Path) -> None:
    """A cap holds over the whole run, however often it is resumed."""
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", {MODEL: contender(Paid(dies_after=2))}, a_source(tmp_path))
    cap = a_source(tmp_path, max_cost_micros=20)

    finished = run(tmp_path / "run", {MODEL: contender(Paid())}, cap)

    assert finished.stopped is not None
    assert "$0.000020 spent" in finished.stopped.replace(" and 20 tokens", "")


def test_what_the_revision_to_beat_spent_counts(tmp_path: Path) -> None:
    """One cap bears both runs."""
    item = {MODEL: contender(Paid())}
    run(tmp_path / "base", item, a_source(tmp_path))
    before = spent_in(tmp_path / "base", item)

    stopped = run(tmp_path / "run", item, replace(a_source(tmp_path, max_tokens=45), before=before))

    assert (before.cost_micros, before.tokens) == (40, 40)
    assert stopped.stopped is not None
    assert "40 tokens" in stopped.stopped
    assert spent_in(tmp_path / "none", item) == NOTHING


def test_a_cap_on_cost_needs_a_price(tmp_path: Path) -> None:
    """Nothing is asked."""
    model = Paid()

    with pytest.raises(ConfigurationError, match="--price 'openai/three=IN,OUT'"):
        run(
            tmp_path / "run",
            {MODEL: contender(model, price=None)},
            a_source(tmp_path, max_cost_micros=1),
        )

    assert model.asked == 0


def test_offline_models_are_free_and_keep_no_journal(tmp_path: Path) -> None:
    """Their answers repeat; a cap does not touch them."""

    class Free(Paid):
        offline = True

    finished = run(
        tmp_path / "run", {MODEL: contender(Free())}, a_source(tmp_path, max_cost_micros=0)
    )

    assert (finished.stopped, finished.models[0].overall.passed) == (None, 2)
    assert not (tmp_path / "run" / "calls.jsonl").exists()


def test_a_call_that_no_cassette_holds_is_lost(tmp_path: Path) -> None:
    """It is told why, and never asked live."""
    source = a_source(tmp_path, CallSource.REPLAY)
    players = replayed_contenders([MODEL], source.shelf, wishes=SamplingWishes())

    finished = run(tmp_path / "run", players, source)

    (first, _) = read_records(tmp_path / "run")
    assert finished.models[0].overall.infrastructure == 2
    assert "--record-missing" in first.fault
    assert ModelFault.UNAVAILABLE in first.fault
