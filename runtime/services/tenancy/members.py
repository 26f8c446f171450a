"""Add, change and remove the members of an organization."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus

from runtime.domain.caller import Caller
from runtime.domain.errors import NotFoundError, WrongTimeError
from runtime.domain.member import Member, MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.services.context import Context, Ids
from runtime.services.documents import member_document
from runtime.services.standing import (
    active_organization,
    known_id,
    one_of,
    steady_among,
    steady_owner,
)
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import invitations, members, memberships
from runtime.store.conversations import delete_conversations_of
from runtime.store.facts import delete_facts_of
from runtime.store.session import Database

Forget = Callable[[str], None]
"""Told the id of a member whose rights changed: nothing that was remembered of them holds."""


class Members:
    """Keep the members of organizations."""

    def __init__(self, *, database: Database, ids: Ids, forget: Forget) -> None:
        self._database = database
        self._ids = ids
        self._forget = forget

    async def after(self, context: Context, after: str | None, *, limit: int) -> tuple[Member, ...]:
        """Return the members of the caller's organization, in the order of their ids."""
        caller = context.caller
        caller.require(Scope.MEMBERS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return await members.members_after(connection, after, limit=limit)

    async def read(self, context: Context, member_id: str) -> Member:
        """Return a member, who may have been removed: history names them still.

        Raises:
            NotFoundError: the organization never had such a member.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_READ)
        known_id(member_id, kind="member", prefix="mem")
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return _there(await members.find_member(connection, member_id), member_id)

    async def named(self, context: Context, ids: Sequence[str]) -> tuple[Member, ...]:
        """Return those members of the caller's organization that exist, removed ones too."""
        caller = context.caller
        caller.require(Scope.MEMBERS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return await members.members_named(connection, ids)

    async def add_service(self, context: Context, *, display_name: str) -> Answer:
        """Add a service, which acts by tokens and confirms nothing.

        Raises:
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_MANAGE)
        caller.require_owner()

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            await steady_owner(unit, caller)
            member = Member(
                id=unit.ids.new("mem"),
                organization_id=caller.organization_id,
                kind=MemberKind.SERVICE,
                display_name=display_name,
                organization_role=OrganizationRole.MEMBER,
                created_at=unit.now,
            )
            await members.add_member(unit.connection, member)
            await unit.record("member.created", {"member": member.id, "kind": member.kind.value})
            return Answer(document=member_document(member), status=HTTPStatus.CREATED)

        return await once(self._database, self._ids, context, work=work)

    async def change_role(
        self, context: Context, member_id: str, *, role: OrganizationRole
    ) -> Answer:
        """Give a member another role in the organization.

        Raises:
            NotFoundError: the organization has no such member.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            WrongTimeError: nobody would own the organization any more, a service would, or it is
                archived.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_MANAGE)
        caller.require_owner()

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            held = await _held(unit, caller, member_id)
            before = one_of(held, member_id)
            if before.organization_role is role:
                return Answer(document=member_document(before))
            _judge_role(role, before, held=held)
            await members.change_role(unit.connection, member_id, role=role)
            taken_back = await _without_backing(unit, member_id, role=role)
            await unit.record(
                "member.role_changed",
                {
                    "member": member_id,
                    "role": role.value,
                    "role_before": before.organization_role.value,
                    "invitations_taken_back": list(taken_back),
                },
            )
            return Answer(document=member_document(replace(before, organization_role=role)))

        answer = await once(self._database, self._ids, context, work=work)
        self._forget(member_id)
        return answer

    async def remove(self, context: Context, member_id: str) -> Answer:
        """Remove a member with their roles and tokens; what they did stays on record.

        It takes rights away only, and so works in an archived organization too.

        Raises:
            NotFoundError: the organization has no such member.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            WrongTimeError: nobody would own the organization any more.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_MANAGE)
        caller.require_owner()

        async def work(unit: Unit) -> Answer:
            held = await _held(unit, caller, member_id)
            member = one_of(held, member_id)
            _keep_an_owner(held, without=member_id)
            await members.remove_member(unit.connection, member_id, at=unit.now)
            await delete_conversations_of(unit.connection, member_id)
            await delete_facts_of(unit.connection, member_id)
            projects = await memberships.withdraw_memberships_of(unit.connection, member_id)
            tokens = await members.revoke_tokens_of(unit.connection, member_id, at=unit.now)
            unanswered = await _revoke_invitations_to(unit, member)
            taken_back = await _without_backing(unit, member_id, role=OrganizationRole.MEMBER)
            await unit.record(
                "member.removed",
                {
                    "member": member_id,
                    "role": member.organization_role.value,
                    "projects": list(projects),
                    "tokens_revoked": tokens,
                    "invitations_revoked": unanswered,
                    "invitations_taken_back": list(taken_back),
                },
            )
            return Answer(document=member_document(replace(member, removed_at=unit.now)))

        answer = await once(self._database, self._ids, context, work=work)
        self._forget(member_id)
        return answer


async def _held(unit: Unit, caller: Caller, member_id: str) -> Sequence[Member]:
    """Return the owners and the member, held, once the caller is found to be an owner still."""
    known_id(member_id, kind="member", prefix="mem")
    held = await members.held_owners_and(unit.connection, (caller.member_id, member_id))
    (await steady_among(unit, caller, members=held)).require_owner()
    return held


async def _revoke_invitations_to(unit: Unit, member: Member) -> int:
    """Let nobody come back by an older invitation."""
    if member.email is None:
        return 0
    return await invitations.revoke_invitations_to(unit.connection, member.email, at=unit.now)


async def _without_backing(unit: Unit, member_id: str, *, role: OrganizationRole) -> Sequence[str]:
    """Take back what a member offered and, as what they are from now on, could not offer."""
    if role is OrganizationRole.OWNER:
        return ()
    return await invitations.revoke_unbacked_invitations(unit.connection, member_id, at=unit.now)


def _there(member: Member | None, member_id: str) -> Member:
    if member is None:
        raise NotFoundError(kind="member", id=member_id)
    return member


def _judge_role(role: OrganizationRole, member: Member, *, held: Sequence[Member]) -> None:
    """Let people alone be owners, and somebody.

    Raises:
        WrongTimeError: a service would own the organization, or nobody.
    """
    if role is not OrganizationRole.OWNER:
        _keep_an_owner(held, without=member.id)
    elif member.kind is not MemberKind.PERSON:
        raise WrongTimeError(
            what=f"member '{member.id}'",
            found=f"a {member.kind.value}",
            remedy="only a person can own an organization",
        )


def _keep_an_owner(held: Sequence[Member], *, without: str) -> None:
    """Refuse to leave an organization without a person who owns it.

    Raises:
        WrongTimeError: there would be none.
    """
    owners = {
        member.id
        for member in held
        if member.organization_role is OrganizationRole.OWNER and member.kind is MemberKind.PERSON
    }
    if not owners - {without}:
        raise WrongTimeError(
            what=f"member '{without}'",
            found="the last owner of the organization",
            remedy="make somebody else an owner first",
        )
