"""Purge projects: delete one with its history for ever, in steps that an interruption keeps.

A project of a million versions takes longer than one transaction may. So a purge begins with a mark
that stays, from which on the project can only be purged; then history goes a little at a time; and
the project itself goes last. A request that has no more time says how much is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from runtime.domain.caller import Caller
from runtime.domain.errors import NotConfirmedError, WrongTimeError
from runtime.domain.project import Project
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.standing import active_organization, held, steady_owner
from runtime.services.unit_of_work import Answer, Unit, once, use_of
from runtime.store import projects
from runtime.store.idempotency_keys import stored_answer
from runtime.store.purges import delete_history, history_left
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Purging:
    """Say how much one transaction deletes, and after how long a request answers anyhow."""

    rows: int = 5_000
    within: timedelta = timedelta(seconds=20)


class Purges:
    """Delete projects of organizations for ever."""

    def __init__(self, *, database: Database, ids: Ids, purging: Purging) -> None:
        self._database = database
        self._ids = ids
        self._purging = purging

    async def purge(self, context: Context, project_id: str, *, confirm: str) -> Answer:
        """Delete an archived project, or as much of it as there is time for.

        The answer says whether it is gone; else the request is to be repeated. Records of what was
        done stay. A key keeps the last answer only.

        Args:
            context: who asks.
            project_id: which.
            confirm: the project's exact name.

        Raises:
            NotFoundError: there is none of that id.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            NotConfirmedError: the name is another one.
            WrongTimeError: the project is not archived, or the organization is.
        """
        context.caller.require(Scope.PROJECTS_MANAGE)
        begun = await self._begun(context, project_id, confirm=confirm)
        if begun.replayed:
            return begun
        left = await self._deleted(context.caller.organization_id, project_id)
        if left:
            return Answer(document={**begun.document, "purged": False, "remaining": left})
        return await self._ended(context, project_id, confirm=confirm)

    async def _begun(self, context: Context, project_id: str, *, confirm: str) -> Answer:
        """Mark the project, in a commit of its own, unless the request was answered before."""
        use = use_of(context)

        async def work(unit: Unit) -> Answer:
            stored = None if use is None else await stored_answer(unit.connection, use)
            if stored is not None:
                return Answer(document=parse(stored.answer), status=stored.status, replayed=True)
            project = await _purgeable(unit, context.caller, project_id, confirm=confirm)
            gone = await _size(unit, project_id)
            if project.purge_began_at is None:
                await projects.begin_purge(unit.connection, project_id, at=unit.now)
                await unit.record(
                    "project.purge_began", {**gone, "name": project.name}, project_id=project_id
                )
            return Answer(document=gone)

        return await once(self._database, self._ids, Context(caller=context.caller), work=work)

    async def _deleted(self, organization_id: str, project_id: str) -> int:
        """Delete history, each part in a commit of its own, and return how much is left."""
        began, rows = self._ids.now(), self._purging.rows
        async with self._database.transaction(organization_id) as connection:
            spans = [*await history_left(connection, project_id)]
        while spans:
            async with self._database.transaction(organization_id) as connection:
                await delete_history(connection, project_id, spans[0], rows=rows)
            rest = spans[0].after(rows)
            spans[:1] = [rest] if rest.rows > 0 else []
            if self._ids.now() - began >= self._purging.within:
                break
        return sum(span.rows for span in spans)

    async def _ended(self, context: Context, project_id: str, *, confirm: str) -> Answer:
        async def work(unit: Unit) -> Answer:
            project = await _purgeable(unit, context.caller, project_id, confirm=confirm)
            gone = await _size(unit, project_id)
            await projects.delete_project(unit.connection, project_id)
            await unit.record(
                "project.purged", {**gone, "name": project.name}, project_id=project_id
            )
            return Answer(document={**gone, "purged": True, "remaining": 0})

        return await once(self._database, self._ids, context, work=work)


async def _purgeable(unit: Unit, caller: Caller, project_id: str, *, confirm: str) -> Project:
    """Return a project, held, that the caller may purge and means."""
    await active_organization(unit.connection, caller)
    project = await held(unit, caller, project_id)
    await steady_owner(unit, caller)
    if project.archived_at is None:
        raise WrongTimeError(
            what=f"project '{project.name}'", found="active", remedy="archive it first"
        )
    if confirm != project.name:
        raise NotConfirmedError(what=f"purging project '{project_id}'", needs="its name")
    return project


async def _size(unit: Unit, project_id: str) -> JsonObject:
    """Say how much history there was; its head stays to the end."""
    size = await projects.history_size(unit.connection, project_id)
    return {
        "project": project_id,
        "versions": size.versions,
        "outcomes": size.outcomes,
        "digest": size.digest,
    }
