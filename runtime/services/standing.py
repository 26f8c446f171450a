"""Find what a caller may see or change, inside the transaction that goes on with it.

Nothing here tells an id of another organization or project from one that does not exist. What a
request's caller was remembered to be may be seconds old: before rights are given or taken, the
caller is read again and locked, so that nobody makes a right last that was taken from them on
another replica.

Locks are taken in one order: organization, head, project, members, memberships, tokens,
invitations, and of one kind in the order of ids; executions take head, then project.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller, CredentialKind, require_role
from runtime.domain.errors import (
    CredentialRefusedError,
    NotFoundError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.member import Member, ProjectRole
from runtime.domain.organization import Organization
from runtime.domain.principal import Principal
from runtime.domain.project import Project
from runtime.kit.ids import IdError, parse_id
from runtime.services.unit_of_work import Unit
from runtime.store import heads
from runtime.store.members import steady_members
from runtime.store.memberships import find_membership, steady_membership
from runtime.store.organizations import steady_organization
from runtime.store.projects import find_project, held_project
from runtime.store.tokens import steady_token

STORED_CREDENTIALS: Final = frozenset({CredentialKind.API_TOKEN, CredentialKind.SESSION})


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


def refuse_others(caller: Caller, organization_id: str) -> None:
    """Answer the id of another organization as one that does not exist.

    Raises:
        NotFoundError: it is not the caller's.
    """
    if organization_id != caller.organization_id:
        raise NotFoundError(kind="organization", id=organization_id)


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


async def steady_caller(unit: Unit, caller: Caller) -> Caller:
    """Return the caller as they are now, which they stay until the transaction ends.

    Raises:
        CredentialRefusedError: they are no member any more, or their token has ended.
    """
    return await steady_among(
        unit, caller, members=await steady_members(unit.connection, (caller.member_id,))
    )


async def steady_owner(unit: Unit, caller: Caller) -> Caller:
    """Return the caller, who owns the organization until the transaction ends.

    Raises:
        CredentialRefusedError: they are no member any more, or their token has ended.
        NotAllowedError: they are no owner, or none any more.
    """
    found = await steady_caller(unit, caller)
    found.require_owner()
    return found


async def steady_among(unit: Unit, caller: Caller, *, members: Iterable[Member]) -> Caller:
    """Return the caller as they are by one of the members that this transaction has locked.

    Raises:
        CredentialRefusedError: they are none of them, or their token has ended.
    """
    for member in members:
        if member.id == caller.member_id:
            await _refuse_ended(unit, caller)
            return replace(caller, organization_role=member.organization_role)
    raise CredentialRefusedError


async def require_steady_admin(unit: Unit, caller: Caller, project_id: str) -> None:
    """Refuse whoever does not administer a project until the transaction ends.

    `caller` is what the functions above return.

    Raises:
        NotFoundError: they are nobody there, or not any more.
        NotAllowedError: they are no admin of it.
    """
    membership = await steady_membership(
        unit.connection, project_id=project_id, member_id=caller.member_id
    )
    require_role(caller.principal(project_id, membership), ProjectRole.ADMIN)


def one_of(members: Sequence[Member], member_id: str) -> Member:
    """Return the member of an id.

    Raises:
        NotFoundError: none of them has it.
    """
    for member in members:
        if member.id == member_id:
            return member
    raise NotFoundError(kind="member", id=member_id)


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


async def held(unit: Unit, caller: Caller, project_id: str) -> Project:
    """Return a project that the caller administers until the transaction ends, which changes it.

    Raises:
        CredentialRefusedError: they are no member any more, or their token has ended.
        NotFoundError, NotAllowedError: as `locked` does.
    """
    project = await locked(unit.connection, caller, project_id)
    await require_steady_admin(unit, await steady_caller(unit, caller), project_id)
    return project


async def locked(connection: AsyncConnection, caller: Caller, project_id: str) -> Project:
    """Return a project for this transaction to change, if the caller was known as its admin.

    Whether they are it still is for who calls this to find out. Executions that were judged before
    this transaction ends are refused at their commit.

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


async def _refuse_ended(unit: Unit, caller: Caller) -> None:
    if caller.credential_kind not in STORED_CREDENTIALS:
        return
    token = await steady_token(unit.connection, caller.credential_id)
    if token is None or token.member_id != caller.member_id or token.ended(unit.now):
        raise CredentialRefusedError
