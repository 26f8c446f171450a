"""A trial is told as a trace: what was said, answered, read, simulated and scored."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.loader import load
from harness.record import read_run
from harness.tracking.traces import TraceSource, trace_document
from harness.trial import TrialRecord
from runtime.public import JsonObject
from tests.unit.harness.reporting.builders import a_failed_trial, a_lost_trial, a_run, a_trial

SOURCE = TraceSource(run="run_01", began_ns=1_000, said={})

SCENARIO = """\
environment: helpdesk
scenarios:
  - id: helpdesk-refund
    reason: A refund within the limit.
    given:
      facts: {currency: EUR}
    when:
      message: Refund 20 euros on ticket t_100.
    expect:
      plan: {steps: [{action: ticket.refund, inputs: {ticket: t_100, amount_cents: 2000}}]}
"""


def spans(record: TrialRecord, source: TraceSource = SOURCE) -> dict[str, JsonObject]:
    """Return the attributes of each span by name."""
    return {
        span["name"]: {name: orjson.loads(value) for name, value in span["attributes"].items()}
        for span in trace_document(record, source)["data"]["spans"]
    }


def test_the_steps_of_a_trial_are_spans() -> None:
    """Scores and verdict stand at the root, the outcome at the simulation."""
    found = spans(a_failed_trial(calls=1))

    assert list(found) == ["trial", "completion", "parse", "simulate"]
    assert found["trial"]["mlflow.spanInputs"] == {"message": "Refund 20 euros on ticket t_100."}
    assert found["trial"]["plangate.scores"]["plan"]["reason"] == "amount_cents is 25000"
    assert found["trial"]["mlflow.traceTag.plangate.passed"] == "False"
    assert found["completion"]["mlflow.spanOutputs"] == '{"tool": "ticket.refund"}'
    assert found["parse"]["mlflow.spanOutputs"]["problems"] == ["first answer was no JSON"]
    assert found["simulate"]["mlflow.spanOutputs"]["status"] == "refused"


def test_each_completion_is_a_span() -> None:
    """Repairs show; what they repaired is known by number only."""
    found = spans(a_trial(calls=3, repairs=2))

    assert [name for name in found if name.startswith("completion")] == [
        "completion 1", "completion 2", "completion 3",
    ]  # fmt: skip
    assert found["completion 3"]["plangate.repairs"] == 2


def test_a_lost_trial_is_an_error_of_one_span() -> None:
    """Nothing was answered, read or simulated."""
    document = trace_document(a_lost_trial(), SOURCE)

    (root,) = document["data"]["spans"][:1]
    assert document["info"]["state"] == "ERROR"
    assert root["status"] == {"code": "STATUS_CODE_ERROR", "message": a_lost_trial().fault}


@pytest.mark.parametrize(
    ("record", "run", "same"),
    [
        pytest.param(a_trial(), "run_01", True, id="the same trial"),
        pytest.param(a_trial(index=1), "run_01", False, id="another repetition"),
        pytest.param(a_trial(model="x/y"), "run_01", False, id="another model"),
        pytest.param(a_trial("other"), "run_01", False, id="another scenario"),
        pytest.param(a_trial(), "run_02", False, id="another run"),
    ],
)
def test_a_trial_has_one_id(record: TrialRecord, run: str, *, same: bool) -> None:
    """A run that is logged again has the same traces."""
    one = trace_document(a_trial(), SOURCE)
    two = trace_document(record, TraceSource(run=run, began_ns=1_000, said={}))

    assert (one["info"]["trace_id"] == two["info"]["trace_id"]) is same


def test_the_situation_comes_from_the_scenario_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With it a trace can become a scenario again; a file that changed says nothing."""
    monkeypatch.chdir(tmp_path)
    Path("scenarios").mkdir()
    Path("scenarios/cases.yaml").write_text(SCENARIO, encoding="utf-8")
    manifest = read_run(a_run(tmp_path / "run", [a_trial()])).manifest
    changed = TraceSource.of(manifest)

    (scenario,) = load([Path("scenarios")], root=Path()).scenarios
    (listed,) = manifest.scenarios
    same = manifest.model_copy(
        update={"scenarios": (listed.model_copy(update={"digest": scenario.digest}),)}
    )

    source = TraceSource.of(same)

    assert changed.said == {}
    assert spans(a_trial(), source)["trial"]["mlflow.spanInputs"] == {
        "message": "Refund 20 euros on ticket t_100.",
        "given": {"facts": {"currency": "EUR"}},
    }
    assert source.began_ns == 1_772_445_600 * 1_000_000_000


def test_scenarios_that_are_gone_leave_the_message(tmp_path: Path) -> None:
    """A run can be logged from anywhere."""
    manifest = read_run(a_run(tmp_path / "run", [a_trial()], paths=["/nowhere"])).manifest

    assert TraceSource.of(manifest).said == {}
