"""Gather what the mutants of one scenario are made of: its golden plan, entities and actions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, product
from random import Random

from harness.prepared import PreparedScenario
from harness.strength.entities import Collection, collections_of
from runtime.public import Action, JsonObject, JsonValue, Plan, Sandbox, Step, StepStatus

TRIED = 12
"""How many inputs of an action are tried before the one that the engine would run is given up."""

_SUCH_AS = re.compile(r"such as:? (\S+?)[.,;]?(?:\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Hold what mutations read.

    Attributes:
        prepared: the scenario.
        steps: the golden steps; empty when no plan is expected.
        collections: the entities of the state.
        calls: plausible calls, one an action, in an order of this scenario's own.
    """

    prepared: PreparedScenario
    steps: tuple[Step, ...]
    collections: tuple[Collection, ...]
    calls: tuple[Step, ...]

    @classmethod
    def of(cls, prepared: PreparedScenario, calls: tuple[Step, ...]) -> Material:
        """Gather it; the same scenario always gives the same.

        Args:
            prepared: the scenario.
            calls: the plausible ones of its sandbox.
        """
        own = Random(prepared.scenario.id)  # seeded: the same every time
        return cls(
            prepared=prepared,
            steps=prepared.golden.steps if prepared.golden is not None else (),
            collections=collections_of(prepared.situation.state.components),
            calls=tuple(own.sample(calls, len(calls))),
        )

    def schema(self, step: Step) -> JsonObject:
        """Return the input schema of a step's action."""
        action = self.prepared.sandbox.registry.find(step.action)
        return action.input_schema if action is not None else {}

    def fits(self, step: Step) -> bool:
        """Say whether a step's inputs fit its action's schema, as the parser would ask."""
        return _fits(self.prepared.sandbox, step)


class Larder:
    """Keep the plausible calls of each sandbox: finding them takes simulations."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._calls: dict[Sandbox, tuple[Step, ...]] = {}

    def calls(self, sandbox: Sandbox) -> tuple[Step, ...]:
        """Return a call of each action that can be made up, preferably one that would run."""
        if sandbox not in self._calls:
            self._calls[sandbox] = plausible_calls(sandbox)
        return self._calls[sandbox]


def plausible_calls(sandbox: Sandbox) -> tuple[Step, ...]:
    """Make up a call of each visible action, with ids of the environment's first state."""
    situation = sandbox.situation()
    collections = collections_of(situation.state.components)
    found = (_call(sandbox, item, collections) for item in sandbox.registry.visible())
    return tuple(step for step in found if step is not None)


def _call(sandbox: Sandbox, action: Action, collections: tuple[Collection, ...]) -> Step | None:
    """Return a call that the engine would run, else one whose inputs fit, else None."""
    tried = (
        Step(action=action.name, inputs=inputs)
        for inputs in _inputs(action.input_schema, collections)
    )
    fitting = [step for step in tried if _fits(sandbox, step)]
    situation = sandbox.situation()
    for step in fitting:
        outcome = sandbox.simulate(Plan(steps=(step,)), situation).outcome
        if outcome.status is StepStatus.DONE:
            return step
    return fitting[0] if fitting else None


def _fits(sandbox: Sandbox, step: Step) -> bool:
    compiled = sandbox.compiled.find(step.action)
    return compiled is not None and compiled.inputs.accepts(sandbox.prepared(step).inputs)


def _inputs(schema: JsonObject, collections: tuple[Collection, ...]) -> list[JsonObject]:
    """Return inputs to try: the required ones, with each candidate of each."""
    properties: JsonObject = schema.get("properties", {})
    names: list[str] = list(schema.get("required", ()))
    candidates = [_candidates(name, properties.get(name, {}), collections) for name in names]
    return [dict(zip(names, values, strict=True)) for values in islice(product(*candidates), TRIED)]


def _candidates(
    name: str, schema: JsonObject, collections: tuple[Collection, ...]
) -> tuple[JsonValue, ...]:
    if schema.get("enum"):
        return tuple(schema["enum"])
    said = _SUCH_AS.search(str(schema.get("description", "")))
    example = said[1] if said else "something"
    for found in collections:
        if example in found.ids or found.name.startswith(name):
            return found.ids
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    number = schema.get("minimum", _number(example))
    return {
        "integer": (int(number), int(number) + 1),
        "number": (number, number + 1),
        "boolean": (True, False),
        "array": ([], [example]),
        "object": ({},),
        "null": (None,),
    }.get(kind, (example,))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1
