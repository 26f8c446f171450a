"""Prove that a scenario whose golden plan proves nothing is refused before any model is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.loader import load
from harness.matching.expectation import ABSENT
from harness.prepared import prepare_all, value_at
from harness.yaml_source import SourceError
from runtime.public import JsonObject, Plan, State, Step
from tests.worlds import a_world, prepared, shipped

LINE = 4

WORLD = """\
environment: {environment}
# the scenario stands on line four
scenarios:
  - id: {environment}-case
    reason: Says why this case exists.
    given: {given}
    when: {when}
    expect: {expect}
"""
MESSAGE = "{message: Please.}"
SET = "{plan: {steps: [{action: counter.set, inputs: {value: 3}}]}}"
RESET = "{plan: {steps: [{action: counter.reset}]}}"
REFUND = "{plan: {steps: [{action: ticket.refund, inputs: {ticket: t_100, amount_cents: 100}}]}}"
HIDDEN = "{plan: {steps: [{action: desk.reindex}]}}"
LARGE = (
    "{plan: {steps: [{action: ticket.refund_large,"
    " inputs: {ticket: t_100, amount_cents: 5100, reason: Broken}}]}}"
)


def refusal(folder: Path, text: str) -> str:
    """Return the problems of a world that must be refused, a line each."""
    found = load([a_world(folder, text)], root=folder)
    with pytest.raises(SourceError) as caught:
        prepare_all(found)
    return str(caught.value)


@pytest.mark.parametrize(
    ("environment", "given", "expect", "message"),
    [
        pytest.param("nowhere", "{}", SET, "no installed plugin declares it", id="environment"),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.jump}]}}",
            "'counter.jump' does not exist",
            id="unknown action",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.set@9, inputs: {value: 3}}]}}",
            "'counter.set@9' does not exist",
            id="unknown version",
        ),
        pytest.param(
            "counter", "{}", "{never: [counter.jump]}", "does not exist", id="never of nothing"
        ),
        pytest.param("counter", "{actions: [x.y]}", SET, "no action 'x.y'", id="offers nothing"),
        pytest.param(
            "counter", "{actions: [counter.reset]}", SET, "does not exist", id="action not offered"
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.set, inputs: {value: three}}]}}",
            "inputs_valid: input_invalid",
            id="golden input of a wrong type",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.set, inputs: {value: 3, by: 1}}]}}",
            "step 1 counter.set@1: inputs_valid",
            id="golden input too many",
        ),
        pytest.param(
            "counter", "{principal: {roles: [viewer]}}", SET, "risk_too_high", id="guard: risk"
        ),
        pytest.param("helpdesk", "{}", LARGE, "role_missing", id="guard: role"),
        pytest.param(
            "helpdesk",
            "{}",
            HIDDEN,
            "action_hidden",
            id="guard: hidden",
        ),
        pytest.param(
            "counter",
            "{limits: {windows: [{start: '11:00', end: '12:00'}]}}",
            SET,
            "outside_window",
            id="guard: window",
        ),
        pytest.param("counter", "{}", RESET, "precondition_unmet", id="guard: precondition"),
        pytest.param(
            "counter",
            "{limits: {per_minute: 1}, usage: {last_minute: 1}}",
            SET,
            "rate_limited",
            id="guard: rate",
        ),
        pytest.param(
            "counter", "{limits: {budgets: {project: 1}}}", SET, "budget_exceeded", id="budget"
        ),
        pytest.param(
            "counter",
            "{state: {/counter/value: 4}, consent: {confirm: false}}",
            RESET,
            "confirmation_required",
            id="guard: confirmation",
        ),
        pytest.param(
            "helpdesk",
            "{principal: {roles: [finance]}, consent: {approve: false}}",
            LARGE,
            "approval_required",
            id="guard: approval",
        ),
        pytest.param(
            "counter",
            "{principal: {grant: interactive}}",
            "{plan: {steps: [{action: counter.increment}, {action: counter.increment}]}}",
            "plan_too_long",
            id="guard: plan size",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.increment, optional: true}]}}",
            "plan_empty",
            id="only optional steps",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.increment, inputs: {by: -1}}]}}",
            "invariant_broken",
            id="invariant",
        ),
        pytest.param(
            "counter",
            "{}",
            "{any_of: [{steps: [{action: counter.increment}]},"
            " {steps: [{action: counter.set, inputs: {value: -1}}]}]}",
            "alternative 2 does not execute",
            id="second plan refused",
        ),
        pytest.param(
            "counter",
            "{}",
            "{any_of: [{steps: [{action: counter.set, inputs: {value: 3}}]},"
            " {steps: [{action: counter.set, inputs: {value: 4}}]}], state: {/counter/value: 3}}",
            "alternative 2 leads elsewhere",
            id="second plan does not reach the state",
        ),
        pytest.param(
            "helpdesk",
            "{principal: {roles: [admin]}}",
            HIDDEN,
            "is hidden from the model",
            id="hidden action in golden, allowed to the principal",
        ),
        pytest.param(
            "counter",
            "{}",
            SET[:-1] + ", never: [counter.set]}",
            "which 'never' forbids",
            id="never and golden",
        ),
        pytest.param(
            "counter",
            "{}",
            SET[:-1] + ", never: [counter.set@1]}",
            "which 'never' forbids",
            id="never spelt with its version",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{any_of: [{action: counter.increment},"
            " {action: counter.set, inputs: {value: 1}}]}]}, never: [counter.set]}",
            "uses counter.set, which 'never'",
            id="never and an alternative",
        ),
        pytest.param(
            "counter",
            "{}",
            SET[:-1] + ", state: {/counter/value: 4}}",
            "'/counter/value: the golden plan leads elsewhere"[1:],
            id="state that the plan does not reach",
        ),
        pytest.param(
            "counter",
            "{}",
            SET[:-1] + ", state: {/counter/valu: 3}}",
            "/counter/valu: the golden plan leads elsewhere: the value is missing",
            id="state pointer that leads nowhere",
        ),
        pytest.param(
            "counter",
            "{}",
            SET[:-1] + ", state: {/counter/value: {$between: [9, 5]}}}",
            "$between",
            id="bad matcher in the state",
        ),
        pytest.param(
            "counter",
            "{}",
            SET[:-1] + ", volatile: [/countr/value]}",
            "there is no component 'countr'",
            id="volatile pointer that leads nowhere",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.set, inputs: {value: {$pattern: '('}}}]}}",
            "no regular expression",
            id="bad pattern",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.set, inputs: {value: {$betwen: [1, 2]}}}]}}",
            "is not a matcher",
            id="unknown matcher",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.set, inputs: {value: {$any: true}}}]}}",
            "$example",
            id="matcher without an example",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.increment}, {any_of: [{action: counter.increment},"
            " {action: counter.set, inputs: {valu: 1}}]}]}}",
            "counter.set: inputs",
            id="alternative whose inputs break the schema",
        ),
        pytest.param(
            "counter",
            "{}",
            "{plan: {steps: [{action: counter.increment},"
            " {action: counter.set, inputs: {value: x}, optional: true}]}}",
            "counter.set: inputs",
            id="optional step whose inputs break the schema",
        ),
        pytest.param(
            "counter", "{state: {/counter/deep/er: 1}}", SET, "given.state", id="given pointer"
        ),
        pytest.param(
            "counter", "{state: {/countr: 1}}", SET, "'countr' is no component", id="component"
        ),
        pytest.param(
            "counter", "{state: {/counter/value: x}}", SET, "counter/value", id="state schema"
        ),
        pytest.param(
            "counter", "{state: {/counter/value: -1}}", SET, "invariant", id="state invariant"
        ),
        pytest.param(
            "counter",
            "{state: {/counter/step: {$remove: true}}}",
            SET,
            "step",
            id="removed what is required",
        ),
        pytest.param(
            "counter",
            "{state: {/counter/x: {$remove: true}}}",
            SET,
            "given.state",
            id="remove nothing",
        ),
    ],
)
def test_a_scenario_that_proves_nothing_is_refused(
    tmp_path: Path, environment: str, given: str, expect: str, message: str
) -> None:
    """The golden plan must execute, reach what is expected, and be proposable."""
    text = WORLD.format(environment=environment, given=given, when=MESSAGE, expect=expect)

    found = refusal(tmp_path, text)

    assert found.startswith(f"world/cases.yaml:{LINE}: scenario '{environment}-case': "), found
    assert message in found


@pytest.mark.parametrize(
    ("attachment", "message"),
    [
        pytest.param("{name: a, mime: image/png, base64: '@@'}", "not base64", id="bad base64"),
        pytest.param("{name: a, mime: image/png, base64: 'abc'}", "not base64", id="bad padding"),
        pytest.param("{name: a, mime: video/mp4, text: x}", "video/mp4 is not one", id="bad mime"),
        pytest.param("{name: a, mime: text/plain, base64: '/w=='}", "not UTF-8", id="not text"),
    ],
)
def test_an_attachment_that_no_model_takes_is_refused(
    tmp_path: Path, attachment: str, message: str
) -> None:
    """What can't be shown to a model is a fault of the scenario, not of the model."""
    when = "{message: See file., attachments: [" + attachment + "]}"

    found = refusal(
        tmp_path, WORLD.format(environment="counter", given="{}", when=when, expect=SET)
    )

    assert f"cases.yaml:{LINE}: " in found
    assert message in found


