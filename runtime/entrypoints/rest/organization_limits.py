"""Keep over HTTP what an organization's projects may use together, and tell what they used."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict

from runtime.domain.forecast import LimitUse
from runtime.domain.shared_forecast import percent
from runtime.domain.shared_limits import OrganizationLimits
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.etags import etag, expected_version
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.usages import LimitUseOut
from runtime.services.execution.organization_usages import OrganizationUse, ProjectRollUp

router = APIRouter(
    prefix="/v1/organizations/{organization_id}",
    tags=["organizations"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=40,
        description="The ETag of the limits that were read; others are answered with 412.",
    ),
]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrganizationLimitsOut(_Wire):
    """Show the limits that hold in an organization; `ETag` is their number.

    Attributes:
        number: grows with each change; 0 where none were ever set.
        set_by: the member who set them.
    """

    organization: str
    number: int
    limits: OrganizationLimits
    set_by: str | None
    set_at: datetime | None


class SharedUseOut(LimitUseOut):
    """Describe the use of one limit that projects share.

    Attributes:
        percent: how much of it is used, rounded down.
    """

    percent: int

    @classmethod
    def told(cls, use: LimitUse) -> SharedUseOut:
        """Read it off what is known."""
        return cls(**LimitUseOut.of(use).model_dump(), percent=percent(use))


class OrganizationUseOut(_Wire):
    """Describe what an organization's projects have used together.

    Attributes:
        as_of: the instant that it is told of.
        number: of the limits that hold; 0 where none were ever set.
        zone: by whose midnight budgets renew.
        currency: of money, which is counted in its millionths.
        budgets: the use of each; of those for each project, principal or action, the most used.
        rates: the use of each; null when that can't be told at the moment.
    """

    as_of: datetime
    number: int
    zone: str
    currency: str
    budgets: tuple[SharedUseOut, ...]
    rates: tuple[SharedUseOut, ...] | None

    @classmethod
    def of(cls, use: OrganizationUse) -> OrganizationUseOut:
        """Read it off what is known."""
        document = OrganizationLimits() if use.limits is None else use.limits.document
        return cls(
            as_of=use.as_of,
            number=0 if use.limits is None else use.limits.number,
            zone=document.zone,
            currency=document.currency,
            budgets=tuple(map(SharedUseOut.told, use.budgets)),
            rates=None if use.rates is None else tuple(map(SharedUseOut.told, use.rates)),
        )


class ProjectRollUpOut(_Wire):
    """Describe what one project has used of its own limits, as its own usage tells.

    Attributes:
        day: the day that budgets and quotas count.
        day_zone: by whose midnight they renew.
    """

    project: str
    name: str
    archived: bool
    day: str
    day_zone: str
    limits: tuple[LimitUseOut, ...]

    @classmethod
    def of(cls, item: ProjectRollUp) -> ProjectRollUpOut:
        """Read it off what is known."""
        return cls(
            project=item.project_id,
            name=item.name,
            archived=item.archived,
            day=item.day,
            day_zone=item.day_zone,
            limits=tuple(map(LimitUseOut.of, item.limits)),
        )


@router.get("/limits", response_model=OrganizationLimitsOut)
async def read_organization_limits(
    organization_id: str, context: Reading, services: ServicesOf, response: Response
) -> OrganizationLimitsOut:
    """Return what the organization's projects may use together."""
    found = OrganizationLimitsOut.model_validate(
        await services.organization_limits.read(context, organization_id)
    )
    response.headers["ETag"] = etag(found.number)
    return found


@router.put("/limits", response_model=OrganizationLimitsOut)
async def replace_organization_limits(
    organization_id: str,
    body: OrganizationLimits,
    context: Writing,
    services: ServicesOf,
    *,
    if_match: IfMatch = None,
) -> Response:
    """Let other limits hold from now on; takes an owner, and replaces all of them."""
    answer = await services.organization_limits.replace(
        context, organization_id, limits=body, expects=expected_version(if_match)
    )
    response = answered(answer)
    response.headers["ETag"] = etag(answer.document["number"])
    return response


@router.get("/usage:projects")
async def list_project_usages(
    organization_id: str, page: Paging, context: Reading, services: ServicesOf
) -> PageOut[ProjectRollUpOut]:
    """Return what each project that you may see has used of its own limits."""
    found = await services.organization_usages.projects(
        context, organization_id, after=page.after_text, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.project_id, shown=ProjectRollUpOut.of)


@router.get("/usage")
async def read_organization_usage(
    organization_id: str, context: Reading, services: ServicesOf
) -> OrganizationUseOut:
    """Return what the projects have used together of what they share, and how long it will last.

    Owners see all of it; others what everybody shares, their own part and that of their projects.
    """
    return OrganizationUseOut.of(await services.organization_usages.read(context, organization_id))
