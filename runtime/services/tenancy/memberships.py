"""Say what members may do in a project: its admins give and take it, never above themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.caller import Caller
from runtime.domain.errors import NotAllowedError, NotFoundError, RoleReservedError
from runtime.domain.member import Member, Membership, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.scope import Scope
from runtime.services.context import Context, Ids
from runtime.services.documents import membership_document
from runtime.services.standing import (
    active,
    active_organization,
    known_id,
    locked,
    one_of,
    require_steady_admin,
    seen,
    steady_among,
)
from runtime.services.tenancy.members import Forget
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import memberships
from runtime.store.conversations import delete_conversations_of
from runtime.store.facts import delete_facts_of
from runtime.store.invitations import revoke_unbacked_invitations
from runtime.store.members import steady_members
from runtime.store.session import Database

RESERVED_ROLES: Final = frozenset({*OrganizationRole, *ProjectRole})
"""Roles that mean something to the platform itself; as an extra role each would grant that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Say what a member is to be in a project.

    Attributes:
        extra_roles: roles that actions of the environment name.
        mode: how much one plan of theirs may do.
    """

    role: ProjectRole
    extra_roles: tuple[str, ...] = ()
    mode: Mode = Mode.ASSISTED


class Memberships:
    """Keep what members are in projects."""

    def __init__(self, *, database: Database, ids: Ids, forget: Forget) -> None:
        self._database = database
        self._ids = ids
        self._forget = forget

    async def after(
        self, context: Context, after: str | None, *, project_id: str, limit: int
    ) -> tuple[Membership, ...]:
        """Return the memberships of a project, in the order of the members' ids.

        Raises:
            NotFoundError: no such project that the caller may see.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            return await memberships.memberships_after(
                connection, after, limit=limit, project_id=project_id
            )

    async def put(
        self, context: Context, project_id: str, *, member_id: str, grant: Grant
    ) -> Answer:
        """Let a member be in a project what the grant says, whatever they were before.

        Raises:
            NotFoundError: no such project that the caller may see, or no such member.
            NotAllowedError: the caller is no admin of it, gives more than they may, or the
                credential was not made for this.
            RoleReservedError: an extra role is one of the platform.
            ProjectArchivedError: it is archived.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            active(await locked(unit.connection, caller, project_id))
            known_id(member_id, kind="member", prefix="mem")
            steady = await _steady(unit, caller, member_id)
            admin = await _admin(unit, caller, project_id, members=steady)
            member = one_of(steady, member_id)
            before = await memberships.find_membership(
                unit.connection, project_id=project_id, member_id=member_id
            )
            _judge(grant, member, caller=admin)
            membership = Membership(
                project_id=project_id,
                member_id=member_id,
                role=grant.role,
                extra_roles=tuple(sorted(set(grant.extra_roles))),
                mode=grant.mode,
                created_at=unit.now if before is None else before.created_at,
            )
            await memberships.put_membership(
                unit.connection, membership, organization_id=caller.organization_id
            )
            document = membership_document(membership)
            told = {
                **document,
                "role_before": None if before is None else before.role.value,
                "invitations_taken_back": await _without_backing(unit, member),
            }
            await unit.record("membership.granted", told, project_id=project_id)
            return Answer(document=document)

        answer = await once(self._database, self._ids, context, work=work)
        self._forget(member_id)
        return answer

    async def withdraw(self, context: Context, project_id: str, *, member_id: str) -> Answer:
        """Take a member's role in a project away; works in an archived project too.

        Raises:
            NotFoundError: no such project that the caller may see, or no such member in it.
            NotAllowedError: the caller is no admin of it, or the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await locked(unit.connection, caller, project_id)
            known_id(member_id, kind="membership", prefix="mem")
            steady = await _steady(unit, caller, member_id)
            admin = await _admin(unit, caller, project_id, members=steady)
            before = await memberships.find_membership(
                unit.connection, project_id=project_id, member_id=member_id
            )
            if before is None:
                raise NotFoundError(kind="membership", id=member_id)
            member = one_of(steady, member_id)
            _leave_owners_to_owners(member, caller=admin)
            await memberships.withdraw_membership(
                unit.connection, project_id=project_id, member_id=member_id
            )
            await _forget_what_was_said(unit, member, project_id)
            document = membership_document(before)
            told = {**document, "invitations_taken_back": await _without_backing(unit, member)}
            await unit.record("membership.withdrawn", told, project_id=project_id)
            return Answer(document=document)

        answer = await once(self._database, self._ids, context, work=work)
        self._forget(member_id)
        return answer


async def _forget_what_was_said(unit: Unit, member: Member, project_id: str) -> None:
    """Delete what a member said in a project, unless they see it still as an owner."""
    if member.organization_role is not OrganizationRole.OWNER:
        await delete_conversations_of(unit.connection, member.id, project_ids=[project_id])
        await delete_facts_of(unit.connection, member.id, project_ids=[project_id])


async def _steady(unit: Unit, caller: Caller, member_id: str) -> Sequence[Member]:
    return await steady_members(unit.connection, (caller.member_id, member_id))


async def _admin(
    unit: Unit, caller: Caller, project_id: str, *, members: Sequence[Member]
) -> Caller:
    """Return the caller as they are now, who administers the project still."""
    admin = await steady_among(unit, caller, members=members)
    await require_steady_admin(unit, admin, project_id)
    return admin


async def _without_backing(unit: Unit, member: Member) -> list[str]:
    """Take back what a member offered and, as what they are from now on, could not offer."""
    if member.organization_role is OrganizationRole.OWNER:
        return []
    return list(await revoke_unbacked_invitations(unit.connection, member.id, at=unit.now))


def _judge(grant: Grant, member: Member, *, caller: Caller) -> None:
    """Refuse to give what the caller may not give."""
    reserved = tuple(sorted(RESERVED_ROLES & set(grant.extra_roles)))
    if reserved:
        raise RoleReservedError(roles=reserved)
    _leave_owners_to_owners(member, caller=caller)
    if grant.mode is Mode.AUTONOMOUS and not caller.owner:
        raise NotAllowedError(
            needs="the organization's role owner, who alone gives the mode autonomous",
            has=caller.organization_role.value,
        )


def _leave_owners_to_owners(member: Member, *, caller: Caller) -> None:
    if member.organization_role is OrganizationRole.OWNER and not caller.owner:
        raise NotAllowedError(
            needs="the organization's role owner, to change what an owner is in a project",
            has=caller.organization_role.value,
        )
