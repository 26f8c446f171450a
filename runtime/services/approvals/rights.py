"""Judge who may say what to a request for approval, inside the transaction that goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from runtime.domain.approval import may_approve
from runtime.domain.approval_request import APPROVAL_PREFIX, OPEN, Approval
from runtime.domain.caller import Caller, require_role
from runtime.domain.errors import (
    ApprovalMismatchError,
    NotAllowedError,
    NotFoundError,
    WrongTimeError,
)
from runtime.domain.member import MemberKind, ProjectRole
from runtime.domain.principal import Principal
from runtime.domain.scope import Scope
from runtime.services.standing import active, active_organization, known_id, seen, steady_caller
from runtime.services.unit_of_work import Unit
from runtime.store import approvals
from runtime.store.memberships import steady_membership
from runtime.store.projects import keep_project
from runtime.store.tokens import find_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """Hold what a voter says.

    Attributes:
        plan_digest: of the plan that they saw.
        reason: why, in their words.
    """

    plan_digest: str
    reason: str


def require_voter(caller: Caller) -> None:
    """Refuse a credential that was not made for votes, and services.

    Raises:
        NotAllowedError: the scope is missing, or the caller is no person.
    """
    caller.require(Scope.PLANS_APPROVE)
    if caller.member_kind is not MemberKind.PERSON:
        raise NotAllowedError(needs="a person, who approves", has=caller.member_kind.value)


async def held_for_vote(
    unit: Unit,
    caller: Caller,
    *,
    project_id: str,
    approval_id: str,
    ballot: Ballot,
    by: Callable[[Approval, Principal], None],
) -> Approval:
    """Return a request that the caller may vote on, held until the transaction ends.

    Args:
        unit: the transaction.
        caller: who votes.
        project_id: where.
        approval_id: on what.
        ballot: what they saw.
        by: refuses who has not the role for it.

    Raises:
        NotFoundError, NotAllowedError, ApprovalMismatchError, WrongTimeError,
        ProjectArchivedError: as `Approvals.grant` does.
    """
    await active_organization(unit.connection, caller)
    active((await seen(unit.connection, caller, project_id)).project)
    await keep_project(unit.connection, project_id)
    voter = await _steady_principal(unit, caller, project_id)
    held = await held_request(unit, caller, project_id=project_id, approval_id=approval_id)
    await _require_other(unit, held, caller)
    by(held, voter)
    _require_same(held, ballot)
    require_open(held, unit.now)
    return held


async def _steady_principal(unit: Unit, caller: Caller, project_id: str) -> Principal:
    """Return what a caller is in a project until the transaction ends."""
    now = await steady_caller(unit, caller)
    membership = await steady_membership(
        unit.connection, project_id=project_id, member_id=caller.member_id
    )
    return now.principal(project_id, membership)


async def held_request(
    unit: Unit, caller: Caller, *, project_id: str, approval_id: str
) -> Approval:
    """Return a request of a project that the caller may see, held until the transaction ends."""
    await seen(unit.connection, caller, project_id)
    named = known_id(approval_id, kind="approval", prefix=APPROVAL_PREFIX)
    return there(
        await approvals.held_approval(unit.connection, project_id=project_id, approval_id=named),
        approval_id,
    )


def there(found: Approval | None, approval_id: str) -> Approval:
    """Return a request.

    Raises:
        NotFoundError: there is none.
    """
    if found is None:
        raise NotFoundError(kind="approval", id=approval_id)
    return found


async def _require_other(unit: Unit, held: Approval, caller: Caller) -> None:
    """Refuse who asked, and who made the credential that a service asked with.

    Raises:
        NotAllowedError: the request is theirs, or as good as theirs.
    """
    if held.requester == caller.member_id:
        raise NotAllowedError(needs="another person than who asked", has="your own request")
    token = await find_token(unit.connection, held.credential_id)
    if token is not None and token.created_by == caller.member_id:
        raise NotAllowedError(
            needs="another person than who made the credential that asked", has="your own token"
        )


def require_role_for(held: Approval, voter: Principal) -> None:
    """Refuse who has none of the roles that are asked for.

    Raises:
        NotAllowedError: their vote would not count.
    """
    if any(may_approve(need.role, voter.roles) for need in held.needs):
        return
    wanted = sorted({need.role or "admin" for need in held.needs})
    raise NotAllowedError(
        needs=f"one of the project's roles {', '.join(wanted)}", has=", ".join(voter.roles)
    )


def require_admin(_: Approval, voter: Principal) -> None:
    """Refuse who does not administer the project.

    Raises:
        NotAllowedError: they are no admin of it.
    """
    require_role(voter, ProjectRole.ADMIN)


def _require_same(held: Approval, ballot: Ballot) -> None:
    if ballot.plan_digest != held.plan_digest:
        raise ApprovalMismatchError(
            approval=held.id, expected=held.plan_digest, found=ballot.plan_digest
        )


def require_open(held: Approval, now: datetime) -> None:
    """Refuse a request that ended.

    Raises:
        WrongTimeError: it can't be used, so nothing can be said to it.
    """
    status = held.status_at(now)
    if status not in OPEN:
        raise WrongTimeError(
            what=f"approval '{held.id}'",
            found=status.value,
            remedy="who asked can send the plan again",
        )