def test_every_refused_scenario_is_told(tmp_path: Path) -> None:
    """One look mends all."""
    bad = WORLD.format(environment="counter", given="{}", when=MESSAGE, expect=RESET)
    second = bad[bad.index("  - id") :].replace("counter-case", "counter-other")

    found = refusal(tmp_path, bad + second)

    assert "world/cases.yaml:4:" in found
    assert "world/cases.yaml:9:" in found


@pytest.mark.parametrize(
    "expect",
    [
        pytest.param({"decline": True}, id="decline"),
        pytest.param({"clarification": {"asks_for": []}}, id="clarification"),
        pytest.param({"either": ["decline", "clarification"]}, id="either"),
        pytest.param({"never": ["counter.reset"]}, id="never"),
    ],
)
def test_a_scenario_without_a_plan_needs_none(expect: JsonObject) -> None:
    """Only plans are executed."""
    found = prepared(expect=expect)

    assert found.golden is None
    assert found.reference is None
    assert not found.scores_path


def test_a_value_may_be_expected_to_be_gone() -> None:
    """`$absent` in `expect.state` is met where nothing stands."""
    found = prepared(
        expect={
            "plan": {"steps": [{"action": "counter.increment"}]},
            "state": {"/counter/old": {"$absent": True}},
        }
    )

    assert found.reference is not None
    assert value_at(found.reference.state, "/counter/old") is ABSENT
    assert value_at(found.reference.state, "/counter/value") == 1


