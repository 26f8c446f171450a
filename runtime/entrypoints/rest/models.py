"""Keep over HTTP how models are asked and what they may cost, and tell what they did cost."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict

from runtime.domain.model_budget import Measure
from runtime.domain.model_use import ModelUse
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.etags import etag, expected_version
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.services.models.usages import ModelUsage
from runtime.services.unit_of_work import Answer

organization_router = APIRouter(
    prefix="/v1/organizations/{organization_id}",
    tags=["models"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)
project_router = APIRouter(
    prefix="/v1/projects/{project_id}",
    tags=["models"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=40,
        description="The ETag of the settings that were read; others are answered with 412.",
    ),
]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelUseOut(ModelUse):
    """Show how models are asked; `ETag` is the version.

    Attributes:
        organization: whose settings, or those of its project.
        project: null for those of the organization.
        version: grows with each change; 0 where nothing was ever said.
        asked: the models that are asked by these settings, without options.
        set_by: the member who set them.
        set_at: when.
    """

    organization: str
    project: str | None
    version: int
    asked: tuple[str, ...]
    set_by: str | None
    set_at: datetime | None


class ModelBudgetOut(_Wire):
    """Describe the use of one budget.

    Attributes:
        scope: organization, project, member or model.
        subject: the project's or member's id, or the model's name; null for an organization.
        measure: money is in millionths of a US dollar.
        used: what answers took.
        reserved: what answers under way may take.
        limit: how much there is; null for no limit.
        resets_at: when all of it is free again.
    """

    scope: str
    subject: str | None
    measure: Measure
    used: int
    reserved: int
    limit: int | None
    resets_at: datetime


class ModelUsageOut(_Wire):
    """Describe what was used of models today, a day of UTC.

    Attributes:
        as_of: the instant that it is told of.
    """

    as_of: datetime
    budgets: tuple[ModelBudgetOut, ...]

    @classmethod
    def of(cls, usage: ModelUsage) -> ModelUsageOut:
        """Read it off what is known."""
        return cls(
            as_of=usage.as_of,
            budgets=tuple(
                ModelBudgetOut(
                    scope=use.scope,
                    subject=use.subject,
                    measure=use.measure,
                    used=use.used,
                    reserved=use.reserved,
                    limit=use.limit,
                    resets_at=usage.resets_at,
                )
                for use in usage.budgets
            ),
        )


@organization_router.get("/models:usage")
async def read_organization_model_usage(
    organization_id: str, context: Reading, services: ServicesOf
) -> ModelUsageOut:
    """Return what the organization used of models today; what each member used, for owners."""
    return ModelUsageOut.of(await services.models.usages.of_organization(context, organization_id))


@project_router.get("/models:usage")
async def read_project_model_usage(
    project_id: str, context: Reading, services: ServicesOf
) -> ModelUsageOut:
    """Return what the project used of models today; what each member used, for its admins."""
    return ModelUsageOut.of(await services.models.usages.of_project(context, project_id))


@organization_router.get("/models", response_model=ModelUseOut)
async def read_organization_models(
    organization_id: str, context: Reading, services: ServicesOf, response: Response
) -> ModelUseOut:
    """Return how the organization's projects ask models, unless they say otherwise."""
    found = await services.models.uses.of_organization(context, organization_id)
    response.headers["ETag"] = etag(found["version"])
    return ModelUseOut.model_validate(found)


@organization_router.put("/models", response_model=ModelUseOut)
async def replace_organization_models(
    organization_id: str,
    body: ModelUse,
    context: Writing,
    services: ServicesOf,
    *,
    if_match: IfMatch = None,
) -> Response:
    """Let models be asked otherwise from now on; takes an owner, and replaces all settings."""
    return _tagged(
        await services.models.uses.replace_of_organization(
            context, organization_id, use=body, expects=expected_version(if_match)
        )
    )


@project_router.get("/models", response_model=ModelUseOut)
async def read_project_models(
    project_id: str, context: Reading, services: ServicesOf, response: Response
) -> ModelUseOut:
    """Return how the project asks models, where it differs from its organization."""
    found = await services.models.uses.of_project(context, project_id)
    response.headers["ETag"] = etag(found["version"])
    return ModelUseOut.model_validate(found)


@project_router.put("/models", response_model=ModelUseOut)
async def replace_project_models(
    project_id: str,
    body: ModelUse,
    context: Writing,
    services: ServicesOf,
    *,
    if_match: IfMatch = None,
) -> Response:
    """Let the project ask models otherwise than its organization; takes an admin of it."""
    return _tagged(
        await services.models.uses.replace_of_project(
            context, project_id, use=body, expects=expected_version(if_match)
        )
    )


def _tagged(answer: Answer) -> Response:
    response = answered(answer)
    response.headers["ETag"] = etag(answer.document["version"])
    return response
