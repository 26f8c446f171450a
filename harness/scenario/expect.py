"""Say what must come of a message: plan, question or decline, and what the engine makes of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from harness.scenario.steps import ExpectedPlan
from harness.scenario.strict import Pointer, Strict
from runtime.public import BudgetScope, JsonValue, LimitMeasure, ReasonCode


class Slot(Strict):
    """Name what a question must ask for, and words that show that it does."""

    slot: str
    words: tuple[str, ...] = ()


class ExpectedClarification(Strict):
    """Expect a question about these slots; an empty list accepts any question."""

    asks_for: tuple[Slot, ...] = ()


class ExpectedLimit(Strict):
    """Name the limit that must refuse: whose it is, and what it counts."""

    scope: BudgetScope
    measure: LimitMeasure


class ExpectedRefusal(Strict):
    """Expect that the engine does not let the plan through: it waits for people, or may not be."""

    code: ReasonCode = Field(description="why, such as approval_required or policy_denied")
    step: int | None = Field(default=None, ge=1, le=16, description="which step, from 1; any")
    limit: ExpectedLimit | None = None
    expected: JsonValue = Field(
        default=None, description="what the engine wanted, in its words; may be a matcher"
    )


class ExpectedRedaction(Strict):
    """Expect that the record of a step does not show some of its inputs."""

    step: int = Field(ge=1, le=16, description="which step, from 1")
    inputs: tuple[Pointer, ...] = Field(min_length=1)


class Expect(Strict):
    """Say what must come of the message; at least one expectation is required."""

    plan: ExpectedPlan | None = None
    any_of: tuple[ExpectedPlan, ...] = ()
    state: dict[Pointer, JsonValue] = Field(default_factory=dict)
    volatile: tuple[Pointer, ...] = ()
    refusal: ExpectedRefusal | None = None
    redacted: tuple[ExpectedRedaction, ...] = ()
    clarification: ExpectedClarification | None = None
    decline: bool | None = Field(default=None, json_schema_extra={"const": True})
    either: tuple[Literal["decline", "clarification"], ...] = ()
    never: tuple[str, ...] = ()

    @field_validator("decline")
    @classmethod
    def _declines(cls, value: bool | None) -> bool | None:  # noqa: FBT001  # pydantic's form
        if value is False:
            message = "is true or left out"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Expect:
        asked = self.clarification is not None
        forms = [bool(self.plans), asked, self.decline is True, bool(self.either)]
        if sum(forms) > 1:
            message = "plan, any_of, clarification, decline and either exclude each other"
            raise ValueError(message)
        if self.plan is not None and self.any_of:
            message = "'plan' and 'any_of' exclude each other"
            raise ValueError(message)
        if not (any(forms) or self.never):
            message = (
                "nothing is expected: add plan, any_of, clarification, decline, either or never"
            )
            raise ValueError(message)
        if (self.state or self.volatile) and not self.plans:
            message = (
                "'state' and 'volatile' need a plan that reaches them (mode: reference will do)"
            )
            raise ValueError(message)
        if (self.refusal is not None or self.redacted) and not self.plans:
            message = "'refusal' and 'redacted' need the plan that the engine answers so"
            raise ValueError(message)
        return self

    @property
    def plans(self) -> tuple[ExpectedPlan, ...]:
        """Return the acceptable plans, the golden one first; empty when no plan is expected."""
        return (self.plan,) if self.plan is not None else self.any_of

    @property
    def kinds(self) -> frozenset[str]:
        """Return the kinds of proposal that are right; empty when anything but `never` is."""
        if self.plans:
            return frozenset({"plan"})
        if self.clarification is not None:
            return frozenset({"clarification"})
        if self.decline:
            return frozenset({"decline"})
        return frozenset(self.either)
