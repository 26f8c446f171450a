"""Traces become scenarios whose golden plan executes, and whose texts hold nobody's data."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.importing.files import OutputError
from harness.importing.traces import ImportedTraces, import_traces, write_new
from harness.loader import read_scenarios
from harness.prepared import prepare
from harness.sandboxes import Sandboxes
from harness.scenario import Scenario
from harness.tracking.traces import TraceSource, trace_document
from harness.yaml_source import parse_yaml
from runtime.public import JsonObject, JsonValue
from tests.unit.harness.importing.test_traces_read import a_call, a_trace
from tests.unit.harness.reporting.builders import a_plan, a_trial

COUNT = "counter"


def exported(
    said: JsonObject, proposal: JsonValue, *, environment: str = COUNT, index: int = 0
) -> JsonObject:
    """Write a trial as the trace that logging it writes."""
    record = a_trial("s", index=index, environment=environment, proposal=proposal, outcome=None)
    return trace_document(record, TraceSource(run="r", began_ns=1, said={"s": said}))


def planned(*steps: tuple[str, JsonObject]) -> JsonObject:
    """Build the proposal of a plan."""
    return {"kind": "plan", "plan": a_plan(*steps)}


def scenarios(imported: ImportedTraces) -> list[Scenario]:
    """Read what was written, as a run would."""
    return [
        scenario
        for name, content in imported.files.items()
        for scenario in read_scenarios(parse_yaml(content.decode(), shown_as=name))
    ]


def steps_of(scenario: Scenario) -> list[tuple[str | None, JsonObject]]:
    """Return the expected steps."""
    assert scenario.expect.plan is not None
    return [(step.action, step.inputs) for step in scenario.expect.plan.steps]


@given(values=st.lists(st.integers(min_value=0, max_value=100), min_size=1, max_size=5))
def test_a_plan_comes_back_as_it_went(values: list[int]) -> None:
    """Import of export is the identity on plans, and the scenario is sound."""
    steps = [("counter.set@1", {"value": value}) for value in values]

    imported = import_traces([exported({"message": "count"}, planned(*steps))], source="t.json")

    (scenario,) = scenarios(imported)
    assert steps_of(scenario) == steps
    assert prepare(scenario, Sandboxes({})).golden is not None


def test_the_skeleton_asks_for_a_review() -> None:
    """It says where it comes from, and that nobody looked at it."""
    trace = exported({"message": "count"}, planned(("counter.set@1", {"value": 3})))

    imported = import_traces([trace], source="t.json")

    (content,) = imported.files.values()
    (raw,) = parse_yaml(content.decode(), shown_as="x").content["scenarios"]
    assert list(imported.files) == ["counter_traces.yaml"]
    assert content.startswith(b"# Imported from traces")
    assert raw["tags"] == ["imported"]
    assert raw["provenance"] == {
        "trace": trace["info"]["trace_id"], "source": "t.json", "reviewed": False,
    }  # fmt: skip
    assert raw["id"] == f"counter-trace-{trace['info']['trace_id'][3:15]}"


def test_state_and_plan_are_anonymised_alike() -> None:
    """The golden plan still finds in the state what the message speaks of."""
    mail = "ann.miller@corp.org"
    said = {
        "message": f"Remember that my mail is {mail}. Regards,\nAnn Miller",
        "given": {"facts": {"mail": mail}},
    }
    proposal = planned(("counter.set@1", {"value": 3}))

    imported = import_traces([exported(said, proposal)], source="t.json")

    (scenario,) = scenarios(imported)
    assert scenario.given.facts == {"mail": "email1@example.com"}
    assert "email1@example.com" in scenario.when.message
    assert imported.replaced == {"Person1": 1, "email1@example.com": 2}
    assert not [
        word for word in (b"Ann", b"Miller", b"corp") if word in b"".join(imported.files.values())
    ]


@pytest.mark.parametrize(
    ("proposal", "expected"),
    [
        pytest.param(
            {"kind": "clarification", "question": "Which?", "asks_for": ["value"]},
            {"clarification": {"asks_for": [{"slot": "value"}]}},
            id="a question",
        ),
        pytest.param({"kind": "decline", "reason": "no"}, {"decline": True}, id="a decline"),
    ],
)
def test_questions_and_declines_are_expected_too(proposal: JsonValue, expected: JsonValue) -> None:
    """Not every good answer is a plan."""
    (scenario,) = scenarios(import_traces([exported({"message": "x"}, proposal)], source="t"))

    assert scenario.expect.model_dump(mode="json", exclude_defaults=True) == expected


def test_the_same_case_is_imported_once() -> None:
    """Five repetitions of a scenario are one."""
    traces = [
        exported({"message": "x"}, planned(("counter.set@1", {"value": 3})), index=index)
        for index in range(5)
    ]

    imported = import_traces(traces, source="t")

    assert (imported.scenarios, imported.repeated, len(imported.problems)) == (1, 4, 0)


@pytest.mark.parametrize(
    ("trace", "environment", "problem"),
    [
        pytest.param(
            exported({"message": "x"}, planned(("counter.set@1", {"value": "ten"}))), "",
            "the golden plan does not execute", id="a plan that the engine refuses",
        ),
        pytest.param(
            exported({"message": "x"}, None), "", "proposed nothing usable", id="no proposal"
        ),
        pytest.param(
            exported({"message": "x"}, {"kind": "plan", "plan": {"steps": [7]}}), "",
            "no steps that name an action", id="a damaged plan",
        ),
        pytest.param(
            exported({"message": "x"}, planned(("a", {})), environment="nowhere"), "",
            "nowhere", id="an environment that is not installed",
        ),
        pytest.param(
            a_trace({"messages": [{"role": "user", "content": "x"}]}, {"tool_calls": [a_call()]}),
            "", "--environment", id="a foreign trace without an environment",
        ),
        pytest.param(
            a_trace({"messages": [{"role": "user", "content": "x"}]}, {"tool_calls": [a_call()]}),
            COUNT, "calls get, which environment 'counter' does not offer", id="unknown tools",
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_named(trace: JsonObject, environment: str, problem: str) -> None:
    """The trace's id and its place say which one it is."""
    imported = import_traces([trace], source="t.json", environment=environment)

    (found,) = imported.problems
    assert imported.files == {}
    assert str(found).startswith("t.json:1: trace tr-")
    assert problem in found.message


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param(a_call("counter_set", '{"value": 3}'), "counter.set@1", id="as a tool"),
        pytest.param(a_call("counter.set", {"value": 3}), "counter.set@1", id="as an action"),
    ],
)
def test_foreign_calls_become_actions(call: JsonObject, expected: str) -> None:
    """Tools are found by the names that a model sees, or by the action's own."""
    trace = a_trace({"messages": [{"role": "user", "content": "x"}]}, {"tool_calls": [call]})

    (scenario,) = scenarios(import_traces([trace], source="t", environment=COUNT))

    assert steps_of(scenario) == [(expected, {"value": 3})]


