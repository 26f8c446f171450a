"""Describe events of models: how much of what they may cost is used."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from runtime.domain.event_type import (
    EventData,
    EventType,
    OrganizationId,
    Reach,
    example_id,
)
from runtime.domain.model_budget import Measure

_PROJECT: Final = "Whose budget it is; null: the organization's."
_SCOPE: Final = "Of what the use is added up there."


class ModelBudgetThreshold(EventData):
    """Say that a share of a budget of models is used; once a share and day."""

    organization: OrganizationId
    project: Annotated[str | None, Field(description=_PROJECT, examples=[example_id("prj")])]
    scope: Annotated[
        Literal["organization", "project", "member", "model"], Field(description=_SCOPE)
    ]
    subject: Annotated[str | None, Field(description="The member's id, or the model's name.")]
    measure: Annotated[Measure, Field(description="What is counted.")]
    percent: Annotated[int, Field(description="The share: 50, 80, 90 or 100.")]
    used: Annotated[int, Field(description="How much is used by now.")]
    limit: Annotated[int, Field(description="How much may be used a day.")]
    period: Annotated[str, Field(description="The day of UTC.", examples=["2026-01-01"])]


TYPES: Final = (
    EventType(
        name="model.budget_threshold",
        tells="A budget of models is used to 50, 80, 90 or 100 %; told once a day each.",
        data=ModelBudgetThreshold,
        reach=Reach.EITHER,
        example={
            "organization": example_id("org"),
            "project": example_id("prj"),
            "scope": "member",
            "subject": example_id("mem"),
            "measure": "tokens",
            "percent": 80,
            "used": 81_204,
            "limit": 100_000,
            "period": "2026-01-01",
        },
    ),
)