def test_a_value_that_should_be_gone_is_refused_while_it_stands(tmp_path: Path) -> None:
    """`$absent` is an expectation like any other."""
    expect = SET[:-1] + ", state: {/counter/value: {$absent: true}}}"

    found = refusal(
        tmp_path, WORLD.format(environment="counter", given="{}", when=MESSAGE, expect=expect)
    )

    assert "expected nothing there" in found


def test_only_the_mode_reference_leaves_the_path_free() -> None:
    """In mode reference the state alone is scored."""
    steps = [{"action": "counter.increment"}]

    assert prepared(expect={"plan": {"steps": steps}}).scores_path
    assert not prepared(expect={"plan": {"mode": "reference", "steps": steps}}).scores_path


def test_a_place_without_value_is_absent() -> None:
    """A pointer that leads nowhere gives ABSENT, also below a number."""
    state = State.of({"counter": {"value": 1}})

    assert value_at(state, "/counter/value/x") is ABSENT


def test_every_shipped_golden_plan_executes() -> None:
    """What the repository ships is sound."""
    found = shipped()

    assert sum(item.golden is not None for item in found) > 150


def test_the_golden_plan_is_judged_once() -> None:
    """Answers that are golden in other words reuse the judgement; all others are simulated."""
    found = prepared()
    assert found.golden is not None

    spelled_out = Plan(steps=tuple(found.sandbox.prepared(step) for step in found.golden.steps))

    assert found.judged(spelled_out) is found.reference
    assert found.judged(found.golden) is found.reference


