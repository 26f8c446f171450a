"""Hold back the jobs of a project or of an organization, and let them go again.

Whoever administers a project says it for the project, owners for the organization. What runs is not
stopped by it: that is what cancelling is for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.domain.job_queue import MOST_COUNTED, QueueCounts, QueueSettings
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.standing import (
    administered,
    refuse_others,
    require_steady_admin,
    seen,
    steady_caller,
    steady_owner,
)
from runtime.services.unit_of_work import Answer, Unit, Work, once
from runtime.store import job_queues
from runtime.store.projects import keep_project
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlace:
    """Name the queue of an organization, or of one of its projects."""

    organization_id: str
    project_id: str | None = None


class JobQueues:
    """Read and change what is said of jobs that wait."""

    def __init__(self, *, database: Database, ids: Ids, wake: Callable[[], None]) -> None:
        """Keep where queues are; `wake` is told when jobs may flow again."""
        self._database = database
        self._ids = ids
        self._wake = wake

    async def read(self, context: Context, place: QueuePlace) -> JsonObject:
        """Return what is said of a queue, and how many jobs there are.

        Raises:
            NotFoundError: no such project that the caller may see, or another organization.
            NotAllowedError: the queue is the organization's and the caller is no owner, or the
                credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.JOBS_READ)
        refuse_others(caller, place.organization_id)
        if place.project_id is None:
            caller.require_owner()
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            if place.project_id is not None:
                await seen(connection, caller, place.project_id)
            settings = await job_queues.read_queue(
                connection, organization_id=caller.organization_id, project_id=place.project_id
            )
            counts = await job_queues.count_jobs(
                connection, organization_id=caller.organization_id, project_id=place.project_id
            )
        return queue_document(place, settings, counts)

    async def pause(self, context: Context, place: QueuePlace, *, why: str) -> Answer:
        """Let nothing start any more until it is resumed; paused again, the first word stands.

        Works in an archived project too.

        Raises:
            NotFoundError: no such project that the caller may see, or another organization.
            NotAllowedError: the caller does not administer it, or the credential was not made for
                this.
        """

        async def work(unit: Unit) -> Answer:
            await self._changing(unit, context, place)
            before = await _settings(unit, place)
            after = before
            if before.pause is None:
                await unit.record("queue.paused", {"why": why}, project_id=place.project_id)
                after = await job_queues.pause(
                    unit.connection,
                    organization_id=place.organization_id,
                    by=context.caller.member_id,
                    why=why,
                    project_id=place.project_id,
                )
            return Answer(document=settings_document(place, after))

        return await self._once(context, place, work=work)

    async def resume(self, context: Context, place: QueuePlace) -> Answer:
        """Let jobs start again.

        Raises:
            NotFoundError, NotAllowedError: as `pause` does.
        """

        async def work(unit: Unit) -> Answer:
            await self._changing(unit, context, place)
            before = await _settings(unit, place)
            after = before
            if before.pause is not None:
                await unit.record("queue.resumed", {}, project_id=place.project_id)
                after = await job_queues.resume(
                    unit.connection,
                    organization_id=place.organization_id,
                    by=context.caller.member_id,
                    project_id=place.project_id,
                )
            return Answer(document=settings_document(place, after))

        answer = await self._once(context, place, work=work)
        self._wake()
        return answer

    async def limit(
        self,
        context: Context,
        place: QueuePlace,
        *,
        at_once: int | None,
        per_minute: int | None,
    ) -> Answer:
        """Let so many run at once, and so many start in a minute; None takes a limit away.

        Raises:
            NotFoundError, NotAllowedError: as `pause` does.
        """

        async def work(unit: Unit) -> Answer:
            await self._changing(unit, context, place)
            before = await _settings(unit, place)
            after = before
            if (before.at_once, before.per_minute) != (at_once, per_minute):
                told: JsonObject = {"at_once": at_once, "per_minute": per_minute}
                await unit.record("queue.limited", told, project_id=place.project_id)
                after = await job_queues.limit(
                    unit.connection,
                    organization_id=place.organization_id,
                    by=context.caller.member_id,
                    at_once=at_once,
                    per_minute=per_minute,
                    project_id=place.project_id,
                )
            return Answer(document=settings_document(place, after))

        answer = await self._once(context, place, work=work)
        self._wake()
        return answer

    async def _once(self, context: Context, place: QueuePlace, *, work: Work) -> Answer:
        caller = context.caller
        caller.require(Scope.JOBS_MANAGE)
        refuse_others(caller, place.organization_id)
        return await once(self._database, self._ids, context, work=work)

    async def _changing(self, unit: Unit, context: Context, place: QueuePlace) -> None:
        """Refuse whoever does not administer what the queue is of, until the transaction ends."""
        caller = context.caller
        if place.project_id is None:
            caller.require_owner()
            await steady_owner(unit, caller)
            return
        await administered(unit.connection, caller, place.project_id)
        await keep_project(unit.connection, place.project_id)
        await require_steady_admin(unit, await steady_caller(unit, caller), place.project_id)


async def _settings(unit: Unit, place: QueuePlace) -> QueueSettings:
    return await job_queues.read_queue(
        unit.connection, organization_id=place.organization_id, project_id=place.project_id
    )


def settings_document(place: QueuePlace, settings: QueueSettings) -> JsonObject:
    """Spell what is said of a queue."""
    pause = settings.pause
    changed_at = settings.changed_at
    return {
        "organization": place.organization_id,
        "project": place.project_id,
        "paused_at": None if pause is None else spelled_instant(pause.at),
        "paused_by": None if pause is None else pause.by,
        "paused_why": None if pause is None else pause.why,
        "at_once": settings.at_once,
        "per_minute": settings.per_minute,
        "changed_at": None if changed_at is None else spelled_instant(changed_at),
        "changed_by": settings.changed_by,
    }


def queue_document(place: QueuePlace, settings: QueueSettings, counts: QueueCounts) -> JsonObject:
    """Spell what is said of a queue, and how many jobs there are."""
    return {
        **settings_document(place, settings),
        "jobs": {status.value: number for status, number in counts.jobs.items()},
        "counted_to": MOST_COUNTED,
        "oldest_wait_s": counts.oldest_wait_s,
    }
