"""Tell over HTTP what a project has used of what it may."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from runtime.domain.forecast import LimitStatus, LimitUse
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.entrypoints.rest.context import Reading, ServicesOf
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.services.execution.usages import ProjectUse

router = APIRouter(
    prefix="/v1/projects/{project_id}/usage", tags=["projects"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip


class LimitUseOut(BaseModel):
    """Describe the use of one limit.

    Attributes:
        scope: whose it is.
        subject: the principal's id or the action's name, where it is counted by one.
        measure: what it counts.
        limit: how much there is; null for no limit.
        used: how much is used.
        left: how much is left; null for no limit.
        burn_rate_per_hour: how much an hour of today used, on average; null for a rate.
        exhausted_at: when nothing is left at that pace; null: not before it renews.
        status: `warning` from 80 % on, or when it will be used up before it renews.
        resets_at: when all of it is free again if nothing else runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: BudgetScope
    subject: str | None
    measure: LimitMeasure
    limit: int | None
    used: int
    left: int | None
    burn_rate_per_hour: float | None
    exhausted_at: datetime | None
    status: LimitStatus
    resets_at: datetime

    @classmethod
    def of(cls, use: LimitUse) -> LimitUseOut:
        """Read it off what is known."""
        return cls(
            scope=use.scope,
            subject=use.subject,
            measure=use.measure,
            limit=use.limit,
            used=use.used,
            left=use.left,
            burn_rate_per_hour=use.burn_rate_per_hour,
            exhausted_at=use.exhausted_at,
            status=use.status,
            resets_at=use.resets_at,
        )


class ProjectUseOut(BaseModel):
    """Describe what a project has used.

    Attributes:
        as_of: the instant that it is told of.
        day: the day that budgets and quotas count.
        day_zone: by whose midnight they renew.
        open: whether executions may run now, as far as windows go.
        opens_at: when they may again, if not now; null: they may, or never will.
        limits: rates first, then from the widest scope to the narrowest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: datetime
    day: str
    day_zone: str
    open: bool
    opens_at: datetime | None
    limits: tuple[LimitUseOut, ...]

    @classmethod
    def of(cls, use: ProjectUse) -> ProjectUseOut:
        """Read it off what is known."""
        return cls(
            as_of=use.as_of,
            day=use.day,
            day_zone=use.day_zone,
            open=use.open,
            opens_at=use.opens_at,
            limits=tuple(LimitUseOut.of(item) for item in use.limits),
        )


@router.get("")
async def read_usage(project_id: str, context: Reading, services: ServicesOf) -> ProjectUseOut:
    """Return what a project has used of each limit, and how long the rest will last."""
    return ProjectUseOut.of(await services.usages.read(context, project_id))
