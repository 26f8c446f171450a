"""Let others approve or deny what somebody asked for, and let who asked take it back.

Executions ask for approvals and use them (`approval_book`). A vote says that a person saw one plan
and agrees; what it is worth is asked again when the plan is executed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from runtime.domain.approval_request import (
    APPROVAL_PREFIX,
    OVERRIDE_LASTS,
    Approval,
    ApprovalStatus,
    Tally,
    Vote,
    VoteKind,
    overridden_until,
    overriding,
    satisfied,
)
from runtime.domain.errors import NotAllowedError, WrongTimeError
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.approvals.documents import voted_document
from runtime.services.approvals.rights import (
    Ballot,
    held_for_vote,
    held_request,
    require_admin,
    require_open,
    require_role_for,
    require_voter,
    there,
)
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.standing import known_id, seen
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import approval_votes, approvals
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Voted:
    """Pair a request with what was said to it, as of an instant."""

    approval: Approval
    votes: tuple[Vote, ...]
    overrides: tuple[Vote, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Pair a request with how many said what to it, as of an instant."""

    approval: Approval
    tally: Tally
    now: datetime


class Approvals:
    """Keep the requests for approval of projects."""

    def __init__(self, *, database: Database, ids: Ids) -> None:
        self._database = database
        self._ids = ids

    async def after(
        self,
        context: Context,
        project_id: str,
        after: str | None,
        *,
        limit: int,
        status: ApprovalStatus | None,
    ) -> tuple[Listed, ...]:
        """Return requests in the order of their ids: of one status, or all for None.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.OUTCOMES_READ)
        now = self._ids.now()
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            found = await approvals.approvals_after(
                connection, after, limit=limit, project_id=project_id, status=status, now=now
            )
            tallies = await approval_votes.tallies_on(
                connection, [item.id for item in found], since=now - OVERRIDE_LASTS
            )
        return tuple(Listed(approval=item, tally=tallies[item.id], now=now) for item in found)

    async def read(self, context: Context, project_id: str, approval_id: str) -> Voted:
        """Return a request with the votes on it.

        Raises:
            NotFoundError: no such project or request that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.OUTCOMES_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            named = known_id(approval_id, kind="approval", prefix=APPROVAL_PREFIX)
            found = there(
                await approvals.find_approval(connection, project_id=project_id, approval_id=named),
                approval_id,
            )
            votes = await approval_votes.votes_on(connection, [named])
            overrides = await approval_votes.overrides_on(connection, [named])
        return Voted(
            approval=found,
            votes=votes.get(named, ()),
            overrides=overrides.get(named, ()),
            now=self._ids.now(),
        )

    async def grant(
        self, context: Context, project_id: str, approval_id: str, *, ballot: Ballot
    ) -> Answer:
        """Say yes to a plan; enough of them, and who asked may execute it once.

        Raises:
            NotFoundError: no such project or request that the caller may see.
            NotAllowedError: the caller asked for it, made the credential it was asked with, has no
                role that is asked for, or is no person; or the credential was not made for this.
            ApprovalMismatchError: the vote names another plan.
            WrongTimeError: the request ended, or the caller voted already.
            ProjectArchivedError: the project is archived.
        """
        return await self._vote(
            context, project_id, approval_id, ballot=ballot, kind=VoteKind.GRANT
        )

    async def deny(
        self, context: Context, project_id: str, approval_id: str, *, ballot: Ballot
    ) -> Answer:
        """Say no to a plan: one no ends the request.

        Raises:
            NotFoundError, NotAllowedError, ApprovalMismatchError, WrongTimeError,
            ProjectArchivedError: as `grant` does.
        """
        return await self._vote(context, project_id, approval_id, ballot=ballot, kind=VoteKind.DENY)

    async def withdraw(self, context: Context, project_id: str, approval_id: str) -> Answer:
        """Take one's own request back.

        Raises:
            NotFoundError: no such project or request that the caller may see.
            NotAllowedError: somebody else asked, or the credential was not made for this.
            WrongTimeError: the request ended.
        """
        caller = context.caller
        caller.require(Scope.PLANS_EXECUTE)

        async def work(unit: Unit) -> Answer:
            held = await held_request(unit, caller, project_id=project_id, approval_id=approval_id)
            if held.requester != caller.member_id:
                raise NotAllowedError(needs="who asked for it", has="another credential")
            require_open(held, unit.now)
            return await self._ended(
                unit, held, status=ApprovalStatus.WITHDRAWN, reason="taken back"
            )

        return await once(self._database, self._ids, context, work=work)

    async def override(
        self, context: Context, project_id: str, approval_id: str, *, ballot: Ballot
    ) -> Answer:
        """Put the approval of others aside: break-glass, which takes two who administer.

        The second one may come up to 15 minutes after the first, and for 15 minutes from then the
        plan needs nobody else's yes. It is still good for one execution.

        Raises:
            NotFoundError, ApprovalMismatchError, ProjectArchivedError: as `grant` does.
            NotAllowedError: as `grant` does, or the caller does not administer the project.
            WrongTimeError: the request ended, or the caller's own call still stands.
        """
        caller = context.caller
        require_voter(caller)

        async def work(unit: Unit) -> Answer:
            held = await held_for_vote(
                unit,
                caller,
                project_id=project_id,
                approval_id=approval_id,
                ballot=ballot,
                by=require_admin,
            )
            before = await _overrides(unit, held)
            _require_lapsed(held, before, member_id=caller.member_id, now=unit.now)
            call = Vote(
                member_id=caller.member_id,
                kind=VoteKind.OVERRIDE,
                reason=ballot.reason,
                cast_at=unit.now,
            )
            await approval_votes.add_override(
                unit.connection, call, approval=held, organization_id=caller.organization_id
            )
            return await _overridden(unit, held, call)

        return await once(self._database, self._ids, context, work=work)

    async def _vote(
        self,
        context: Context,
        project_id: str,
        approval_id: str,
        *,
        ballot: Ballot,
        kind: VoteKind,
    ) -> Answer:
        caller = context.caller
        require_voter(caller)

        async def work(unit: Unit) -> Answer:
            held = await held_for_vote(
                unit,
                caller,
                project_id=project_id,
                approval_id=approval_id,
                ballot=ballot,
                by=require_role_for,
            )
            cast = await _votes(unit, held)
            if any(vote.member_id == caller.member_id for vote in cast):
                raise WrongTimeError(
                    what=f"approval '{held.id}'",
                    found="voted on by you already",
                    remedy="one person has one vote",
                )
            vote = Vote(
                member_id=caller.member_id, kind=kind, reason=ballot.reason, cast_at=unit.now
            )
            await approval_votes.add_vote(
                unit.connection, vote, approval=held, organization_id=caller.organization_id
            )
            if kind is VoteKind.DENY:
                return await self._ended(
                    unit, held, status=ApprovalStatus.DENIED, reason=ballot.reason
                )
            return await _granted(unit, held, vote)

        return await once(self._database, self._ids, context, work=work)

    async def _ended(
        self, unit: Unit, held: Approval, *, status: ApprovalStatus, reason: str
    ) -> Answer:
        """End a request, and record how."""
        await approvals.end_approval(unit.connection, held.id, status=status, at=unit.now)
        await unit.record(
            f"approval.{status.value}",
            {**_told(held), "reason": reason},
            project_id=held.project_id,
        )
        ended = replace(held, status=status, ended_at=unit.now)
        return Answer(document=await _document(unit, ended))


