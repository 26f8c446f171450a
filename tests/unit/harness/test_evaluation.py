"""Prove that a run is written as it goes, taken up where it was, and refused when it changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from harness.bootstrap import ConfigurationError
from harness.checks import Verdict
from harness.concluding import Finished, GateRequest
from harness.evaluation import evaluate
from harness.gate import GateRules
from harness.opening import RunRequest
from harness.record import read_run
from harness.replay import Contender
from harness.reporting.terminal import silent_progress
from harness.results import RunError, read_manifest, read_records
from runtime.public import ChatRequest, Completion, Sampling, SystemClock, TokenUsage, ToolCall
from tests.worlds import prepared

MODEL = "m/three"


class Three:
    """Set the counter to three, and count the questions; die after so many."""

    name = MODEL
    offline = True
    native_tools = True

    def __init__(self, *, interrupted_after: int = 99) -> None:
        self.asked = 0
        self.interrupted_after = interrupted_after
        self.closed = False

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer right."""
        if self.asked >= self.interrupted_after:
            raise KeyboardInterrupt
        self.asked += 1
        call = ToolCall(id="c", name="counter_set", arguments='{"value": 3}')
        usage = TokenUsage()
        return Completion(
            text="", tool_calls=(call,), finish_reason="stop", usage=usage, cost_micros=0, model="m"
        )

    async def close(self) -> None:
        """Remember it."""
        self.closed = True


def request(folder: Path) -> RunRequest:
    """Ask for five repetitions."""
    return RunRequest(
        run="run_1",
        folder=folder / "run",
        paths=("scenarios",),
        tags=(),
        suite_digest="d",
        trials=5,
        seed=0,
        concurrency=1,
        created="2026-01-05T12:00:00+00:00",
    )


def evaluated(asked: RunRequest, model: Three, gate: GateRequest | None = None) -> Finished:
    """Carry a run through."""
    contender = Contender(reference=MODEL, label="x", model=model, sampling=Sampling())
    return evaluate(
        asked,
        [prepared()],
        {MODEL: contender},
        gate=gate,
        progress=silent_progress(),
        clock=SystemClock(),
    )


def test_a_run_leaves_manifest_trials_and_summary(tmp_path: Path) -> None:
    """Everything that reports need is in its folder."""
    gate = GateRequest(rules=GateRules(), models=(MODEL,), bases={}, whole=frozenset(), aside={})
    model = Three()

    finished = evaluated(request(tmp_path), model, gate)

    folder = tmp_path / "run"
    assert finished.gate is not None
    assert finished.gate.verdict is Verdict.PASS
    assert model.closed
    manifest = read_manifest(folder)
    assert manifest.models[0].reference == MODEL
    assert len(list(read_records(folder))) == 5
    summary = orjson.loads((folder / "summary.json").read_bytes())
    assert (summary["finished"], summary["models"][0]["overall"]["passed"]) == (True, 5)
    assert orjson.loads((folder / "gate.json").read_bytes())["exit_code"] == 0


def test_an_interrupted_run_is_taken_up(tmp_path: Path) -> None:
    """Finished trials are not asked for again."""
    with pytest.raises(KeyboardInterrupt):
        evaluated(request(tmp_path), Three(interrupted_after=2))
    again = Three()

    finished = evaluated(request(tmp_path), again)

    assert again.asked == 3
    assert finished.models[0].overall.scored == 5
    assert finished.gate is None


def test_a_run_that_goes_on_has_no_old_verdict(tmp_path: Path) -> None:
    """Killed again, it is read as unfinished; reports never show the verdict of fewer trials."""
    gate = GateRequest(rules=GateRules(), models=(MODEL,), bases={}, whole=frozenset(), aside={})
    evaluated(request(tmp_path), Three(), gate)
    results = tmp_path / "run" / "results.jsonl"
    results.write_bytes(b"".join(results.read_bytes().splitlines(keepends=True)[:3]))

    with pytest.raises(KeyboardInterrupt):
        evaluated(request(tmp_path), Three(interrupted_after=1))

    run = read_run(tmp_path / "run")
    assert (run.gate, run.summary.finished) == (None, False)
    assert run.summary.models[0].overall.scored == 4


def test_a_whole_run_keeps_its_verdict(tmp_path: Path) -> None:
    """Resuming what lacks nothing changes nothing."""
    gate = GateRequest(rules=GateRules(), models=(MODEL,), bases={}, whole=frozenset(), aside={})
    evaluated(request(tmp_path), Three(), gate)

    evaluated(request(tmp_path), Three())

    assert read_run(tmp_path / "run").gate is not None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"trials": 6}, id="trials"),
        pytest.param({"seed": 1}, id="seed"),
        pytest.param({"suite_digest": "other"}, id="scenarios"),
    ],
)
def test_a_run_that_changed_is_not_resumed(tmp_path: Path, change: dict[str, int | str]) -> None:
    """Half of one run and half of another prove nothing."""
    evaluated(request(tmp_path), Three())

    with pytest.raises(ConfigurationError, match=f"its {next(iter(change))} was"):
        evaluated(replace(request(tmp_path), **change), Three())  # type: ignore[arg-type]  # a table


def test_a_damaged_run_is_not_resumed(tmp_path: Path) -> None:
    """A person must look at it first."""
    evaluated(request(tmp_path), Three())
    results = tmp_path / "run" / "results.jsonl"
    results.write_bytes(b"broken\n" + results.read_bytes())

    with pytest.raises(RunError, match=r"results\.jsonl:1"):
        evaluated(request(tmp_path), Three())
