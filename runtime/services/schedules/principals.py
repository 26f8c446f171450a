"""Make the service that executes a schedule, bound what it may do, and remove it in the end."""

from __future__ import annotations

from runtime.domain.caller import Caller
from runtime.domain.errors import NotAllowedError, RoleReservedError
from runtime.domain.member import Member, MemberKind, Membership
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.project import Project
from runtime.domain.schedule import Schedule
from runtime.kit.json_value import JsonObject
from runtime.services.documents import membership_document
from runtime.services.tenancy.memberships import RESERVED_ROLES, Grant
from runtime.services.unit_of_work import Unit
from runtime.store import members, memberships

_NEEDED_FOR_AUTONOMOUS = "the organization's role owner, who alone gives the mode autonomous"


def judge_grant(grant: Grant, *, by: Caller) -> None:
    """Refuse to give a service what its maker could give nobody.

    Raises:
        RoleReservedError: an extra role is one of the platform.
        NotAllowedError: they give the mode autonomous, and are no owner.
    """
    reserved = tuple(sorted(RESERVED_ROLES & set(grant.extra_roles)))
    if reserved:
        raise RoleReservedError(roles=reserved)
    if grant.mode is Mode.AUTONOMOUS:
        _require_owner(by)


async def keep_autonomous_to_owners(unit: Unit, schedule: Schedule, *, by: Caller) -> None:
    """Refuse others than owners to say what a service does that an owner made autonomous.

    Raises:
        NotAllowedError: they are no owner.
    """
    membership = await memberships.steady_membership(
        unit.connection, project_id=schedule.project_id, member_id=schedule.principal_id
    )
    if membership is not None and membership.mode is Mode.AUTONOMOUS:
        _require_owner(by)


async def hired(unit: Unit, project: Project, *, name: str, grant: Grant) -> Member:
    """Make a service that is something in a project, and return it."""
    organization_id = project.organization_id
    member = Member(
        id=unit.ids.new("mem"),
        organization_id=organization_id,
        kind=MemberKind.SERVICE,
        display_name=name,
        organization_role=OrganizationRole.MEMBER,
        created_at=unit.now,
    )
    membership = Membership(
        project_id=project.id,
        member_id=member.id,
        role=grant.role,
        extra_roles=tuple(sorted(set(grant.extra_roles))),
        mode=grant.mode,
        created_at=unit.now,
    )
    await members.add_member(unit.connection, member)
    await memberships.put_membership(unit.connection, membership, organization_id=organization_id)
    await unit.record("member.created", {"member": member.id, "kind": member.kind.value})
    told: JsonObject = {
        **membership_document(membership),
        "role_before": None,
        "invitations_taken_back": [],
    }
    await unit.record("membership.granted", told, project_id=project.id)
    return member


async def dismissed(unit: Unit, schedule: Schedule, *, still: bool) -> None:
    """Remove a schedule's service with its roles and tokens, unless somebody did already."""
    if not still:
        return
    member_id = schedule.principal_id
    await members.remove_member(unit.connection, member_id, at=unit.now)
    projects = await memberships.withdraw_memberships_of(unit.connection, member_id)
    tokens = await members.revoke_tokens_of(unit.connection, member_id, at=unit.now)
    told: JsonObject = {
        "member": member_id,
        "role": OrganizationRole.MEMBER.value,
        "projects": list(projects),
        "tokens_revoked": tokens,
        "invitations_revoked": 0,
        "invitations_taken_back": [],
    }
    await unit.record("member.removed", told)


def _require_owner(by: Caller) -> None:
    if not by.owner:
        raise NotAllowedError(needs=_NEEDED_FOR_AUTONOMOUS, has=by.organization_role.value)
