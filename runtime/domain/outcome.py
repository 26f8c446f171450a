"""Hold what the engine decided about each step and about the plan."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict

from runtime.domain.limits import LimitRefusal
from runtime.domain.reason import ReasonCode
from runtime.kit.json_value import JsonObject, JsonValue

Diff: TypeAlias = tuple[JsonObject, ...]
"""RFC 6902 operations from the state before to the state after."""


class StepStatus(StrEnum):
    """Say how a step ended; of an atomic plan that stopped, what was done is rolled back."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_REACHED = "not_reached"
    ROLLED_BACK = "rolled_back"


class Refusal(BaseModel):
    """Explain a step that did not run, so that a person knows what would make it pass.

    Attributes:
        guard: the check that refused, by its name in the guard table.
        code: stable reason.
        expected: what the guard wanted, in words.
        found: the value that it met, when showing it is safe.
        remedy: what would make the step pass.
        limit: the limit that refused, in figures, and when it is free again; None for other guards.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    guard: str
    code: ReasonCode
    expected: str
    found: JsonValue = None
    remedy: str
    limit: LimitRefusal | None = None

    @property
    def message(self) -> str:
        """Return one line for logs and reports."""
        return f"{self.guard}: {self.code.value}: expected: {self.expected}; {self.remedy}"


class StepOutcome(BaseModel):
    """Record one step: what ran, what it changed, what it cost, or why it did not run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int
    action: str
    inputs: JsonObject
    status: StepStatus
    refusal: Refusal | None = None
    diff: Diff = ()
    state_version: int
    state_digest: str
    cost: int = 0
    decision_id: str = ""
    consents: tuple[str, ...] = ()
    side_effects: tuple[str, ...] = ()


class PlanOutcome(BaseModel):
    """Record a plan: done when every step is, else refused or failed at the first that was not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: StepStatus
    plan_digest: str
    steps: tuple[StepOutcome, ...]
    refusal: Refusal | None = None
    before: str
    after: str
    cost: int = 0

    @property
    def refused_at(self) -> StepOutcome | None:
        """Return the first step that was refused or failed, if any."""
        return next((step for step in self.steps if step.refusal is not None), None)
