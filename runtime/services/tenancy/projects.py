"""Make, read, change, archive and purge projects."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from runtime.domain.errors import EnvironmentNotInstalledError, WrongTimeError
from runtime.domain.limits import Limits
from runtime.domain.project import Project
from runtime.domain.scope import Scope
from runtime.domain.state import State
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.documents import project_document
from runtime.services.environments import Environments, InstalledEnvironment
from runtime.services.standing import active, active_organization, held, seen, steady_owner
from runtime.services.tenancy.purges import Purges, Purging
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import heads, projects
from runtime.store.session import Database


class Projects:
    """Keep the projects of organizations."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        environments: Environments,
        purging: Purging | None = None,
    ) -> None:
        self._database = database
        self._ids = ids
        self._environments = environments
        self._purges = Purges(database=database, ids=ids, purging=purging or Purging())

    async def create(
        self, context: Context, *, name: str, environment: str, limits: Limits | None
    ) -> Answer:
        """Make a project, with the first state of its environment as version 0 of its history.

        Without limits it takes those of the environment.

        Raises:
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            EnvironmentNotInstalledError: no plugin declares that environment.
            NameTakenError: another project has that name.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.PROJECTS_MANAGE)
        caller.require_owner()

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            await steady_owner(unit, caller)
            installed = self._installed(environment)
            project = Project(
                id=unit.ids.new("prj"),
                organization_id=caller.organization_id,
                name=name,
                environment=installed.id,
                limits=installed.limits if limits is None else limits,
                created_at=unit.now,
                created_by=caller.member_id,
            )
            state = State.of(installed.compiled.registry.initial_state())
            await projects.add_project(unit.connection, project)
            await heads.create_head(
                unit.connection,
                organization_id=project.organization_id,
                project_id=project.id,
                state=state,
                principal_id=caller.member_id,
                now=unit.now,
            )
            await unit.record(
                "project.created",
                {"project": project.id, "name": name, "environment": installed.id},
                project_id=project.id,
                recorded={"versions": [_beginning(state)]},
            )
            return Answer(document=project_document(project), status=HTTPStatus.CREATED)

        return await once(self._database, self._ids, context, work=work)

    async def read(self, context: Context, project_id: str) -> Project:
        """Return a project.

        Raises:
            NotFoundError: there is none that the caller may see.
        """
        caller = context.caller
        caller.require(Scope.PROJECTS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return (await seen(connection, caller, project_id)).project

    async def after(
        self, context: Context, after: str | None, *, limit: int
    ) -> tuple[Project, ...]:
        """Return projects that the caller may see, in the order of their ids."""
        caller = context.caller
        caller.require(Scope.PROJECTS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return await projects.projects_after(
                connection,
                after,
                limit=limit,
                member_id=None if caller.owner else caller.member_id,
            )

    async def change(
        self, context: Context, project_id: str, *, name: str | None, limits: Limits | None
    ) -> Answer:
        """Give a project another name or other limits; None leaves what is.

        Raises:
            NotFoundError: there is none that the caller may see.
            NotAllowedError: the caller is no admin of it, or the credential was not made for this.
            ProjectArchivedError: it is archived.
            NameTakenError: another project has that name.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.PROJECTS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            before = active(await held(unit, caller, project_id))
            project = replace(
                before,
                name=before.name if name is None else name,
                limits=before.limits if limits is None else limits,
            )
            await projects.change_project(
                unit.connection, project_id, name=project.name, limits=project.limits
            )
            await unit.record(
                "project.changed",
                {
                    "project": project_id,
                    "name": project.name,
                    "name_before": before.name,
                    "limits": project.limits.model_dump(mode="json"),
                    "limits_before": before.limits.model_dump(mode="json"),
                },
                project_id=project_id,
            )
            return Answer(document=project_document(project))

        return await once(self._database, self._ids, context, work=work)

    async def archive(self, context: Context, project_id: str) -> Answer:
        """Let nothing in a project change from now on; its history stays readable.

        Raises:
            NotFoundError, NotAllowedError, WrongTimeError: as `change` does.
        """
        return await self._set_archived(context, project_id, archived=True)

    async def restore(self, context: Context, project_id: str) -> Answer:
        """Let an archived project change again.

        Raises:
            NotFoundError, NotAllowedError, WrongTimeError: as `change` does.
        """
        return await self._set_archived(context, project_id, archived=False)

    async def purge(self, context: Context, project_id: str, *, confirm: str) -> Answer:
        """Delete an archived project with its history, for ever; records of what was done stay.

        Raises:
            DomainError: as `runtime.services.tenancy.purges.Purges.purge` does.
        """
        return await self._purges.purge(context, project_id, confirm=confirm)

    async def _set_archived(self, context: Context, project_id: str, *, archived: bool) -> Answer:
        caller = context.caller
        caller.require(Scope.PROJECTS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            project = await held(unit, caller, project_id)
            if (project.archived_at is not None) is archived:
                return Answer(document=project_document(project))
            if project.purge_began_at is not None:
                raise WrongTimeError(
                    what=f"project '{project.name}'",
                    found="being purged",
                    remedy="its history is not whole any more: purge it to the end",
                )
            at = unit.now if archived else None
            await projects.archive_project(unit.connection, project_id, at=at)
            await unit.record(
                "project.archived" if archived else "project.restored",
                {"project": project_id, "name": project.name},
                project_id=project_id,
            )
            return Answer(document=project_document(replace(project, archived_at=at)))

        return await once(self._database, self._ids, context, work=work)

    def _installed(self, environment: str) -> InstalledEnvironment:
        found = self._environments.get(environment)
        if found is None:
            raise EnvironmentNotInstalledError(
                environment=environment, known=tuple(sorted(self._environments))
            )
        return found


def _beginning(state: State) -> JsonObject:
    """Return the first version of a state as records hold all of them: a diff, from nothing."""
    whole = {"op": "replace", "path": "", "value": state.components}
    return {"version": state.version, "digest": state.digest, "diff": [whole]}