@pytest.mark.parametrize(
    ("call", "kinds"),
    [
        pytest.param(a_call("ask_clarification", {"asks_for": ["v"]}), {"clarification"}, id="ask"),
        pytest.param(a_call("decline", {"reason": "no"}), {"decline"}, id="decline"),
    ],
)
def test_foreign_questions_and_declines(call: JsonObject, kinds: set[str]) -> None:
    """Our own two tools mean what they mean everywhere."""
    trace = a_trace({"messages": [{"role": "user", "content": "x"}]}, {"tool_calls": [call]})

    (scenario,) = scenarios(import_traces([trace], source="t", environment=COUNT))

    assert scenario.expect.kinds == kinds


def test_a_reviewed_file_is_never_overwritten(tmp_path: Path) -> None:
    """The work of a person is worth more than an import; nothing is written then."""
    write_new(tmp_path / "new", {"a.yaml": b"1"})

    with pytest.raises(OutputError, match=r"a\.yaml exists"):
        write_new(tmp_path / "new", {"0.yaml": b"2", "a.yaml": b"2"})

    assert [path.read_bytes() for path in (tmp_path / "new").iterdir()] == [b"1"]


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    """A file stands where it should be."""
    (tmp_path / "x").write_bytes(b"")

    with pytest.raises(OutputError, match="can't be written"):
        write_new(tmp_path / "x", {"a.yaml": b""})