async def _granted(unit: Unit, held: Approval, vote: Vote) -> Answer:
    """Record a yes, and whether there are enough of them by now."""
    votes = await _votes(unit, held)
    enough = satisfied(held.needs, votes)
    if enough and held.status is ApprovalStatus.PENDING:
        await approvals.note_granted(unit.connection, held.id)
    now_granted = replace(held, status=ApprovalStatus.GRANTED) if enough else held
    await unit.record(
        "approval.granted",
        {**_told(held), "reason": vote.reason, "enough": enough},
        project_id=held.project_id,
    )
    return Answer(document=await _document(unit, now_granted))


async def _overridden(unit: Unit, held: Approval, call: Vote) -> Answer:
    """Record who put approval aside, and until when that holds if there are two of them."""
    calls = await _overrides(unit, held)
    until = overridden_until(calls)
    await unit.record(
        "approval.overridden",
        {
            **_told(held),
            "reason": call.reason,
            "by": [item.member_id for item in overriding(calls)],
            "until": None if until is None else spelled_instant(until),
        },
        project_id=held.project_id,
    )
    return Answer(document=await _document(unit, held))


def _require_lapsed(
    held: Approval, calls: Sequence[Vote], *, member_id: str, now: datetime
) -> None:
    """Refuse who called already, while that still counts.

    Raises:
        WrongTimeError: their own call stands.
    """
    if any(call.member_id == member_id and now - call.cast_at <= OVERRIDE_LASTS for call in calls):
        raise WrongTimeError(
            what=f"approval '{held.id}'",
            found="put aside by you already",
            remedy="it takes another one who administers the project",
        )


async def _document(unit: Unit, approval: Approval) -> JsonObject:
    return voted_document(
        approval,
        await _votes(unit, approval),
        overrides=await _overrides(unit, approval),
        now=unit.now,
    )


async def _overrides(unit: Unit, held: Approval) -> Sequence[Vote]:
    return (await approval_votes.overrides_on(unit.connection, [held.id])).get(held.id, ())


def _told(held: Approval) -> dict[str, str]:
    return {
        "approval": held.id,
        "plan_digest": held.plan_digest,
        "requester": held.requester,
    }


async def _votes(unit: Unit, held: Approval) -> Sequence[Vote]:
    return (await approval_votes.votes_on(unit.connection, [held.id])).get(held.id, ())
