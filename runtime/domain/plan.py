"""Hold the document that an agent proposes: an ordered list of action calls."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from runtime.kit.canonical_json import digest
from runtime.kit.json_value import JsonObject


class Step(BaseModel):
    """Call one action with inputs; `action` may leave out the version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str = Field(min_length=1, max_length=200)
    inputs: JsonObject = Field(default_factory=dict)


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
