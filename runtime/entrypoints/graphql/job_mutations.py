"""Say what becomes of jobs: cancel them, try them again, hold them back."""

from __future__ import annotations

import strawberry

from runtime.domain.job import GIVEN_UP, EndCause, JobStatus
from runtime.domain.job_filter import JobFilter
from runtime.domain.job_queue import MOST_AT_ONCE as MOST_RUNNING
from runtime.domain.job_queue import MOST_PER_MINUTE
from runtime.entrypoints.graphql.administration import Queue, queue_told
from runtime.entrypoints.graphql.call import Info, changed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.inputs import (
    MOST_FILTER_TEXT,
    instant_of,
    name_of,
    one_of,
    text_of,
    unfit,
    within,
)
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.places import queue_of
from runtime.entrypoints.graphql.scalars import Instant
from runtime.entrypoints.graphql.work import Job, Redriven, job_told
from runtime.services.jobs.redriving import MOST_AT_ONCE, Redrive


@strawberry.input(description="Which jobs of a project to try again; the oldest first.")
class RedriveInput:
    """Choose jobs; `dryRun` only tells which they are."""

    status: list[str] = strawberry.field(default_factory=lambda: [JobStatus.DEAD.value])
    name: str | None = None
    cause: str | None = None
    ended_after: Instant | None = None
    ended_before: Instant | None = None
    most: int = 100
    dry_run: bool = False


@strawberry.type
class JobMutations:
    """Change what becomes of jobs."""

    @mutation(description="Cancel a job that waits; one that runs is asked to end.")
    async def cancel_job(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        *,
        reason: str | None = None,
    ) -> Job | None:
        """Return the job."""
        told = "" if reason is None else name_of(reason, argument="reason")
        return job_told(
            await changed(
                info,
                lambda services, context: services.redriving.cancel(
                    context, project, id, reason=told
                ),
            )
        )

    @mutation(description="Try a job again that was given up.")
    async def redrive_job(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> Job | None:
        """Return the job, with all its attempts before it."""
        return job_told(
            await changed(
                info, lambda services, context: services.redriving.redrive(context, project, id)
            )
        )

    @mutation(description="Try jobs again that were given up; repeat it while there are more.")
    async def redrive_jobs(
        self, info: Info, project: strawberry.ID, jobs: RedriveInput
    ) -> Redriven | None:
        """Return how many; each runs as its own principal, as what they are by then."""
        redrive = _redrive(jobs)
        document = await changed(
            info,
            lambda services, context: services.redriving.redrive_all(
                context, project, redrive=redrive
            ),
        )
        return made(Redriven, document)

    @mutation(description="Bound how many jobs run at once and start in a minute; both replaced.")
    async def limit_queue(
        self,
        info: Info,
        *,
        project: strawberry.ID | None = None,
        at_once: int | None = None,
        per_minute: int | None = None,
    ) -> Queue | None:
        """Return the queue; without a project it is the organization's, for owners."""
        place = queue_of(info, project)
        within(at_once, 1, MOST_RUNNING, argument="atOnce")
        within(per_minute, 1, MOST_PER_MINUTE, argument="perMinute")
        return queue_told(
            await changed(
                info,
                lambda services, context: services.job_queues.limit(
                    context, place, at_once=at_once, per_minute=per_minute
                ),
            )
        )

    @mutation(description="Let no job start any more; what runs goes on.")
    async def pause_queue(
        self, info: Info, why: str, *, project: strawberry.ID | None = None
    ) -> Queue | None:
        """Return the queue; without a project it is the organization's, for owners."""
        place, told = queue_of(info, project), name_of(why, argument="why")
        return queue_told(
            await changed(
                info,
                lambda services, context: services.job_queues.pause(context, place, why=told),
            )
        )

    @mutation(description="Let jobs start again.")
    async def resume_queue(
        self, info: Info, *, project: strawberry.ID | None = None
    ) -> Queue | None:
        """Return the queue; without a project it is the organization's, for owners."""
        place = queue_of(info, project)
        return queue_told(
            await changed(
                info, lambda services, context: services.job_queues.resume(context, place)
            )
        )


def _redrive(jobs: RedriveInput) -> Redrive:
    """Return which jobs are meant; raise RequestValidationError for others than given up ones."""
    statuses = frozenset(_status(item) for item in jobs.status[: len(JobStatus)])
    if not statuses or not statuses <= GIVEN_UP:
        raise unfit("jobs", "only jobs that are dead, cancelled or quarantined are tried again")
    within(jobs.most, 1, MOST_AT_ONCE, argument="jobs.most")
    if jobs.name == "":
        raise unfit("jobs.name", "it is empty, expected 1 character at least")
    return Redrive(
        wanted=JobFilter(
            statuses=statuses,
            name=text_of(jobs.name, argument="jobs.name", most=MOST_FILTER_TEXT),
            cause=one_of(EndCause, jobs.cause, argument="jobs.cause"),
            ended_after=instant_of(jobs.ended_after, argument="jobs.endedAfter"),
            ended_before=instant_of(jobs.ended_before, argument="jobs.endedBefore"),
        ),
        most=jobs.most,
        dry_run=jobs.dry_run,
    )


def _status(text: str) -> JobStatus:
    found = one_of(JobStatus, text, argument="jobs.status")
    assert found is not None  # noqa: S101  # a text is one of them, or refused
    return found
