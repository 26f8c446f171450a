"""Find what a caller may see or change, inside the transaction that goes on with it.

Nothing here tells an id of another organization or project from one that does not exist. Locks are
taken in one order: organization, head, project, members; executions take head, then project.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller, require_role
from runtime.domain.errors import NotFoundError, ProjectArchivedError, WrongTimeError
from runtime.domain.member import ProjectRole
from runtime.domain.organization import Organization
from runtime.domain.principal import Principal
from runtime.domain.project import Project
from runtime.kit.ids import IdError, parse_id
from runtime.store import heads
from runtime.store.memberships import find_membership
from runtime.store.organizations import steady_organization
from runtime.store.projects import find_project, held_project


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Pair a project with who the caller is in it."""

    project: Project
    principal: Principal


def known_id(text: str, *, kind: str, prefix: str) -> str:
    """Return an id that may exist.

    Raises:
        NotFoundError: a text of another shape, which nothing can be stored under.
    """
    try:
        parse_id(text, prefix)
    except IdError:
        raise NotFoundError(kind=kind, id=text) from None
    return text


async def active_organization(connection: AsyncConnection, caller: Caller) -> Organization:
    """Return the caller's organization, which stays active until the transaction ends.

    Raises:
        NotFoundError: there is none of that id.
        WrongTimeError: it is archived.
    """
    found = await steady_organization(connection, caller.organization_id)
    if found is None:
        raise NotFoundError(kind="organization", id=caller.organization_id)
    if found.archived_at is not None:
        raise WrongTimeError(
            what=f"organization '{found.name}'", found="archived", remedy="restore it first"
        )
    return found


async def seen(connection: AsyncConnection, caller: Caller, project_id: str) -> Seen:
    """Return a project that the caller may see, and who they are in it.

    Raises:
        NotFoundError: there is none that they may see.
    """
    known_id(project_id, kind="project", prefix="prj")
    project = await find_project(connection, project_id)
    membership = await find_membership(
        connection, project_id=project_id, member_id=caller.member_id
    )
    if project is None:
        raise NotFoundError(kind="project", id=project_id)
    return Seen(project=project, principal=caller.principal(project_id, membership))


async def administered(connection: AsyncConnection, caller: Caller, project_id: str) -> Project:
    """Return a project that the caller administers.

    Raises:
        NotFoundError: there is none that they may see.
        NotAllowedError: they are no admin of it.
    """
    found = await seen(connection, caller, project_id)
    require_role(found.principal, ProjectRole.ADMIN)
    return found.project


async def held(connection: AsyncConnection, caller: Caller, project_id: str) -> Project:
    """Return a project that the caller administers, for this transaction to change.

    Executions that were judged before this transaction ends are refused at their commit.

    Raises:
        NotFoundError: there is none that they may see, or it was purged meanwhile.
        NotAllowedError: they are no admin of it.
    """
    await administered(connection, caller, project_id)  # before the lock: others don't get one
    await heads.bump_settings(
        connection, organization_id=caller.organization_id, project_id=project_id
    )
    project = await held_project(connection, project_id)
    if project is None:
        raise NotFoundError(kind="project", id=project_id)
    return project


def active(project: Project) -> Project:
    """Return a project that may change.

    Raises:
        ProjectArchivedError: it is archived.
    """
    if project.archived_at is not None:
        raise ProjectArchivedError(project=project.name)
    return project
