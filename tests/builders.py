"""Build valid values for tests; each builder takes what matters and fills in the rest.

The world is one component, `box`, that holds a value, and one action, `box.put`, that sets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from runtime.domain.action import Action
from runtime.domain.approval import Consent, ConsentKind
from runtime.domain.component import Component
from runtime.domain.declared_effects import DeclaredEffects
from runtime.domain.plan import Plan, Step, plan_digest
from runtime.domain.policy import PolicyDecision, decide_by_rules
from runtime.domain.principal import Mode, Principal
from runtime.domain.registry import Registry
from runtime.domain.state import State
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.facts import Facts, StepFacts
from runtime.kit.json_value import JsonObject, JsonValue

NOW: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)  # a Monday
PROJECT: Final = "project"
REVISION: Final = "rules-1"


def put_value(inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Put the value of the inputs into the box."""
    state["box"]["value"] = inputs["value"]
    return state


def a_component(**changes: JsonValue) -> Component:
    """Build the component `box`."""
    declared: JsonObject = {
        "id": "box",
        "title": "Box",
        "description": "Holds a value.",
        "state_schema": {
            "type": "object",
            "properties": {"value": {"type": "integer"}, "note": {"type": "string"}},
            "required": ["value"],
            "additionalProperties": False,
        },
        "initial_state": {"value": 0},
    }
    return Component(**{**declared, **changes})


def an_action(**changes: JsonValue) -> Action:
    """Build the action `box.put@1`."""
    declared: JsonObject = {
        "id": "box.put@1",
        "title": "Put",
        "description": "Puts a value into the box.",
        "targets": ("box",),
        "input_schema": {
            "type": "object",
            "properties": {"value": {"type": "integer", "default": 1}},
            "additionalProperties": False,
        },
        "may_change": ("/box/value",),
        "handler": put_value,
    }
    return Action(**{**declared, **changes})


def a_registry(
    *actions: Action,
    components: Iterable[Component] | None = None,
    effects: DeclaredEffects | None = None,
) -> CompiledRegistry:
    """Compile actions, by default `box.put`, over components, by default `box`.

    Their plugin declares every effect that they ask for, unless told otherwise.
    """
    asked = frozenset(effect.job for action in actions for effect in action.side_effects)
    return CompiledRegistry.of(
        Registry.of(components or (a_component(),), actions or (an_action(),)),
        effects=effects or DeclaredEffects(plugin="test", names=asked),
    )


def a_step(action: str = "box.put@1", **inputs: JsonValue) -> Step:
    """Build a call of an action."""
    return Step(action=action, inputs=inputs)


def a_plan(steps: Iterable[Step] = (Step(action="box.put@1"),)) -> Plan:
    """Build a plan, by default of one step."""
    return Plan(steps=tuple(steps))


def a_principal(**changes: JsonValue) -> Principal:
    """Build an operator with an autonomous grant."""
    declared: JsonObject = {
        "id": "ann",
        "organization": "acme",
        "roles": ("operator",),
        "grant": Mode.AUTONOMOUS,
    }
    return Principal(**{**declared, **changes})


def a_decision(**changes: JsonValue) -> PolicyDecision:
    """Build a decision that allows without obligations."""
    declared: JsonObject = {"allow": True, "revision": REVISION, "decision_id": "decision-1"}
    return PolicyDecision(**{**declared, **changes})


def a_consent(**changes: JsonValue) -> Consent:
    """Build bob's approval of ann's plan with the digest `sha256:plan`."""
    declared: JsonObject = {
        "id": "consent-1",
        "kind": ConsentKind.APPROVAL,
        "plan_digest": "sha256:plan",
        "requester": "ann",
        "granted_by": "bob",
        "roles": ("admin",),
        "policy_revision": REVISION,
        "expires_at": NOW + timedelta(minutes=5),
    }
    return Consent(**{**declared, **changes})


def digest_of(plan: Plan, registry: CompiledRegistry, *, version: int = 0) -> str:
    """Return the digest that consents to a plan bind to."""
    return plan_digest(registry.prepared(plan), project=PROJECT, state_version=version)


def a_state(components: Mapping[str, JsonValue] | None = None) -> State:
    """Build a state, by default that of a new box."""
    return State.of({"box": {"value": 0}} if components is None else dict(components))


def facts_for(plan: Plan, registry: CompiledRegistry, **changes: JsonValue) -> Facts:
    """Gather the facts of a new project, with the decisions of the shipped rules."""
    principal = changes.get("principal", a_principal())
    actions = [registry.registry.find(step.action) for step in plan.steps]
    declared: JsonObject = {
        "principal": principal,
        "project": PROJECT,
        "state": State.of(registry.registry.initial_state()),
        "decisions": tuple(action and decide_by_rules(action, principal) for action in actions),
        "now": NOW,
    }
    return Facts(**{**declared, **changes})


def step_facts_for(step: Step, registry: CompiledRegistry, **changes: JsonValue) -> StepFacts:
    """Narrow the facts of a plan of one step to that step."""
    plan = Plan(steps=(registry.prepared_step(step),))
    facts = facts_for(plan, registry, **changes)
    return StepFacts(
        facts=facts,
        index=0,
        step=plan.steps[0],
        compiled=registry.find(step.action),
        state=facts.state,
        usage=facts.usage,
        shared_use=facts.shared_use,
        plan_digest=digest_of(plan, registry, version=facts.state.version),
    )
