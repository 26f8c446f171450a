"""Prove that each part of what is expected of the engine is held against what it answered."""

from __future__ import annotations

import pytest

from harness.matching.engine_answer import expected_code, refused_as_expected, unlike_expected
from harness.matching.matcher import MatcherError
from harness.scenario import Expect
from runtime.public import JsonObject, PlanOutcome, ReasonCode

PLAN: JsonObject = {"steps": [{"action": "box.put"}, {"action": "box.put"}]}
LIMIT: JsonObject = {"scope": "project", "measure": "units_a_day", "resets_at": None}
STEP: JsonObject = {"action": "box.put@1", "state_version": 0, "state_digest": "sha256:a"}


def expected(**said: JsonObject) -> Expect:
    """Build an expectation of two steps."""
    return Expect.model_validate({"plan": PLAN, **said})


def refused(code: str = "budget_exceeded", **changes: JsonObject) -> PlanOutcome:
    """Build the outcome of a plan that was refused at its second step."""
    refusal: JsonObject = {
        "guard": "within_budget", "code": code, "expected": "at most 9 units", "remedy": "wait",
        "limit": LIMIT, **changes,
    }  # fmt: skip
    return an_outcome("refused", second={"status": "refused", "refusal": refusal}, refusal=refusal)


def an_outcome(
    status: str, *, second: JsonObject | None = None, refusal: JsonObject | None = None
) -> PlanOutcome:
    """Build an outcome of two steps, of which the record hides the note of the first."""
    inputs: JsonObject = {"note": "[redacted]", "value": 1}
    return PlanOutcome.model_validate(
        {
            "status": status,
            "plan_digest": "sha256:p",
            "before": "sha256:a",
            "after": "sha256:a",
            "refusal": refusal,
            "steps": [
                {**STEP, "index": 0, "status": "done", "inputs": inputs},
                {**STEP, "index": 1, "status": status, "inputs": inputs, **(second or {})},
            ],
        }
    )


DONE = an_outcome("done")


def test_without_a_word_about_it_a_plan_is_to_be_done() -> None:
    """The refusal's own words say why it is not."""
    assert unlike_expected(expected(), DONE) == ()
    assert unlike_expected(expected(), refused()) == (
        "the plan stops: within_budget: budget_exceeded: expected: at most 9 units; wait",
    )


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({}, id="the code alone"),
        pytest.param({"step": 2}, id="the step"),
        pytest.param({"limit": {"scope": "project", "measure": "units_a_day"}}, id="the limit"),
        pytest.param({"expected": "at most 9 units"}, id="the words"),
        pytest.param(
            {"expected": {"$contains": ["9 UNITS"], "$example": "9 units"}}, id="by a matcher"
        ),
    ],
)
def test_the_refusal_that_is_expected_is_right(wanted: JsonObject) -> None:
    """As much of it as the scenario says."""
    expect = expected(refusal={"code": "budget_exceeded", **wanted})

    assert unlike_expected(expect, refused()) == ()
    assert refused_as_expected(expect, refused())


@pytest.mark.parametrize(
    ("wanted", "outcome", "fault"),
    [
        pytest.param({}, DONE, "the plan is done, expected the refusal budget_exceeded", id="done"),
        pytest.param(
            {},
            refused("rate_limited"),
            "the plan stops otherwise than by budget_exceeded: within_budget: rate_limited: "
            "expected: at most 9 units; wait",
            id="another code",
        ),
        pytest.param(
            {"step": 1},
            refused(),
            "budget_exceeded stops step 2, expected step 1",
            id="another step",
        ),
        pytest.param(
            {"limit": {"scope": "principal", "measure": "units_a_day"}},
            refused(),
            "budget_exceeded by the limit project units_a_day, expected principal units_a_day",
            id="somebody else's limit",
        ),
        pytest.param(
            {"limit": {"scope": "project", "measure": "actions_a_day"}},
            refused(),
            "budget_exceeded by the limit project units_a_day, expected project actions_a_day",
            id="another measure",
        ),
        pytest.param(
            {"limit": {"scope": "project", "measure": "units_a_day"}},
            PlanOutcome.model_validate(
                refused().model_dump()
                | {"refusal": refused().refusal.model_dump() | {"limit": None}}  # type: ignore[union-attr]  # it is refused
            ),
            "budget_exceeded by the limit none, expected project units_a_day",
            id="no limit",
        ),
        pytest.param(
            {"expected": "at most 8 units"},
            refused(),
            'budget_exceeded: what the engine wanted: the value is "at most 9 units", '
            'expected "at most 8 units"',
            id="other words",
        ),
    ],
)
def test_another_answer_is_told(wanted: JsonObject, outcome: PlanOutcome, fault: str) -> None:
    """Each part is looked at by itself."""
    expect = expected(refusal={"code": "budget_exceeded", **wanted})

    assert unlike_expected(expect, outcome) == (fault,)
    assert not refused_as_expected(expect, outcome)


@pytest.mark.parametrize(
    ("redacted", "faults"),
    [
        pytest.param([{"step": 1, "inputs": ["/note"]}], (), id="hidden"),
        pytest.param(
            [{"step": 1, "inputs": ["/note", "/value"]}],
            ("the record shows the input /value of step 1",),
            id="shown",
        ),
        pytest.param(
            [{"step": 2, "inputs": ["/iban"]}],
            ("step 2 has no input /iban that could be hidden",),
            id="no such input",
        ),
        pytest.param(
            [{"step": 3, "inputs": ["/note"]}],
            ("there is no step 3 whose inputs could be hidden",),
            id="no such step",
        ),
    ],
)
def test_the_record_hides_what_it_has_to(redacted: JsonObject, faults: tuple[str, ...]) -> None:
    """A place that is not there is no place that is hidden."""
    assert unlike_expected(expected(redacted=redacted), DONE) == faults


def test_a_refusal_that_nobody_expected_is_none_that_is() -> None:
    """Governance asks this of every plan."""
    assert not refused_as_expected(expected(), refused())
    assert expected_code(expected()) is None
    wanted = expected(refusal={"code": "policy_denied"})
    assert expected_code(wanted) is ReasonCode.POLICY_DENIED


def test_a_malformed_matcher_is_told() -> None:
    """The scenario is refused before any model is asked."""
    expect = expected(refusal={"code": "budget_exceeded", "expected": {"$nothing": 1}})

    with pytest.raises(MatcherError):
        unlike_expected(expect, refused())
