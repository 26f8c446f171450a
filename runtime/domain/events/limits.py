"""Describe events of budgets, quotas and rates."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import (
    EventData,
    EventType,
    MemberId,
    OrganizationId,
    OutcomeId,
    ProjectId,
    Reach,
    example_id,
)
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.kit.json_value import JsonObject

_SUBJECT: Final = "Whose limit it is: an id, or an action's name and version."


class LimitReached(EventData):
    """Say that a share of a budget or of a quota is used; once a share and period."""

    limit: Annotated[int, Field(description="How much may be used in the period.")]
    measure: Annotated[LimitMeasure, Field(description="What is counted.")]
    outcome: OutcomeId
    percent: Annotated[int, Field(description="The share: 50, 80, 90 or 100.")]
    period: Annotated[str, Field(description="The day or the month.", examples=["2026-01-01"])]
    project: ProjectId
    scope: Annotated[BudgetScope, Field(description="Of what the use is added up.")]
    subject: Annotated[str | None, Field(description=_SUBJECT)]
    used: Annotated[int, Field(description="How much is used by now.")]


class RateLimited(EventData):
    """Say that somebody was refused for doing too much at a time."""

    action: Annotated[str, Field(description="Of the refused step.")]
    limit: Annotated[int | None, Field(description="How many are allowed; null: it is not told.")]
    measure: Annotated[LimitMeasure | None, Field(description="What is counted.")]
    scope: Annotated[BudgetScope | None, Field(description="Of what the use is added up.")]
    outcome: OutcomeId
    principal: MemberId
    project: ProjectId


class LimitsReplaced(EventData):
    """Say that an organization allows other amounts across its projects from now on."""

    organization: OrganizationId
    number: Annotated[int, Field(description="Counts the documents that held.")]
    limits: Annotated[JsonObject, Field(description="As the API spells the limits.")]


TYPES: Final = (
    EventType(
        name="limit.reached",
        tells="A budget or a quota is used to 50, 80, 90 or 100 %; told once in its period.",
        data=LimitReached,
        example={
            "limit": 1000,
            "measure": "units_a_day",
            "outcome": example_id("out"),
            "percent": 90,
            "period": "2026-01-01",
            "project": example_id("prj"),
            "scope": "project",
            "subject": example_id("prj"),
            "used": 912,
        },
    ),
    EventType(
        name="limit.rate_limited",
        tells="A rate limit refused somebody; told at most once a minute for each of them.",
        data=RateLimited,
        example={
            "action": "counter.increment@1",
            "limit": 60,
            "measure": "per_minute",
            "scope": "project",
            "outcome": example_id("out"),
            "principal": example_id("mem"),
            "project": example_id("prj"),
        },
    ),
    EventType(
        name="limits.replaced",
        tells="The limits of an organization were replaced.",
        data=LimitsReplaced,
        reach=Reach.ORGANIZATION,
        example={
            "organization": example_id("org"),
            "number": 3,
            "limits": {"budgets": [], "rates": [], "zone": "UTC", "currency": "EUR"},
        },
    ),
)
