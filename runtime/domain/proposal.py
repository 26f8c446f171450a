"""Hold what an agent answers: a plan, a clarification or a decline, not yet allowed to run."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.plan import Plan


class PlanProposal(BaseModel):
    """Propose steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["plan"] = "plan"
    plan: Plan
    message: str = ""


class Clarification(BaseModel):
    """Ask the person for what is missing.

    Attributes:
        question: one question, as the person reads it.
        asks_for: names of the inputs or facts that are missing.
        choices: answers to pick from; may be empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["clarification"] = "clarification"
    question: str = Field(min_length=1)
    asks_for: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class Decline(BaseModel):
    """Say that no action here fits, or that the request is not permitted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["decline"] = "decline"
    reason: str = Field(min_length=1)


Proposal: TypeAlias = Annotated[PlanProposal | Clarification | Decline, Field(discriminator="kind")]
