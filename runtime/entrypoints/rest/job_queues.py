"""Hold back over HTTP the jobs of a project or an organization, and let them go again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.job import JobStatus
from runtime.domain.job_queue import MOST_AT_ONCE, MOST_PER_MINUTE
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import NameText
from runtime.services.context import Context
from runtime.services.jobs.queues import QueuePlace

router = APIRouter(
    prefix="/v1/projects/{project_id}/queue", tags=["jobs"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip
organization_router = APIRouter(
    prefix="/v1/organizations/{organization_id}/queue", tags=["jobs"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class QueuePauseIn(_Wire):
    """Say why nothing is to start."""

    why: NameText


class QueueLimitsIn(_Wire):
    """Bound the jobs of a project or an organization.

    Attributes:
        at_once: how many may run; null for what is usual.
        per_minute: how many may start in a minute; null for as many as can.
    """

    at_once: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] | None = None
    per_minute: Annotated[int, Field(ge=1, le=MOST_PER_MINUTE)] | None = None


class QueueSettingsOut(_Wire):
    """Say what holds jobs back.

    Attributes:
        project: null for the organization's own, which holds all of its projects back.
        paused_at: since when nothing starts; null where jobs flow.
        at_once: how many may run; null for what is usual.
        per_minute: how many may start in a minute; null for as many as can.
        changed_at: null where nobody ever said anything.
    """

    organization: str
    project: str | None
    paused_at: datetime | None
    paused_by: str | None
    paused_why: str | None
    at_once: int | None
    per_minute: int | None
    changed_at: datetime | None
    changed_by: str | None


class QueueOut(QueueSettingsOut):
    """Say what holds jobs back, and how many there are.

    Attributes:
        jobs: how many, by how they stand.
        counted_to: of each status no more than these are counted.
        oldest_wait_s: how long the one waits that could have been started first.
    """

    jobs: dict[JobStatus, int]
    counted_to: int
    oldest_wait_s: float | None


@router.get("")
async def read_queue(project_id: str, context: Reading, services: ServicesOf) -> QueueOut:
    """Return what holds a project's jobs back, and how many there are."""
    return QueueOut.model_validate(
        await services.job_queues.read(context, _of_project(context, project_id))
    )


@router.put("", response_model=QueueSettingsOut)
async def limit_queue(
    project_id: str, body: QueueLimitsIn, context: Writing, services: ServicesOf
) -> Response:
    """Bound how many of a project's jobs run at once and start in a minute; both are replaced."""
    place = _of_project(context, project_id)
    return answered(
        await services.job_queues.limit(
            context, place, at_once=body.at_once, per_minute=body.per_minute
        )
    )


@router.post(":pause", response_model=QueueSettingsOut)
async def pause_queue(
    project_id: str, body: QueuePauseIn, context: Writing, services: ServicesOf
) -> Response:
    """Let none of a project's jobs start any more; what runs goes on."""
    place = _of_project(context, project_id)
    return answered(await services.job_queues.pause(context, place, why=body.why))


@router.post(":resume", response_model=QueueSettingsOut)
async def resume_queue(project_id: str, context: Writing, services: ServicesOf) -> Response:
    """Let a project's jobs start again."""
    return answered(await services.job_queues.resume(context, _of_project(context, project_id)))


@organization_router.get("")
async def read_organization_queue(
    organization_id: str, context: Reading, services: ServicesOf
) -> QueueOut:
    """Return what holds an organization's jobs back, and how many there are; for owners."""
    place = QueuePlace(organization_id=organization_id)
    return QueueOut.model_validate(await services.job_queues.read(context, place))


@organization_router.put("", response_model=QueueSettingsOut)
async def limit_organization_queue(
    organization_id: str, body: QueueLimitsIn, context: Writing, services: ServicesOf
) -> Response:
    """Bound how many of an organization's jobs run at once and start in a minute; for owners."""
    place = QueuePlace(organization_id=organization_id)
    return answered(
        await services.job_queues.limit(
            context, place, at_once=body.at_once, per_minute=body.per_minute
        )
    )


@organization_router.post(":pause", response_model=QueueSettingsOut)
async def pause_organization_queue(
    organization_id: str, body: QueuePauseIn, context: Writing, services: ServicesOf
) -> Response:
    """Let none of an organization's jobs start any more; for owners."""
    place = QueuePlace(organization_id=organization_id)
    return answered(await services.job_queues.pause(context, place, why=body.why))


@organization_router.post(":resume", response_model=QueueSettingsOut)
async def resume_organization_queue(
    organization_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Let an organization's jobs start again; for owners."""
    place = QueuePlace(organization_id=organization_id)
    return answered(await services.job_queues.resume(context, place))


def _of_project(context: Context, project_id: str) -> QueuePlace:
    return QueuePlace(organization_id=context.caller.organization_id, project_id=project_id)