def test_a_plan_that_python_calls_equal_is_not_golden() -> None:
    """True is 1 in Python, but not in JSON: such a plan is simulated, and refused."""
    found = prepared(
        expect={"plan": {"steps": [{"action": "counter.set", "inputs": {"value": 1}}]}}
    )
    assert found.golden is not None

    judgement = found.judged(Plan(steps=(Step(action="counter.set", inputs={"value": True}),)))

    assert judgement is not found.reference
    assert judgement.outcome.refusal is not None


WAITS = "{action: counter.set, inputs: {value: 3}}"
ONE_A_DAY = "{limits: {quotas: {project: 0}}}"


@pytest.mark.parametrize(
    ("given", "expect", "message"),
    [
        pytest.param(
            "{}",
            f"{{plan: {{steps: [{WAITS}]}}, refusal: {{code: quota_exceeded}}}}",
            "the golden plan: the plan is done, expected the refusal quota_exceeded",
            id="it is not refused",
        ),
        pytest.param(
            ONE_A_DAY,
            f"{{plan: {{steps: [{WAITS}]}}, refusal: {{code: rate_limited}}}}",
            "the golden plan: the plan stops otherwise than by rate_limited",
            id="it is refused otherwise",
        ),
        pytest.param(
            ONE_A_DAY,
            f"{{any_of: [{{steps: [{WAITS}]}}, {{steps: [{WAITS.replace('3', 'x')}]}}], "
            "refusal: {code: quota_exceeded}}",
            "alternative 2: the plan stops otherwise",
            id="an alternative is refused otherwise",
        ),
        pytest.param(
            ONE_A_DAY,
            f"{{plan: {{steps: [{WAITS}]}}, refusal: {{code: quota_exceeded}}, "
            "state: {/counter/value: 3}}",
            "the golden plan leads elsewhere",
            id="it changes nothing",
        ),
        pytest.param(
            "{}",
            f"{{plan: {{steps: [{WAITS}]}}, redacted: [{{step: 1, inputs: [/value]}}]}}",
            "the record shows the input /value of step 1",
            id="nothing is hidden",
        ),
        pytest.param(
            ONE_A_DAY,
            f"{{plan: {{steps: [{WAITS}]}}, "
            "refusal: {code: quota_exceeded, expected: {$nothing: 1}}}",
            "$nothing",
            id="a matcher that is none",
        ),
    ],
)
def test_a_golden_plan_that_is_answered_otherwise_proves_nothing(
    tmp_path: Path, given: str, expect: str, message: str
) -> None:
    """A scenario that expects a refusal is refused itself where there is none."""
    text = WORLD.format(environment="counter", given=given, when=MESSAGE, expect=expect)

    assert message in refusal(tmp_path, text)


def test_a_golden_plan_may_be_one_that_is_refused() -> None:
    """As the scenario says; its state is where it began."""
    found = prepared(
        given={"limits": {"quotas": {"project": 0}}},
        expect={
            "plan": {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]},
            "refusal": {"code": "quota_exceeded"},
            "state": {"/counter/value": 0},
        },
    )

    assert found.reference is not None
    assert found.reference.outcome.refusal is not None
