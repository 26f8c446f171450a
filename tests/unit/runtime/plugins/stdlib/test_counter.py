"""The counter moves as asked and never leaves its bounds."""

from dataclasses import replace

import pytest

from runtime.plugins.stdlib.counter import PLUGIN
from runtime.public import (
    JsonObject,
    Judgement,
    Plan,
    Principal,
    ReasonCode,
    Sandbox,
    State,
    Step,
    StepStatus,
)

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])
OPERATOR = SANDBOX.situation().principal
VIEWER = OPERATOR.model_copy(update={"roles": ("viewer",)})


def judge(
    action: str,
    inputs: JsonObject | None = None,
    *,
    counter: dict[str, int] | None = None,
    principal: Principal = OPERATOR,
    confirms: bool = True,
) -> Judgement:
    """Simulate one step on a counter at 12, unless told otherwise."""
    state = {"counter": {"value": 12, "step": 1, "limit": 100, **(counter or {})}}
    return SANDBOX.simulate(
        Plan(steps=(Step(action=action, inputs=inputs or {}),)),
        replace(SANDBOX.situation(), state=State.of(state), principal=principal, confirms=confirms),
    )


def reason(judgement: Judgement) -> ReasonCode | None:
    """Return why a plan did not run, or None when it did."""
    refusal = judgement.outcome.refusal
    return None if refusal is None else refusal.code


@pytest.mark.parametrize(
    ("action", "inputs", "counter", "value"),
    [
        pytest.param("counter.set", {"value": 40}, {}, 40, id="set gives the value named"),
        pytest.param("counter.set", {"value": 100}, {}, 100, id="set reaches the limit"),
        pytest.param("counter.set", {"value": 0}, {}, 0, id="set reaches zero"),
        pytest.param("counter.increment", {}, {}, 13, id="increment moves by one by default"),
        pytest.param("counter.increment", {"by": 5}, {}, 17, id="increment moves by the number"),
        pytest.param("counter.increment", {"by": -12}, {}, 0, id="increment moves down"),
        pytest.param("counter.increment", {"by": 3}, {"step": 5}, 27, id="increment counts steps"),
        pytest.param("counter.reset", {}, {}, 0, id="reset starts over"),
    ],
)
def test_an_action_moves_the_counter(
    action: str, inputs: JsonObject, *, counter: dict[str, int], value: int
) -> None:
    """The value follows the action, and step and limit stay as they are."""
    judgement = judge(action, inputs, counter=counter)

    assert judgement.outcome.status is StepStatus.DONE
    expected = {"step": 1, "limit": 100, **counter, "value": value}
    assert judgement.state.components == {"counter": expected}


@pytest.mark.parametrize(
    ("action", "inputs", "counter", "code"),
    [
        pytest.param(
            "counter.set", {"value": 101}, {}, ReasonCode.INVARIANT_BROKEN, id="set above the limit"
        ),
        pytest.param(
            "counter.increment", {"by": 89}, {}, ReasonCode.INVARIANT_BROKEN, id="move above it"
        ),
        pytest.param(
            "counter.increment", {"by": -13}, {}, ReasonCode.INVARIANT_BROKEN, id="move below zero"
        ),
        pytest.param(
            "counter.increment", {"by": 0}, {}, ReasonCode.INPUT_INVALID, id="move nowhere"
        ),
        pytest.param("counter.set", {}, {}, ReasonCode.INPUT_INVALID, id="set to nothing"),
        pytest.param("counter.set", {"value": -1}, {}, ReasonCode.INPUT_INVALID, id="set below 0"),
        pytest.param(
            "counter.set", {"value": 1, "by": 1}, {}, ReasonCode.INPUT_INVALID, id="unknown input"
        ),
        pytest.param(
            "counter.reset", {}, {"value": 0}, ReasonCode.PRECONDITION_UNMET, id="reset at zero"
        ),
    ],
)
def test_a_wrong_move_is_refused(
    action: str, inputs: JsonObject, *, counter: dict[str, int], code: ReasonCode
) -> None:
    """A step that breaks a rule gives its reason and leaves the counter alone."""
    judgement = judge(action, inputs, counter=counter)

    assert reason(judgement) is code
    assert judgement.outcome.before == judgement.outcome.after


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param(-1, "the counter never falls below 0", id="below zero"),
        pytest.param(101, "the counter never rises above its limit", id="above the limit"),
    ],
)
def test_a_value_out_of_bounds_breaks_an_invariant(value: int, problem: str) -> None:
    """The bounds are invariants, so they hold whatever an action does."""
    state: JsonObject = {"counter": {"value": value, "step": 1, "limit": 100}}

    assert SANDBOX.compiled.state_problems(state) == (f"invariant does not hold: {problem}",)


def test_a_reset_waits_for_confirmation() -> None:
    """A reset loses the count, so it does not run until a person confirms."""
    judgement = judge("counter.reset", confirms=False)

    assert reason(judgement) is ReasonCode.CONFIRMATION_REQUIRED


@pytest.mark.parametrize("action", ["counter.set", "counter.increment", "counter.reset"])
def test_a_viewer_moves_nothing(action: str) -> None:
    """Viewers may look only."""
    inputs = {"value": 1} if action == "counter.set" else {}

    assert reason(judge(action, inputs, principal=VIEWER)) is ReasonCode.RISK_TOO_HIGH


def test_a_move_is_cheaper_than_a_new_value() -> None:
    """The costs differ, so that a tight budget has a right answer."""
    assert judge("counter.increment").outcome.cost == 1
    assert judge("counter.set", {"value": 13}).outcome.cost == 2


def test_a_new_counter_stands_at_zero() -> None:
    """The initial state is the one that the documentation shows."""
    initial = SANDBOX.situation().state.components

    assert initial == {"counter": {"value": 0, "step": 1, "limit": 10_000}}
