"""A handler can't lie: what it did is compared with what it declared, on documents of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from runtime.domain.action import HandlerRefusal, OrganizationHandler, SideEffect
from runtime.domain.approval import ConsentKind
from runtime.domain.condition import Condition
from runtime.domain.outcome import StepStatus
from runtime.domain.policy import Obligation, ObligationKind
from runtime.domain.reason import ReasonCode
from runtime.engine.step import StepJudgement, judge_step
from runtime.kit.json_value import JsonObject, JsonValue
from tests.builders import (
    a_component,
    a_consent,
    a_decision,
    a_plan,
    a_registry,
    a_state,
    a_step,
    an_action,
    digest_of,
    put_value,
    step_facts_for,
)

SHELF: Final = a_component(
    id="shelf",
    initial_state={"value": 5},
    invariants=(
        Condition(rule="state.shelf.value >= state.box.value", message="the shelf carries the box"),
        Condition(rule="10 / (state.box.value - 4) != 7", message="the scale works"),
    ),
)
BOTH: Final[JsonObject] = {"box": {"value": 0}, "shelf": {"value": 5}}


def judged(handler: Callable[..., JsonValue], **changes: JsonValue) -> StepJudgement:
    """Judge a step of `box.put(value=3)` whose handler is this one, with a shelf below the box."""
    registry = a_registry(an_action(handler=handler, **changes), components=(a_component(), SHELF))
    return judge_step(step_facts_for(a_step(value=3), registry), registry)


def _set(pointer: str, value: JsonValue) -> Callable[[JsonObject, JsonObject], JsonObject]:
    def handler(_inputs: JsonObject, state: JsonObject) -> JsonObject:
        component, _, key = pointer.partition("/")
        state[component][key] = value
        return state

    return handler


def _without(component: str) -> Callable[[JsonObject, JsonObject], JsonObject]:
    def handler(_inputs: JsonObject, state: JsonObject) -> JsonObject:
        del state[component]
        return state

    return handler


def _raising(error: Exception) -> Callable[[JsonObject, JsonObject], JsonObject]:
    def handler(_inputs: JsonObject, _state: JsonObject) -> JsonObject:
        raise error

    return handler


def test_a_finished_step_records_what_it_did() -> None:
    """The outcome carries the diff, the new version and hash, the cost and the effects."""
    effects = (SideEffect(job="box.label", description="Prints a label."),)

    judgement = judged(put_value, cost=4, side_effects=effects)

    outcome, after = judgement.outcome, a_state({**BOTH, "box": {"value": 3}})
    assert outcome.status is StepStatus.DONE
    assert outcome.diff == ({"op": "replace", "path": "/box/value", "value": 3},)
    assert (outcome.state_version, outcome.state_digest) == (1, after.digest)
    assert (outcome.cost, outcome.side_effects) == (4, ("box.label",))
    assert (judgement.state.components, judgement.state.canonical) == (
        after.components,
        after.canonical,
    )


def test_a_handler_is_told_for_whom_it_acts_if_it_asks() -> None:
    """The credential's organization, which no plan and no model writes."""
    asked: list[str] = []

    def act(organization: str, inputs: JsonObject, state: JsonObject) -> JsonObject:
        asked.append(organization)
        return put_value(inputs, state)

    outcome = judged(OrganizationHandler(act=act)).outcome

    assert (outcome.status, asked) == (StepStatus.DONE, ["acme"])


def test_what_a_handler_adds_to_its_action_does_not_follow() -> None:
    """Declarations are read again once it has run: code in this process can change them."""

    def mailing(inputs: JsonObject, state: JsonObject) -> JsonObject:
        mail = SideEffect(job="mail.send", description="Mails.")
        object.__setattr__(registry.actions["box.put@1"].action, "side_effects", (mail,))
        return put_value(inputs, state)

    registry = a_registry(an_action(handler=mailing))
    outcome = judge_step(step_facts_for(a_step(value=3), registry), registry).outcome

    assert outcome.status is StepStatus.FAILED
    assert outcome.side_effects == ()
    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.found) == ("effect_undeclared", "mail.send")


def test_a_step_that_changes_nothing_keeps_the_version() -> None:
    """Only a change makes a new version."""
    judgement = judged(lambda _inputs, state: state)

    assert judgement.outcome.status is StepStatus.DONE
    assert (judgement.outcome.diff, judgement.outcome.state_version) == ((), 0)


