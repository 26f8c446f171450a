"""Hold the document that an agent proposes: an ordered list of action calls."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from runtime.kit.canonical_json import canonical_bytes, digest, parse
from runtime.kit.json_value import JsonObject, JsonValue

MAX_INPUT_DEPTH = 100
"""Levels of nesting in the inputs of a step. Digests, diffs and records put them into documents of
their own, whose depth has a limit as well; what is accepted here must fit there."""


def _own_canonical(inputs: JsonObject) -> JsonObject:
    """Return a copy in which equal digests mean equal values: 25.0 and 25 become one."""
    canonical = canonical_bytes(inputs)
    owned: JsonObject = parse(canonical)
    brackets = canonical.count(b"{") + canonical.count(b"[")
    if brackets > MAX_INPUT_DEPTH and _depth(owned) > MAX_INPUT_DEPTH:
        raise ValueError(f"nested deeper than {MAX_INPUT_DEPTH} levels; expected flatter inputs")
    return owned


def _depth(value: JsonValue) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(_depth, value.values() if isinstance(value, dict) else value), default=0)


class Step(BaseModel):
    """Call one action with inputs, kept as their own canonical copy.

    `action` may leave out the version. Inputs that have no canonical JSON, such as NaN or an
    integer beyond 2**53, and those nested too deep are refused here, so that the engine never
    meets them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str = Field(min_length=1, max_length=200)
    inputs: Annotated[JsonObject, AfterValidator(_own_canonical)] = Field(default_factory=dict)


class Plan(BaseModel):
    """Order steps; what it may do is decided by the engine, not by the document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[Step, ...]

    def document(self) -> JsonObject:
        """Return the plan as JSON."""
        return {"steps": [{"action": step.action, "inputs": step.inputs} for step in self.steps]}


def plan_digest(plan: Plan, *, project: str, state_version: int) -> str:
    """Return what a confirmation or an approval binds to.

    Args:
        plan: steps whose actions carry their versions and whose defaults are filled in.
        project: the project that the plan is for.
        state_version: the version of the state that the person saw.
    """
    return digest({"plan": plan.document(), "project": project, "state_version": state_version})
