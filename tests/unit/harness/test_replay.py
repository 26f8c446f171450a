"""Prove that a trial always becomes a record, whoever is at fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from harness.matrix import TrialJob
from harness.prepared import PreparedScenario
from harness.replay import Contender, expectation_document, judged, replay
from harness.trial import TrialRecord, TrialStatus
from runtime.public import (
    ChatRequest,
    Completion,
    ModelError,
    ModelFault,
    Patience,
    PolicyDecision,
    PolicyInput,
    PolicyUncheckableError,
    Proposed,
    Sampling,
    Sandbox,
    TokenUsage,
    ToolCall,
)
from tests.worlds import SET_THREE, a_decline, a_job, prepared, proposed, steps_of

Answer = Callable[[ChatRequest], Completion]


class Scripted:
    """Answer with a function."""

    name = "m/scripted"
    offline = False
    native_tools = True

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer or fail as told."""
        return self.answer(request)

    async def close(self) -> None:
        """Hold nothing."""


def called(arguments: str) -> Completion:
    """Set the counter."""
    call = ToolCall(id="c", name="counter_set", arguments=arguments)
    usage = TokenUsage(prompt=5, completion=2)
    return Completion(
        text="", tool_calls=(call,), finish_reason="stop", usage=usage, cost_micros=3, model="m-1"
    )


async def done(answer: Answer, scenario: PreparedScenario | None = None) -> TrialRecord:
    """Do one trial."""
    sampling = Sampling(patience=Patience(retries=0), repairs=0)
    contender = Contender(
        reference="m/scripted", label="x", model=Scripted(answer), sampling=sampling
    )
    return await replay(scenario or prepared(), contender, a_job(model="m/scripted"))


async def test_a_right_answer_passes_and_keeps_its_figures() -> None:
    """Seed and labels reach the model; tokens, price and model reach the record."""
    seen: list[ChatRequest] = []

    def answer(request: ChatRequest) -> Completion:
        seen.append(request)
        return called('{"value": 3}')

    record = await done(answer)

    assert (record.status, record.passed) == (TrialStatus.SCORED, True)
    assert (record.prompt_tokens, record.cost_micros, record.answered_by) == (5, 3, "m-1")
    assert seen[0].seed == 11
    assert seen[0].labels == {"scenario": "counter-case", "trial": "0", "seed": "11"}


async def test_a_wrong_answer_fails_with_the_difference() -> None:
    """The record shows what would mend it."""
    record = await done(lambda _: called('{"value": 4}'))

    assert record.passed is False
    assert [item["path"] for item in record.state_diff] == ["/counter/value"]
    assert record.outcome is not None
    assert "plan_digest" in record.outcome


def fail(error: Exception) -> Answer:
    """Make an answer that raises."""

    def answer(_: ChatRequest) -> Completion:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "status", "fault"),
    [
        pytest.param(
            ModelError(ModelFault.SERVER, model="m", detail="HTTP 500"),
            TrialStatus.INFRASTRUCTURE,
            "m: server: HTTP 500",
            id="the provider's fault",
        ),
        pytest.param(KeyError("x"), TrialStatus.INTERNAL, "KeyError: 'x'", id="a fault of our own"),
    ],
)
async def test_a_lost_trial_is_a_record(error: Exception, status: TrialStatus, fault: str) -> None:
    """It neither passed nor failed."""
    record = await done(fail(error))

    assert (record.status, record.passed, record.fault) == (status, None, fault)
    assert record.scores == {}


def test_a_passing_record_is_brief() -> None:
    """Only what explains a failure is kept in full."""
    record = judged(prepared(), proposed(SET_THREE), a_job())

    assert record.outcome is not None
    assert set(record.outcome) == {"status", "after", "cost", "steps"}
    assert record.state_diff == ()


def test_words_are_recorded_as_they_were_said() -> None:
    """A decline has no outcome."""
    record = judged(prepared(expect={"decline": True}), proposed(proposal=a_decline()), a_job())

    assert record.proposal == {"kind": "decline", "reason": "Nothing here does that."}
    assert (record.outcome, record.passed) == (None, True)
    assert judged(prepared(), proposed(), a_job()).proposal is None


