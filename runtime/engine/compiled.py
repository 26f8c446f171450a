"""Prepare a registry once, so that judging a step parses and compiles nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from runtime.domain.action import Action
from runtime.domain.component import Component
from runtime.domain.declared_effects import NO_EFFECTS, DeclaredEffects
from runtime.domain.errors import DeclarationError
from runtime.domain.plan import Plan, Step
from runtime.domain.registry import Registry
from runtime.domain.state import State
from runtime.engine.conditions import ConditionSet
from runtime.engine.schemas import CompiledSchema

_STATE_AND_INPUTS = frozenset({"state", "inputs"})
_STATE_ONLY = frozenset({"state"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledAction:
    """Keep an action with its compiled schema and rules, and what its plugin declares."""

    action: Action
    inputs: CompiledSchema
    preconditions: ConditionSet
    effects: DeclaredEffects = NO_EFFECTS


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRegistry:
    """Hold everything that the engine needs of a registry, compiled."""

    registry: Registry
    actions: Mapping[str, CompiledAction]
    schemas: Mapping[str, CompiledSchema]
    invariants: ConditionSet

    @classmethod
    def of(cls, registry: Registry, *, effects: DeclaredEffects = NO_EFFECTS) -> CompiledRegistry:
        """Compile every schema and rule, and check that the initial state satisfies them.

        Args:
            registry: declarations of one plugin.
            effects: what the actions may ask for; an action that asks for another is refused.

        Raises:
            DeclarationError: a schema, rule or initial state that can't be used.
        """
        schemas = {
            component.id: CompiledSchema.of(
                component.state_schema, subject=f"component {component.id}"
            )
            for component in registry.components.values()
        }
        compiled = cls(
            registry=registry,
            actions=MappingProxyType(
                {item.id: _compiled_action(item, effects) for item in registry.actions.values()}
            ),
            schemas=MappingProxyType(schemas),
            invariants=_invariants(registry),
        )
        problems = compiled.state_problems()
        if problems:
            raise DeclarationError(subject="initial state", problems=problems)
        return compiled

    def find(self, action_id: str) -> CompiledAction | None:
        """Find a compiled action by full id or by name, or return None."""
        return self.actions.get(self.registry.latest.get(action_id, action_id))

    def prepared(self, plan: Plan) -> Plan:
        """Pin every known action to its version and fill in the defaults of its inputs."""
        return Plan.model_construct(steps=tuple(map(self.prepared_step, plan.steps)))

    def prepared_step(self, step: Step) -> Step:
        """Pin a step to its action's version and fill in defaults; leave unknown actions alone."""
        found = self.find(step.action)
        if found is None:
            return step
        inputs = found.inputs.completed(step.inputs)
        if inputs != step.inputs:
            return Step(action=found.action.id, inputs=inputs)
        if found.action.id == step.action:
            return step
        return Step.model_construct(action=found.action.id, inputs=step.inputs)  # checked before

    def state_problems(self, state: dict[str, object] | None = None) -> tuple[str, ...]:
        """Say how a state document, by default the initial one, breaks schemas or invariants."""
        given = self.registry.initial_state() if state is None else state
        document = State.of(given).components  # judged as it will be stored: 25.0 and 25 are one
        missing = [
            f"component '{name}' is missing" for name in self.schemas if name not in document
        ]
        strange = [f"'{name}' is no component" for name in document if name not in self.schemas]
        broken = [
            f"{name}{problem.pointer}: {problem.message}"
            for name, schema in self.schemas.items()
            if name in document
            for problem in schema.problems(document[name])
        ]
        if missing or strange or broken:
            return (*missing, *strange, *broken)
        rule = self.invariants.first_broken(document)
        if rule is None:
            return ()
        detail = f" ({rule.error})" if rule.error else ""
        return (f"invariant does not hold: {rule.condition.message}{detail}",)


def _compiled_action(action: Action, effects: DeclaredEffects) -> CompiledAction:
    subject = f"action {action.id}"
    return CompiledAction(
        action=action,
        inputs=CompiledSchema.of(action.input_schema, subject=subject),
        preconditions=ConditionSet.of(
            action.preconditions, subject=subject, names=_STATE_AND_INPUTS
        ),
        effects=effects,
    )


def _invariants(registry: Registry) -> ConditionSet:
    def compiled(component: Component) -> ConditionSet:
        return ConditionSet.of(
            component.invariants, subject=f"component {component.id}", names=_STATE_ONLY
        )

    return ConditionSet(
        conditions=tuple(
            condition
            for component in registry.components.values()
            for condition in compiled(component).conditions
        )
    )
