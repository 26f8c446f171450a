"""Commit groups of changes: the hot write, one statement and one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

import asyncpg
import orjson

from runtime.domain.errors import (
    LimitPassedError,
    LostAttemptError,
    NotFoundError,
    StaleFenceError,
    StaleHeadError,
    StorageRefusedError,
    StorageUnavailableError,
)
from runtime.domain.history import Cause
from runtime.domain.job import AttemptEnd, NewJob
from runtime.domain.record import AuditRecord, Event
from runtime.domain.shared_use import Counter
from runtime.domain.state import State
from runtime.ports.audit_copies import NewCopy
from runtime.store.jobs import spelled_end
from runtime.store.limit_counters import NewCharges, added_up
from runtime.store.policy_decisions import NewDecision
from runtime.store.session import LOST, Database, tenant

_STATEMENT: Final = "select commit_executions($1, $2, $3, $4, $5)"
STALE_FENCE: Final = "PL002"
MOVED: Final = frozenset({"PL003", "40P01", "40001"})
"""A head that moved; a deadlock or a serialization failure means the same: judge anew."""
NO_PROJECT: Final = "PL004"
PASSED: Final = "PL005"
ATTEMPT_OVER: Final = "PL006"
UNCOPIED: Final = "PL007"


class RepeatedError(Exception):
    """A key, or an outcome's id, of the group was committed before; nothing was now."""


