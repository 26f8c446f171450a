"""Expect steps: which calls, in which order, how strictly."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from harness.scenario.strict import Strict
from runtime.public import JsonObject


class StepPattern(Strict):
    """Describe one acceptable call; a value in `inputs` may be a matcher."""

    action: str
    inputs: JsonObject = Field(default_factory=dict)


class ExpectedStep(Strict):
    """Expect one call, or one of several; `after` names labels that must come before."""

    action: str | None = None
    inputs: JsonObject = Field(default_factory=dict)
    any_of: tuple[StepPattern, ...] = ()
    optional: bool = False
    label: str | None = Field(default=None, alias="as")
    after: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_form(self) -> ExpectedStep:
        if (self.action is None) == (not self.any_of):
            message = "a step has exactly one of 'action' and 'any_of'"
            raise ValueError(message)
        if self.any_of and self.inputs:
            message = "a step with 'any_of' keeps its inputs inside the alternatives"
            raise ValueError(message)
        return self

    @property
    def patterns(self) -> tuple[StepPattern, ...]:
        """Return the acceptable calls, the golden one first."""
        if self.action is None:
            return self.any_of
        return (StepPattern(action=self.action, inputs=self.inputs),)


class PlanMode(StrEnum):
    """Say how strictly the actual steps must follow the expected ones."""

    EXACT = "exact"
    UNORDERED = "unordered"
    SUBSET = "subset"
    SUPERSET = "superset"
    GRAPH = "graph"
    REFERENCE = "reference"


class ExpectedPlan(Strict):
    """Expect steps; without a mode it is `exact`, or `graph` once a step has `after`."""

    steps: tuple[ExpectedStep, ...] = Field(min_length=1, max_length=16)
    mode: PlanMode = Field(default_factory=lambda given: _usual_mode(given["steps"]))

    @model_validator(mode="after")
    def _sound_order(self) -> ExpectedPlan:
        labels = [step.label for step in self.steps if step.label is not None]
        edges = {name for step in self.steps for name in step.after}
        if len(set(labels)) != len(labels):
            message = f"label {sorted({i for i in labels if labels.count(i) > 1})} is used twice"
            raise ValueError(message)
        if edges - set(labels):
            message = f"'after' names {sorted(edges - set(labels))}, but no step has that label"
            raise ValueError(message)
        if edges and self.mode is PlanMode.EXACT:
            message = "'after' has no meaning in mode exact; leave the mode out or use graph"
            raise ValueError(message)
        if self.mode is PlanMode.GRAPH and not edges:
            message = "mode graph needs at least one 'after'; use unordered for no order"
            raise ValueError(message)
        if None in self.predecessors():
            message = "'after' runs in a circle"
            raise ValueError(message)
        return self

    def predecessors(self) -> tuple[frozenset[int] | None, ...]:
        """Return for each step all steps that must come before it; None where it is its own."""
        position = {step.label: index for index, step in enumerate(self.steps) if step.label}
        direct = [{position[name] for name in step.after} for step in self.steps]
        if self.mode is PlanMode.EXACT:
            direct = [set(range(index)) for index in range(len(self.steps))]
        closed = [set(before) for before in direct]
        for _ in self.steps:
            closed = [before.union(*(closed[earlier] for earlier in before)) for before in closed]
        return tuple(
            None if index in before else frozenset(before) for index, before in enumerate(closed)
        )


def _usual_mode(steps: tuple[ExpectedStep, ...]) -> PlanMode:
    return PlanMode.GRAPH if any(step.after for step in steps) else PlanMode.EXACT
