"""Say who may let others act through a hook, and as which service."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.caller import Caller
from runtime.domain.errors import NotAllowedError, NotFoundError
from runtime.domain.hook import HOOK_PREFIX, Hook
from runtime.domain.issued_token import require_grantable
from runtime.domain.member import Member, MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.scope import Scope
from runtime.services.standing import (
    active,
    active_organization,
    administered,
    known_id,
    one_of,
    require_steady_admin,
    steady_among,
)
from runtime.services.unit_of_work import Unit
from runtime.store.hooks import find_hook, held_hook
from runtime.store.members import steady_members
from runtime.store.memberships import steady_membership

HOOK_SCOPES = frozenset({Scope.PLANS_EXECUTE})
"""What a hook may be used for: neither confirming nor approving is among it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """Hold a hook that a caller may change, with the service that acts through it."""

    hook: Hook
    service: Member


def require_hook_scopes(caller: Caller) -> None:
    """Refuse a credential that was not made to let others act.

    Raises:
        NotAllowedError: it may not change projects, or not execute plans itself.
    """
    caller.require(Scope.PROJECTS_MANAGE)
    require_grantable(caller, HOOK_SCOPES)


async def require_binding(
    unit: Unit, caller: Caller, project_id: str, *, service_id: str
) -> Member:
    """Return the service through which a caller may let others act in a project.

    Both stay what they are until the transaction ends.

    Raises:
        NotFoundError: no such project that they may see, or no such member.
        NotAllowedError: they do not administer it, the member is a person or has no role there, or
            may more than the caller could give.
        ProjectArchivedError, WrongTimeError: the project or the organization is archived.
    """
    await active_organization(unit.connection, caller)
    active(await administered(unit.connection, caller, project_id))
    known_id(service_id, kind="member", prefix="mem")
    members = await steady_members(unit.connection, (caller.member_id, service_id))
    asking = await steady_among(unit, caller, members=members)
    await require_steady_admin(unit, asking, project_id)
    service = one_of(members, service_id)
    if service.kind is not MemberKind.SERVICE:
        raise NotAllowedError(needs="a service to act for whoever delivers", has="a person")
    membership = await steady_membership(
        unit.connection, project_id=project_id, member_id=service_id
    )
    if membership is None:
        raise NotAllowedError(needs="a service with a role in the project", has="one without")
    beyond = service.organization_role is OrganizationRole.OWNER or (
        membership.mode is Mode.AUTONOMOUS
    )
    if beyond and not asking.owner:
        raise NotAllowedError(
            needs="the organization's role owner, to let others act as an owner or autonomously",
            has=asking.organization_role.value,
        )
    return service


async def held_for_change(
    unit: Unit, caller: Caller, project_id: str, *, hook_id: str, binds: bool
) -> Hook:
    """Return a hook of a project for this transaction to change.

    Args:
        unit: the transaction.
        caller: who asks, and administers the project until it ends.
        project_id: where.
        hook_id: which.
        binds: the change lets others act, so that it takes the rights that making it took.

    Raises:
        NotFoundError: no such project or hook that they may see.
        NotAllowedError, ProjectArchivedError, WrongTimeError: as `require_binding` does.
    """
    await administered(unit.connection, caller, project_id)
    known_id(hook_id, kind="hook", prefix=HOOK_PREFIX)
    found = of_project(await find_hook(unit.connection, hook_id), project_id, hook_id=hook_id)
    if binds:
        await require_binding(unit, caller, project_id, service_id=found.service_id)
    else:
        members = await steady_members(unit.connection, (caller.member_id,))
        asking = await steady_among(unit, caller, members=members)
        await require_steady_admin(unit, asking, project_id)
    return of_project(await held_hook(unit.connection, hook_id), project_id, hook_id=hook_id)


def of_project(hook: Hook | None, project_id: str, *, hook_id: str) -> Hook:
    """Return a hook that belongs to a project; that of another one is answered as none.

    Raises:
        NotFoundError: it does not.
    """
    if hook is None or hook.project_id != project_id:
        raise NotFoundError(kind="hook", id=hook_id)
    return hook
