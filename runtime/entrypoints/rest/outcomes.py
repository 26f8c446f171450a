"""Read over HTTP what came of plans."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from runtime.domain.history import StoredOutcome
from runtime.entrypoints.rest.context import JSON_MEDIA_TYPE, Reading, ServicesOf
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.plans import OutcomeOut
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute

router = APIRouter(
    prefix="/v1/projects/{project_id}/outcomes", tags=["outcomes"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip


class OutcomeSummaryOut(BaseModel):
    """Say what came of a plan, without its steps.

    Attributes:
        number: its place in the project's history, from 1, without gaps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    number: int
    principal: str
    status: str
    refusal_code: str | None
    plan_digest: str
    before_version: int
    after_version: int
    cost: int
    created_at: datetime

    @classmethod
    def of(cls, outcome: StoredOutcome) -> OutcomeSummaryOut:
        """Read it off what is stored."""
        return cls(
            id=outcome.id,
            number=outcome.number,
            principal=outcome.principal_id,
            status=outcome.status,
            refusal_code=outcome.refusal_code,
            plan_digest=outcome.plan_digest,
            before_version=outcome.before_version,
            after_version=outcome.after_version,
            cost=outcome.cost,
            created_at=outcome.created_at,
        )


@router.get("")
async def list_outcomes(
    project_id: str, page: Paging, context: Reading, services: ServicesOf
) -> PageOut[OutcomeSummaryOut]:
    """Return the outcomes of a project, the newest first."""
    found = await services.outcomes.page(
        context, project_id, before=page.after_number, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.number, shown=OutcomeSummaryOut.of)


@router.get("/{outcome_id}", response_model=OutcomeOut)
async def read_outcome(
    project_id: str, outcome_id: str, context: Reading, services: ServicesOf
) -> Response:
    """Return one outcome as its execution was answered."""
    found = await services.outcomes.read(context, project_id, outcome_id=outcome_id)
    return Response(found.document, media_type=JSON_MEDIA_TYPE)
