"""Hold the request that others approve a plan, and the votes on it.

A request binds to one plan as it was prepared, one requester, one version of the state and one set
of rules; it is good for one execution until it expires. What its votes are worth is asked anew at
each execution, by what the voters are in the project by then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from runtime.domain.approval import OVERRIDERS, Consent, ConsentKind, may_approve
from runtime.domain.policy import Obligation, ObligationKind

APPROVAL_PREFIX: Final = "apr"
APPROVAL_LASTS: Final = timedelta(hours=24)
"""How long a request can be granted and used, where the platform's settings don't say."""
OVERRIDE_LASTS: Final = timedelta(minutes=15)
"""How long the second of two people may come after the first, and who asked after them."""


class ApprovalStatus(StrEnum):
    """Say what became of a request; those that can still be used are pending or granted."""

    PENDING = "pending"
    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    USED = "used"
    EXPIRED = "expired"


OPEN: Final = frozenset({ApprovalStatus.PENDING, ApprovalStatus.GRANTED})


class VoteKind(StrEnum):
    """Tell a yes from a no, and from putting the yes of others aside."""

    GRANT = "grant"
    DENY = "deny"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Ask for as many people of a role; None for those who administer the project."""

    count: int
    role: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Ask others to approve a plan.

    Attributes:
        id: `apr_` and 26 letters.
        requester: who asked, and alone may use it.
        credential_id: with which credential they asked.
        plan_digest: of the plan, its project and its version of the state.
        plan: canonical JSON of the prepared plan, without what rules want hidden.
        policy_revision: the rules that asked for it.
        state_version: the version of the state that the plan was judged on.
        needs: whose approval it takes.
        outcome_id: the outcome that was refused for lack of it.
        status: as it is stored, which does not know of the time; see `status_at`.
        ended_at: since when it can't be used any more.
        used_by: the outcome that used it.
    """

    id: str
    project_id: str
    requester: str
    credential_id: str
    plan_digest: str
    plan: str
    policy_revision: str
    state_version: int
    needs: tuple[Need, ...]
    outcome_id: str
    created_at: datetime
    expires_at: datetime
    status: ApprovalStatus = ApprovalStatus.PENDING
    ended_at: datetime | None = None
    used_by: str | None = None

    def status_at(self, now: datetime) -> ApprovalStatus:
        """Return what became of it by an instant."""
        if self.status in OPEN and now >= self.expires_at:
            return ApprovalStatus.EXPIRED
        return self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """Record what one person said to a request.

    Attributes:
        roles: what they are in the project now; none for who left it, or is no person.
        organization_role: what they are in the organization now; empty for who left it.
    """

    member_id: str
    kind: VoteKind
    reason: str
    cast_at: datetime
    roles: tuple[str, ...] = ()
    organization_role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Count what was said to a request so far.

    Attributes:
        grants: how many said yes.
        overrides: how many put approval aside, of late.
    """

    grants: int = 0
    overrides: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedApproval:
    """Pair the id that an execution names with what is stored under it, if anything."""

    id: str
    approval: Approval | None = None
    votes: tuple[Vote, ...] = ()
    overrides: tuple[Vote, ...] = ()

    @property
    def granted(self) -> tuple[Vote, ...]:
        """Return the votes that count now: a yes of who may still say it."""
        if self.approval is None:
            return ()
        needs = self.approval.needs
        return tuple(
            vote
            for vote in self.votes
            if vote.kind is VoteKind.GRANT
            and any(may_approve(need.role, vote.roles) for need in needs)
        )

    @property
    def overriding(self) -> tuple[Vote, ...]:
        """Return the newest call to put approval aside with those that it counts with."""
        return overriding(self.overrides)

    def counted(self, now: datetime) -> tuple[Vote, ...]:
        """Return whose word is counted at an instant."""
        until = overridden_until(self.overrides)
        open_until = () if until is None or now >= until else self.overriding
        return (*self.granted, *open_until)

    def consents(self, now: datetime) -> tuple[Consent, ...]:
        """Return what the engine may count; of a request that ended, nothing."""
        asked = self.approval
        if asked is None or asked.status_at(now) not in OPEN:
            return ()
        return tuple(_consent(asked, vote) for vote in self.counted(now))


