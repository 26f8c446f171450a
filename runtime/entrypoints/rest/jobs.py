"""Read over HTTP what follows executions and what was queued, and say what becomes of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.job import GIVEN_UP, EndCause, Job, JobKind, JobStatus
from runtime.domain.job_filter import JobFilter
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import PROBLEMS, ProblemError
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import InstantText, NameText
from runtime.kit.ids import IdError, parse_id
from runtime.kit.json_value import JsonObject
from runtime.services.jobs.documents import job_document, job_summary
from runtime.services.jobs.redriving import MOST_AT_ONCE, Redrive

router = APIRouter(
    prefix="/v1/projects/{project_id}", tags=["jobs"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip
organization_router = APIRouter(
    prefix="/v1/organizations/{organization_id}", tags=["jobs"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip

JobName = Annotated[str, Field(min_length=1, max_length=200)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JobSummaryOut(_Wire):
    """Say how a job stands.

    Attributes:
        kind: `effect` follows an execution; `plan` executes one that was queued.
        name: of the effect.
        principal: as whom it runs.
        outcome: of the execution that it follows, or of the one that it makes.
        step: which step of it asked for the effect.
        priority: 9 is the most urgent.
        serial_key: of the organization's jobs with it, one runs at a time.
        attempts: how often it was begun.
        errors: how many attempts failed since it was last asked for.
        crashes: how many processes died while they ran it.
        cause: why it is not done, or why its last attempt failed.
        reason: the same in words.
        not_before: when it may start next.
    """

    id: str
    project: str
    kind: JobKind
    name: str
    status: JobStatus
    principal: str
    outcome: str | None
    step: int | None
    priority: int
    serial_key: str | None
    attempts: int
    errors: int
    crashes: int
    cause: EndCause | None
    reason: str | None
    created_at: datetime
    not_before: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cancel_asked_at: datetime | None


class JobOut(JobSummaryOut):
    """Say how a job stands, and what came of it.

    Attributes:
        result: what its handler kept, or, of a plan, its outcome's id and status.
    """

    result: JsonObject | None


class JobCancelIn(_Wire):
    """Say why a job is not wanted."""

    reason: NameText | None = None


class RedriveIn(_Wire):
    """Say which jobs to try again; the oldest first.

    Attributes:
        status: what became of them; quarantined ones took processes with them.
        ended_after: they ended then or later.
        ended_before: they ended earlier.
        dry_run: only tell how many there are, and which.
    """

    status: Annotated[frozenset[JobStatus], Field(min_length=1)] = frozenset({JobStatus.DEAD})
    name: JobName | None = None
    cause: EndCause | None = None
    ended_after: InstantText | None = None
    ended_before: InstantText | None = None
    most: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 100
    dry_run: bool = False


class RedrivenOut(_Wire):
    """Say which jobs are tried again.

    Attributes:
        found: how many were asked for, up to `most`.
        more: there are others.
        redriven: how many of them are tried again; another job stands for those that are not.
        jobs: their ids; of a dry run, of those that were found.
    """

    found: int
    more: bool
    redriven: int
    jobs: tuple[str, ...]


def wanted_of(
    *,
    status: Annotated[JobStatus | None, Query(description="How they stand")] = None,
    kind: Annotated[JobKind | None, Query(description="What runs them")] = None,
    name: Annotated[str | None, Query(max_length=200, description="Of their effect")] = None,
    cause: Annotated[EndCause | None, Query(description="Why they are not done")] = None,
    outcome: Annotated[
        str | None, Query(max_length=100, description="What they follow, or make")
    ] = None,
) -> JobFilter:
    """Read which jobs a list is of.

    Raises:
        ProblemError: REQUEST_INVALID for what is no id of an outcome.
    """
    if outcome is not None:
        try:
            parse_id(outcome, "out")
        except IdError as error:
            raise ProblemError(ProblemCode.REQUEST_INVALID, f"outcome: {error}") from None
    return JobFilter(
        statuses=frozenset() if status is None else frozenset({status}),
        kind=kind,
        name=name,
        cause=cause,
        outcome_id=outcome,
    )


Wanted = Annotated[JobFilter, Depends(wanted_of)]


@router.get("/jobs")
async def list_jobs(
    project_id: str, context: Reading, services: ServicesOf, page: Paging, wanted: Wanted
) -> PageOut[JobSummaryOut]:
    """Return the jobs of a project, the newest first."""
    found = await services.jobs.before(
        context, project_id, before=page.after_text, limit=page.limit + 1, wanted=wanted
    )
    return paged(found, page, key_of=lambda item: item.id, shown=_summed)


@router.post("/jobs:redrive", response_model=RedrivenOut)
async def redrive_jobs(
    project_id: str, body: RedriveIn, context: Writing, services: ServicesOf
) -> Response:
    """Try jobs again that were given up, with all their attempts before them.

    Each runs as its own principal, as what they are by then. Repeat it while there are more.
    """
    if not body.status <= GIVEN_UP:
        raise ProblemError(
            ProblemCode.REQUEST_INVALID,
            "status: only jobs that are dead, cancelled or quarantined are tried again",
        )
    redrive = Redrive(
        wanted=JobFilter(
            statuses=body.status,
            name=body.name,
            cause=body.cause,
            ended_after=body.ended_after,
            ended_before=body.ended_before,
        ),
        most=body.most,
        dry_run=body.dry_run,
    )
    return answered(await services.redriving.redrive_all(context, project_id, redrive=redrive))


@router.post("/jobs/{job_id}:cancel", response_model=JobOut)
async def cancel_job(
    project_id: str,
    job_id: str,
    context: Writing,
    services: ServicesOf,
    body: JobCancelIn | None = None,
) -> Response:
    """Cancel a job that waits. One that runs is asked to end, which it does within seconds."""
    reason = "" if body is None else body.reason or ""
    return answered(await services.redriving.cancel(context, project_id, job_id, reason=reason))


@router.post("/jobs/{job_id}:redrive", response_model=JobOut)
async def redrive_job(
    project_id: str, job_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Try a job again that was given up, with all its attempts before it."""
    return answered(await services.redriving.redrive(context, project_id, job_id))


@router.get("/jobs/{job_id}")
async def read_job(project_id: str, job_id: str, context: Reading, services: ServicesOf) -> JobOut:
    """Return a job with what came of it."""
    return JobOut.model_validate(
        job_document(await services.jobs.read(context, project_id, job_id))
    )


@organization_router.get("/jobs")
async def list_given_up_jobs(
    organization_id: str, context: Reading, services: ServicesOf, page: Paging, wanted: Wanted
) -> PageOut[JobSummaryOut]:
    """Return what the organization's projects gave up, the newest first; for owners.

    These are dead, cancelled and quarantined jobs.
    """
    found = await services.jobs.given_up_before(
        context, organization_id, before=page.after_text, limit=page.limit + 1, wanted=wanted
    )
    return paged(found, page, key_of=lambda item: item.id, shown=_summed)


def _summed(job: Job) -> JobSummaryOut:
    return JobSummaryOut.model_validate(job_summary(job))
