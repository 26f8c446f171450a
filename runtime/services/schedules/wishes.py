"""Say what a schedule is wished to be, and what it becomes by a wish or a change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from runtime.domain.cron import Cron
from runtime.domain.member import Member
from runtime.domain.plan import Plan
from runtime.domain.schedule import CatchUp, Schedule, jitter_of
from runtime.domain.schedule_timing import Timing
from runtime.services.tenancy.memberships import Grant

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleWish:
    """Say what a new schedule is to be.

    Attributes:
        grant: what its service may do in the project.
    """

    name: str
    timing: Timing
    jitter_s: int
    catch_up: CatchUp
    plan: Plan
    atomic: bool
    grant: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChange:
    """Say what changes of a schedule; None: it stays."""

    name: str | None = None
    cron: Cron | None = None
    zone: str | None = None
    jitter_s: int | None = None
    catch_up: CatchUp | None = None
    plan: Plan | None = None
    atomic: bool | None = None


def wished(
    wish: ScheduleWish,
    *,
    principal: Member,
    project_id: str,
    schedule_id: str,
    created_by: str,
    now: datetime,
) -> Schedule:
    """Return the schedule that is wished for; it sees to what comes from now on."""
    return Schedule(
        id=schedule_id,
        organization_id=principal.organization_id,
        project_id=project_id,
        name=wish.name,
        timing=wish.timing,
        jitter_s=wish.jitter_s,
        catch_up=wish.catch_up,
        plan=wish.plan,
        atomic=wish.atomic,
        principal_id=principal.id,
        created_at=principal.created_at,
        created_by=created_by,
        seen_until=now,
        next_at=wish.timing.next_after(now) + jitter_of(schedule_id, wish.jitter_s),
    )


def changed(before: Schedule, change: ScheduleChange, *, now: datetime) -> Schedule:
    """Return a schedule as a change makes it; other times hold from now on."""
    timing = Timing(
        cron=_or(change.cron, before.timing.cron), zone=_or(change.zone, before.timing.zone)
    )
    after = replace(
        before,
        name=_or(change.name, before.name),
        timing=timing,
        jitter_s=_or(change.jitter_s, before.jitter_s),
        catch_up=_or(change.catch_up, before.catch_up),
        plan=_or(change.plan, before.plan),
        atomic=_or(change.atomic, before.atomic),
    )
    if (after.timing, after.jitter_s) == (before.timing, before.jitter_s):
        return after
    return from_now_on(after, now=now)


def from_now_on(schedule: Schedule, *, now: datetime) -> Schedule:
    """Return a schedule that leaves out whatever it did not see to yet."""
    seen_until = max(schedule.seen_until, now)
    return replace(schedule, seen_until=seen_until, next_at=schedule.due_after(seen_until))


def _or(wanted: _T | None, found: _T) -> _T:
    return found if wanted is None else wanted