@pytest.mark.parametrize(
    ("handler", "changes", "code", "found"),
    [
        pytest.param(
            _set("box/note", "hi"), {}, "undeclared_change", "add /box/note", id="another member"
        ),
        pytest.param(
            _set("shelf/value", 9),
            {},
            "undeclared_change",
            "replace /shelf/value",
            id="a neighbour",
        ),
        pytest.param(
            put_value, {"may_change": ()}, "undeclared_change", "replace /box/value", id="read-only"
        ),
        pytest.param(
            _without("box"), {}, "undeclared_change", "remove /box", id="removed, undeclared"
        ),
        pytest.param(
            _without("box"), {"may_change": ("/box",)}, "state_invalid", "box", id="removed"
        ),
        pytest.param(
            lambda _inputs, state: {**state, "a~/b": {}},
            {},
            "undeclared_change",
            "add /a~0~1b",
            id="a new component",
        ),
        pytest.param(
            _set("box/value", "x"), {}, "state_invalid", '/box/value: "x" is', id="wrong schema"
        ),
        pytest.param(
            _set("box/value", 6), {}, "invariant_broken", "state.shelf.value >=", id="invariant"
        ),
        pytest.param(
            _set("box/value", 4), {}, "invariant_error", "ZeroDivisionError", id="invariant fault"
        ),
        pytest.param(
            _raising(KeyError("gone")), {}, "handler_error", "KeyError: 'gone'", id="exception"
        ),
        pytest.param(
            _raising(HandlerRefusal("box is shut")), {}, "handler_refused", "None", id="a no"
        ),
        pytest.param(lambda _i, _s: {"box": {1}}, {}, "handler_error", "'/box' is a", id="a set"),
        pytest.param(
            lambda _i, _s: {"box": float("nan")}, {}, "handler_error", "'/box' is the", id="NaN"
        ),
        pytest.param(lambda _i, _s: {"box": (1,)}, {}, "handler_error", "'/box' is a", id="tuple"),
        pytest.param(lambda _i, _s: [], {}, "handler_error", "list", id="an array"),
        pytest.param(lambda _i, _s: None, {}, "handler_error", "NoneType", id="nothing"),
    ],
)
def test_a_dishonest_handler_fails_the_step(
    handler: Callable[..., JsonValue], changes: JsonObject, code: str, found: str
) -> None:
    """The step fails with its reason, and the state stays as it was."""
    judgement = judged(handler, **changes)

    refusal = judgement.outcome.refusal
    assert refusal is not None
    assert (judgement.outcome.status, refusal.guard) == (StepStatus.FAILED, "handler")
    assert refusal.code is ReasonCode(code)
    assert str(refusal.found).startswith(found)
    assert judgement.state.components == BOTH
    assert (judgement.outcome.diff, judgement.outcome.cost) == ((), 0)


def test_a_handlers_no_is_shown_in_its_own_words() -> None:
    """What the handler says becomes what the person reads."""
    refusal = judged(_raising(HandlerRefusal("box is shut"))).outcome.refusal

    assert refusal is not None
    assert refusal.expected == "box is shut"


def test_what_a_handler_does_to_its_arguments_stays_with_the_handler() -> None:
    """State and inputs are the handler's own copies."""

    def handler(inputs: JsonObject, state: JsonObject) -> JsonObject:
        inputs.clear()
        state["box"]["value"] = "spoilt"
        state.pop("shelf")
        return {"box": {"value": 1}, "shelf": {"value": 5}}

    registry = a_registry(an_action(handler=handler), components=(a_component(), SHELF))
    facts = step_facts_for(a_step(value=3), registry)
    judgement = judge_step(facts, registry)

    assert judgement.outcome.status is StepStatus.DONE
    assert facts.step.inputs == judgement.outcome.inputs == {"value": 3}
    assert facts.state.components == BOTH


def test_what_a_handler_keeps_can_not_change_the_state_later() -> None:
    """The engine keeps a copy of what came back, not the object itself."""
    kept: list[JsonObject] = []

    def handler(inputs: JsonObject, state: JsonObject) -> JsonObject:
        kept.append(state)
        return put_value(inputs, state)

    judgement = judged(handler)
    kept[0]["box"]["value"] = 99

    assert judgement.state.components["box"] == {"value": 3}
    assert judgement.state.digest == a_state({**BOTH, "box": {"value": 3}}).digest


def test_a_refused_step_names_the_decision() -> None:
    """A refusal keeps the id of the decision that it rests on, and changes nothing."""
    registry = a_registry()
    denied = a_decision(allow=False, decision_id="decision-7")

    judgement = judge_step(step_facts_for(a_step(), registry, decisions=(denied,)), registry)

    assert judgement.outcome.status is StepStatus.REFUSED
    assert judgement.outcome.decision_id == "decision-7"


def test_a_finished_step_names_the_consents_that_it_used() -> None:
    """Only consents that an obligation asked for count as used."""
    registry, step = a_registry(), a_step(value=3)
    bound: JsonObject = {"plan_digest": digest_of(a_plan([step]), registry)}
    consents = (
        a_consent(**bound),
        a_consent(id="consent-2", kind=ConsentKind.CONFIRMATION, granted_by="ann", **bound),
        a_consent(id="consent-3", plan_digest="sha256:other", granted_by="cat"),
    )
    obligations = (Obligation(kind=ObligationKind.APPROVE),)
    facts = step_facts_for(
        step, registry, consents=consents, decisions=(a_decision(obligations=obligations),)
    )

    assert judge_step(facts, registry).outcome.consents == ("consent-1",)


@pytest.mark.parametrize("value", [3, "three"], ids=["done", "refused"])
def test_what_policy_hides_is_not_in_the_record(value: JsonValue) -> None:
    """The handler gets the inputs as they are; what is stored does not show them."""
    registry, step = a_registry(), a_step(value=value)
    hide = Obligation(kind=ObligationKind.REDACT, pointers=("/value", "/absent"))
    facts = step_facts_for(step, registry, decisions=(a_decision(obligations=(hide,)),))

    judgement = judge_step(facts, registry)

    assert judgement.outcome.inputs == {"value": "[redacted]"}
    assert judgement.state.components["box"]["value"] == (3 if value == 3 else 0)


def test_a_step_without_a_decision_records_none() -> None:
    """A refusal for lack of a decision has no decision to name."""
    registry = a_registry()

    judgement = judge_step(step_facts_for(a_step(), registry, decisions=()), registry)

    assert judgement.outcome.decision_id == ""