def test_what_was_expected_is_told() -> None:
    """Reports put it beside the answer."""
    plan = {"plan": {"steps": steps_of(SET_THREE)}, "never": ["counter.reset"]}
    asks = {"clarification": {"asks_for": [{"slot": "value"}]}}

    assert expectation_document(prepared(expect=plan)) == {
        "kinds": ["plan"],
        "plan": {"steps": steps_of(SET_THREE)},
        "mode": "exact",
        "never": ["counter.reset"],
    }
    assert expectation_document(prepared(expect=asks)) == {
        "kinds": ["clarification"],
        "asks_for": ["value"],
    }


async def test_a_contender_that_proposes_is_asked_in_place_of_the_planner() -> None:
    """It gets the scenario and the job as a whole; its model is asked nothing."""
    seen: list[tuple[PreparedScenario, TrialJob]] = []

    async def propose(scenario: PreparedScenario, job: TrialJob) -> Proposed:
        seen.append((scenario, job))
        return proposed(SET_THREE, model="elsewhere-1")

    def unasked(_: ChatRequest) -> Completion:
        raise AssertionError

    contender = Contender(
        reference="target+x",
        label="x",
        model=Scripted(unasked),
        sampling=Sampling(),
        propose=propose,
    )
    scenario, job = prepared(), a_job(model="target+x")

    record = await replay(scenario, contender, job)

    assert (record.status, record.passed) == (TrialStatus.SCORED, True)
    assert record.answered_by == "elsewhere-1"
    assert seen == [(scenario, job)]


async def test_a_proposal_that_never_came_is_a_lost_trial() -> None:
    """Its fault is told as a model's would be."""

    async def propose(_: PreparedScenario, __: TrialJob) -> Proposed:
        raise ModelError(ModelFault.CONNECTION, model="target+x", detail="gone")

    contender = Contender(
        reference="target+x",
        label="x",
        model=Scripted(lambda _: called("{}")),
        sampling=Sampling(),
        propose=propose,
    )

    record = await replay(prepared(), contender, a_job(model="target+x"))

    assert (record.status, record.fault) == (
        TrialStatus.INFRASTRUCTURE,
        "target+x: connection: gone",
    )


@dataclass(slots=True, kw_only=True)
class SlowRules:
    """Answer so many calls, and then none."""

    calls: int
    revision: str = "sha256:slow"

    def decide(self, questions: Sequence[PolicyInput]) -> tuple[PolicyDecision, ...]:
        """Allow, or run out of time."""
        self.calls -= 1
        if self.calls < 0:
            raise PolicyUncheckableError(scope="sandbox", fault="policy_slow", detail="too busy")
        allowed = PolicyDecision(allow=True, revision=self.revision, decision_id="sha256:d")
        return (allowed,) * len(questions)


@pytest.mark.parametrize(
    "calls", [pytest.param(0, id="for the prompt"), pytest.param(1, id="for the plan")]
)
async def test_rules_that_do_not_answer_in_time_are_no_models_fault(calls: int) -> None:
    """The trial is lost, as one whose provider failed; it is not counted against the model."""
    scenario = prepared()
    plugin, environment = scenario.sandbox.plugin, scenario.sandbox.environment
    slow = Sandbox.of(plugin, environment, rules=SlowRules(calls=calls))

    record = await done(lambda _: called('{"value": 4}'), replace(scenario, sandbox=slow))

    assert (record.status, record.passed) == (TrialStatus.INFRASTRUCTURE, None)
    assert "too busy" in record.fault


def test_what_is_expected_of_the_engine_is_told() -> None:
    """A reader sees which refusal was due."""
    expect = {
        "plan": {"steps": steps_of(SET_THREE)},
        "refusal": {"code": "quota_exceeded", "step": 1},
    }

    document = expectation_document(
        prepared(given={"limits": {"quotas": {"project": 0}}}, expect=expect)
    )

    assert document["refusal"] == {"code": "quota_exceeded", "step": 1}
    assert "redacted" not in document
