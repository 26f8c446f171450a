"""Say what becomes of jobs: cancel those that are not wanted, try those again that were given up.

A job that is tried again has all its attempts before it, and runs as its own principal, of whom it
is asked anew what they may; so whoever executes plans in the project may say so. What it did before
is not done twice: its id is the key that the world outside knows it by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import WrongTimeError
from runtime.domain.job import Job, JobStatus
from runtime.domain.job_filter import JobFilter
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.jobs.documents import job_document
from runtime.services.jobs.rights import operated, there
from runtime.services.standing import active, active_organization
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.job_pages import given_up_ids
from runtime.store.jobs import cancel_jobs, reopen_jobs
from runtime.store.session import Database

MOST_AT_ONCE: Final = 500
"""How many jobs one request has tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """Say which jobs to try again.

    Attributes:
        wanted: of those that were given up.
        most: how many, the oldest first.
        dry_run: only say which they are.
    """

    wanted: JobFilter
    most: int = 100
    dry_run: bool = False


class Redriving:
    """Cancel jobs, and have them tried again."""

    def __init__(self, *, database: Database, ids: Ids, wake: Callable[[], None]) -> None:
        """Keep where jobs are; `wake` is told when some are to be handed over again."""
        self._database = database
        self._ids = ids
        self._wake = wake

    async def cancel(
        self, context: Context, project_id: str, job_id: str, *, reason: str
    ) -> Answer:
        """Cancel a job that waits; of one that runs it is asked, and its worker learns it soon.

        Works in an archived project too.

        Raises:
            NotFoundError: no such project or job that the caller may see.
            NotAllowedError: the caller may only look, or the credential was not made for this.
            WrongTimeError: it has ended otherwise.
        """
        caller = context.caller
        caller.require(Scope.JOBS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await operated(unit.connection, caller, project_id)
            before = await there(unit.connection, project_id, job_id)
            if before.status is JobStatus.CANCELLED:
                return Answer(document=job_document(before))
            await cancel_jobs(
                unit.connection,
                [before.id],
                organization_id=caller.organization_id,
                reason=reason or f"cancelled by {caller.member_id}",
            )
            after = await there(unit.connection, project_id, job_id)
            _refuse_ended(after)
            if before.cancel_asked_at is None:
                told = {"job": after.id, "status": after.status.value, "reason": reason}
                await unit.record("job.cancelled", told, project_id=project_id)
            return Answer(document=job_document(after))

        return await once(self._database, self._ids, context, work=work)

    async def redrive(self, context: Context, project_id: str, job_id: str) -> Answer:
        """Try a job again that was given up.

        Raises:
            NotFoundError: no such project or job that the caller may see.
            NotAllowedError: the caller may only look, or the credential was not made for this.
            ProjectArchivedError: the project is archived, so nothing runs in it.
            WrongTimeError: it was not given up, or another one stands for the same; or the
                organization is archived.
        """
        caller = context.caller
        caller.require(Scope.JOBS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            active(await operated(unit.connection, caller, project_id))
            before = await there(unit.connection, project_id, job_id)
            reopened = await reopen_jobs(
                unit.connection, [before.id], organization_id=caller.organization_id
            )
            after = await there(unit.connection, project_id, job_id)
            if not reopened:
                raise _not_reopened(after)
            await unit.record("job.redriven", _was(before), project_id=project_id)
            return Answer(document=job_document(after))

        answer = await once(self._database, self._ids, context, work=work)
        self._wake()
        return answer

    async def redrive_all(self, context: Context, project_id: str, *, redrive: Redrive) -> Answer:
        """Try those again that are wanted, the oldest first, and say which they are.

        Left out is one for which another one stands that has not ended.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the caller may only look, or the credential was not made for this.
            ProjectArchivedError, WrongTimeError: the project or the organization is archived, so
                nothing runs there.
        """
        caller = context.caller
        caller.require(Scope.JOBS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            active(await operated(unit.connection, caller, project_id))
            found = await given_up_ids(
                unit.connection,
                limit=redrive.most + 1,
                project_id=project_id,
                wanted=redrive.wanted,
            )
            chosen = found[: redrive.most]
            reopened: tuple[str, ...] = ()
            if chosen and not redrive.dry_run:
                reopened = await reopen_jobs(
                    unit.connection, chosen, organization_id=caller.organization_id
                )
            if reopened:
                told = {"jobs": list(reopened), "wanted": _spelled(redrive.wanted)}
                await unit.record("jobs.redriven", told, project_id=project_id)
            return Answer(
                document={
                    "found": len(chosen),
                    "more": len(found) > redrive.most,
                    "redriven": len(reopened),
                    "jobs": list(chosen if redrive.dry_run else reopened),
                }
            )

        answer = await once(self._database, self._ids, context, work=work)
        if not redrive.dry_run:
            self._wake()
        return answer


def _refuse_ended(job: Job) -> None:
    """Refuse to cancel what ended before it could be."""
    if job.status.ended and job.status is not JobStatus.CANCELLED:
        raise WrongTimeError(
            what=f"job '{job.id}'",
            found=job.status.value,
            remedy="only what waits or runs can be cancelled",
        )


def _not_reopened(job: Job) -> WrongTimeError:
    remedy = "only what is dead, cancelled or quarantined is tried again"
    if job.status.given_up:
        remedy = "another job of the same unique key has not ended; wait for it, or cancel it first"
    return WrongTimeError(what=f"job '{job.id}'", found=job.status.value, remedy=remedy)


def _was(job: Job) -> JsonObject:
    """Say of a job how it had ended: its next attempts forget it."""
    return {
        "job": job.id,
        "was": job.status.value,
        "cause": None if job.cause is None else job.cause.value,
        "reason": job.reason,
        "attempts": job.attempt,
    }


def _spelled(wanted: JobFilter) -> JsonObject:
    return {
        "statuses": sorted(item.value for item in wanted.statuses),
        "name": wanted.name,
        "cause": None if wanted.cause is None else wanted.cause.value,
        "ended_after": None if wanted.ended_after is None else spelled_instant(wanted.ended_after),
        "ended_before": None
        if wanted.ended_before is None
        else spelled_instant(wanted.ended_before),
    }
