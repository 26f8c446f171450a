"""Make wrong plans out of a golden one: one function a mutation, all deterministic.

`harness.strength.killing` asks the scorers about each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from types import MappingProxyType
from typing import TypeAlias

from harness.strength.material import Material
from harness.strength.mutant import Mutant, call_text
from harness.strength.values import altered, retargeted, without_member
from runtime.public import JsonObject, JsonValue, Plan, PlanProposal, Step

Mutation: TypeAlias = Callable[[Material], Iterator[Mutant]]
"""Yield every mutant of one kind; nothing where the kind makes no sense."""

Variants: TypeAlias = Callable[[JsonValue, JsonObject], Iterator[JsonValue]]

MOST_CALLS = 2
"""How many calls are added in turn, and how many siblings tried: of each kind of call."""


def drop_step(material: Material) -> Iterator[Mutant]:
    """Leave out one of several steps."""
    steps = material.steps
    if len(steps) > 1:
        for at, step in enumerate(steps):
            yield _plan((*steps[:at], *steps[at + 1 :]), f"without step {at + 1} {call_text(step)}")


def duplicate_step(material: Material) -> Iterator[Mutant]:
    """Do one step twice."""
    steps = material.steps
    for at, step in enumerate(steps):
        yield _plan((*steps[: at + 1], *steps[at:]), f"twice step {at + 1} {call_text(step)}")


def swap_steps(material: Material) -> Iterator[Mutant]:
    """Exchange two steps."""
    for one, other in combinations(range(len(material.steps)), 2):
        steps = list(material.steps)
        steps[one], steps[other] = steps[other], steps[one]
        yield _plan(tuple(steps), f"step {other + 1} {call_text(steps[one])} as step {one + 1}")


def alter_argument(material: Material) -> Iterator[Mutant]:
    """Change one value, at any depth of the inputs."""
    yield from _with_inputs(
        material, lambda inputs, schema: altered(inputs, schema, material.collections)
    )


def remove_argument(material: Material) -> Iterator[Mutant]:
    """Leave out one input, at any depth."""
    yield from _with_inputs(material, lambda inputs, _: without_member(inputs))


def change_target(material: Material) -> Iterator[Mutant]:
    """Name another entity of the same collection."""
    yield from _with_inputs(
        material, lambda inputs, schema: retargeted(inputs, schema, material.collections)
    )


def add_call(material: Material) -> Iterator[Mutant]:
    """Add calls that were not asked for at the end, and one at the beginning."""
    if not material.steps:
        return
    registry = material.prepared.sandbox.registry
    reading = {item.name for item in registry.visible() if item.reads_only}
    golden = {step.action.partition("@")[0] for step in material.steps}
    others = [step for step in material.calls if step.action not in golden]
    changing = [step for step in others if step.action not in reading][:MOST_CALLS]
    looking = [step for step in others if step.action in reading][:MOST_CALLS]
    for step in (*changing, *looking):
        yield _plan((*material.steps, step), f"and then {call_text(step)}")
    for step in others[:1]:
        yield _plan((step, *material.steps), f"but first {call_text(step)}")


def replace_action(material: Material) -> Iterator[Mutant]:
    """Call another action that takes the same inputs."""
    for at, step in enumerate(material.steps):
        own = material.prepared.sandbox.prepared(step).action
        found = 0
        for action in material.prepared.sandbox.registry.visible():
            sibling = Step(action=action.name, inputs=step.inputs)
            if action.id != own and found < MOST_CALLS and material.fits(sibling):
                found += 1
                yield _with_step(material, at, sibling)


PLAN_MUTATIONS: Mapping[str, Mutation] = MappingProxyType(
    {
        "drop_step": drop_step,
        "duplicate_step": duplicate_step,
        "swap_steps": swap_steps,
        "alter_argument": alter_argument,
        "remove_argument": remove_argument,
        "change_target": change_target,
        "add_call": add_call,
        "replace_action": replace_action,
    }
)
"""What is done to scenarios that expect a plan."""


def _with_inputs(material: Material, variants: Variants) -> Iterator[Mutant]:
    for at, step in enumerate(material.steps):
        for inputs in variants(step.inputs, material.schema(step)):
            yield _with_step(material, at, Step(action=step.action, inputs=inputs))


def _with_step(material: Material, at: int, step: Step) -> Mutant:
    steps = material.steps
    return _plan((*steps[:at], step, *steps[at + 1 :]), f"step {at + 1} {call_text(step)}")


def _plan(steps: tuple[Step, ...], text: str) -> Mutant:
    return Mutant(proposal=PlanProposal(plan=Plan(steps=steps)), text=text)