def _consent(asked: Approval, vote: Vote) -> Consent:
    aside = vote.kind is VoteKind.OVERRIDE
    return Consent(
        id=f"{asked.id}:{vote.member_id}{':override' if aside else ''}",
        kind=ConsentKind.APPROVAL,
        plan_digest=asked.plan_digest,
        requester=asked.requester,
        granted_by=vote.member_id,
        roles=vote.roles,
        overrides=aside,
        policy_revision=asked.policy_revision,
        expires_at=asked.expires_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Say what an approval would have to be about."""

    plan_digest: str
    requester: str
    revision: str
    state_version: int
    now: datetime


def needs_of(obligations: Iterable[Obligation]) -> tuple[Need, ...]:
    """Return whose approval obligations take, of each role the most that one of them asks for.

    One person counts for each obligation, and so does one vote.
    """
    counts: dict[str | None, int] = {}
    for item in obligations:
        if item.kind is ObligationKind.APPROVE:
            counts[item.role] = max(item.count, counts.get(item.role, 0))
    ordered = sorted(counts.items(), key=lambda found: found[0] or "")
    return tuple(Need(count=count, role=role) for role, count in ordered)


def satisfied(needs: Iterable[Need], votes: Iterable[Vote]) -> bool:
    """Say whether enough people of each role said yes."""
    granted = [vote for vote in votes if vote.kind is VoteKind.GRANT]
    return all(
        sum(may_approve(need.role, vote.roles) for vote in granted) >= need.count for need in needs
    )


def overriding(calls: Iterable[Vote]) -> tuple[Vote, ...]:
    """Return the newest call to put approval aside, and one of each other person shortly before.

    Only those count who administer the project now.
    """
    able = sorted(
        (call for call in calls if may_approve(None, call.roles)),
        key=lambda call: (call.cast_at, call.member_id),
    )
    if not able:
        return ()
    since = able[-1].cast_at - OVERRIDE_LASTS
    newest = {call.member_id: call for call in able if call.cast_at >= since}
    return tuple(newest.values())


def overridden_until(calls: Iterable[Vote]) -> datetime | None:
    """Return until when approval is put aside; None where nobody did, or one person alone."""
    together = overriding(calls)
    if len(together) < OVERRIDERS:
        return None
    return max(call.cast_at for call in together) + OVERRIDE_LASTS


def unfit(named: NamedApproval, wanted: Wanted) -> str:
    """Say in words why an approval that was named does not count, or empty when it does."""
    asked = named.approval
    if asked is None:
        return f"there is no approval '{named.id[:80]}' in this project"
    if asked.requester != wanted.requester:
        return f"approval {asked.id} was asked for by somebody else"
    return (
        _ended(asked, wanted.now)
        or _about_another(asked, wanted)
        or _too_few(named, asked, now=wanted.now)
    )


def _ended(asked: Approval, now: datetime) -> str:
    status = asked.status_at(now)
    if status is ApprovalStatus.USED:
        return f"approval {asked.id} was used by {asked.used_by}"
    if status is ApprovalStatus.EXPIRED:
        return f"approval {asked.id} expired at {asked.expires_at.isoformat()}"
    return "" if status in OPEN else f"approval {asked.id} was {status.value}"


def _about_another(asked: Approval, wanted: Wanted) -> str:
    if asked.state_version != wanted.state_version:
        return (
            f"approval {asked.id} is for state version {asked.state_version}, "
            f"the project is at {wanted.state_version}"
        )
    if asked.plan_digest != wanted.plan_digest:
        return f"approval {asked.id} is for another plan"
    if asked.policy_revision != wanted.revision:
        return f"approval {asked.id} is under rules {asked.policy_revision}, others hold now"
    return ""


def _too_few(named: NamedApproval, asked: Approval, *, now: datetime) -> str:
    counted = named.granted
    until = overridden_until(named.overrides)
    if satisfied(asked.needs, counted) or (until is not None and now < until):
        return ""
    said_yes = sum(vote.kind is VoteKind.GRANT for vote in named.votes)
    lost = said_yes - len(counted)
    gone = f"; {lost} who did may not approve any more" if lost else ""
    return f"approval {asked.id} has the yes of {len(counted)}, which are not enough{gone}"