class UncopiedError(Exception):
    """The organization demands immutable copies of records, and one has none; nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """Say under which key an execution was asked for, and what a repetition is answered."""

    principal_id: str
    route: str
    key: str
    body_digest: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """Describe a version that an execution made; `diff` is JSON text."""

    version: int
    digest: str
    diff: str
    cause: Cause
    outcome_id: str | None
    principal_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutcome:
    """Describe what came of one plan; `document` is JSON text."""

    id: str
    principal_id: str
    credential_id: str
    status: str
    refusal_code: str | None
    plan_digest: str
    before_version: int
    after_version: int
    cost: int
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApproval:
    """Ask others to approve a plan; `plan` and `needs` are JSON texts."""

    id: str
    requester: str
    credential_id: str
    plan_digest: str
    plan: str
    policy_revision: str
    state_version: int
    needs: str
    outcome_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedVoter:
    """Say as what in the organization somebody was counted."""

    member_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUse:
    """Use an approval up; it must be open, and its voters what they were counted as."""

    approval_id: str
    outcome_id: str
    voters: tuple[CountedVoter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnd:
    """End a job that an execution is made for; the attempt must still be the worker's."""

    worker: str
    end: AttemptEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Hold all that a commit compares and writes of one project.

    Attributes:
        at: the instant that everything in it was judged at.
        fence: the token of the lease that it was judged under.
        version: the version of the head that it was judged on.
        counted: how many outcomes there were then; one that made no version was charged as well.
        settings: the settings that it was judged by.
        state: the state that follows.
        usage: the usage book that follows, as text.
        charges: what is added to budgets that projects share.
        jobs: the side effects that follow.
        ends: the jobs that its executions are made for, and how they ended.
    """

    organization_id: str
    project_id: str
    at: datetime
    fence: int
    version: int
    counted: int
    settings: int
    state: State
    usage: str
    outcomes: tuple[NewOutcome, ...]
    keys: tuple[NewKey, ...]
    versions: tuple[NewVersion, ...]
    snapshots: tuple[State, ...]
    events: tuple[Event, ...]
    records: tuple[AuditRecord, ...]
    decisions: tuple[NewDecision, ...]
    approvals: tuple[NewApproval, ...] = ()
    uses: tuple[NewUse, ...] = ()
    charges: NewCharges | None = None
    jobs: tuple[NewJob, ...] = ()
    ends: tuple[NewEnd, ...] = ()


async def commit(
    database: Database, groups: Sequence[Commit], *, copies: Sequence[NewCopy] = ()
) -> Mapping[Counter, int]:
    """Write groups of one organization, or nothing of them.

    Their heads are taken in the order of their projects, as by whoever takes all of them. `copies`
    are the immutable ones of their records, which strict organizations demand.

    Returns:
        What is used by now, of each counter that is charged.

    Raises:
        StaleFenceError: a holder of a later lease has written.
        StaleHeadError: the state or the settings are not those that were judged, or an approval
            can't be used any more.
        LimitPassedError: a counter has not enough room left.
        LostAttemptError: an attempt whose job is to end is not its worker's any more.
        NotFoundError: there is no such project any more.
        RepeatedError: a key or an outcome is there already.
        UncopiedError: the organization is strict, and a record has no copy.
        StorageRefusedError: the database refuses what it was given, and will again.
        StorageUnavailableError: the database can't be asked, or its answer was lost: then the
            groups may have been written, which the ids of their outcomes tell.
    """
    organization_id = tenant(groups[0].organization_id)
    in_order = sorted(groups, key=lambda group: group.project_id)
    spelled = orjson.dumps([_group(group) for group in in_order]).decode()
    charged = added_up(group.charges for group in groups if group.charges is not None)
    charges = orjson.dumps(charged).decode() if charged else None
    ended = [_end(item) for group in groups for item in group.ends]
    ends = orjson.dumps(ended).decode() if ended else None
    copied = orjson.dumps(list(copies)).decode() if copies else None
    given = (organization_id, spelled, charges, ends, copied)
    async with database.connection() as connection:
        try:
            counted = await connection.fetchval(_STATEMENT, *given)
        except (*LOST, asyncpg.PostgresError) as error:
            raise _told(error, groups[0]) from error
    if counted is None:
        return {}
    return {(key, period): used for key, period, used in orjson.loads(counted)}


def _told(error: Exception, group: Commit) -> Exception:
    if isinstance(error, asyncpg.UniqueViolationError):
        return RepeatedError()
    code = error.sqlstate if isinstance(error, asyncpg.PostgresError) else None
    if code in _MEANT:
        return _MEANT[code](str(getattr(error, "detail", None) or ""), group)
    if isinstance(error, LOST):
        return StorageUnavailableError(reason=type(error).__name__)
    return StorageRefusedError(reason=type(error).__name__)


def _group(group: Commit) -> dict[str, object]:
    """Lay out one project's part for the function; measured at a third of array parameters."""
    approvals = {"approvals": group.approvals, "uses": group.uses} if _approves(group) else {}
    return {
        **approvals,
        **({"jobs": group.jobs} if group.jobs else {}),
        "project_id": group.project_id,
        "at": group.at,
        "fence": group.fence,
        "version": group.version,
        "counted": group.counted,
        "settings": group.settings,
        "next_version": group.state.version,
        "next_digest": group.state.digest,
        "next_state": group.state.canonical.decode(),
        "next_usage": group.usage,
        "added": len(group.outcomes),
        "outcomes": group.outcomes,
        "keys": group.keys,
        "versions": group.versions,
        "snapshots": [_snapshot(state) for state in group.snapshots],
        "events": group.events,
        "records": group.records,
        "decisions": group.decisions,
    }


def _end(item: NewEnd) -> dict[str, object]:
    return {"worker": item.worker, **spelled_end(item.end)}


def _approves(group: Commit) -> bool:
    return bool(group.approvals or group.uses)


def _snapshot(state: State) -> dict[str, object]:
    return {
        "version": state.version,
        "digest": state.digest,
        "state": state.canonical.decode(),
    }


_MEANT: Final[Mapping[str | None, Callable[[str, Commit], Exception]]] = MappingProxyType(
    {
        **dict.fromkeys(MOVED, lambda _, __: StaleHeadError()),
        STALE_FENCE: lambda detail, group: StaleFenceError(
            held=group.fence, current=int(detail or 0)
        ),
        PASSED: lambda detail, _: LimitPassedError(counter=detail),
        ATTEMPT_OVER: lambda detail, _: LostAttemptError(jobs=frozenset(detail.split())),
        NO_PROJECT: lambda _, group: NotFoundError(kind="project", id=group.project_id),
        UNCOPIED: lambda _, __: UncopiedError(),
    }
)
"""What each code of the function means, with the detail of the error and the first group."""
