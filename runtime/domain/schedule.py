"""Describe plans that come due by the clock, and say which of their instants are to be executed.

An instant of a schedule is what its clock said; it comes due a little later, by a share of the
schedule's jitter that is its own for ever. A firing is one instant that is to be executed, once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from runtime.domain.plan import Plan
from runtime.domain.schedule_timing import Timing
from runtime.kit.backoff import delay_s
from runtime.kit.ids import ENTROPY_BYTES, new_id

SCHEDULE_PREFIX: Final = "sch"
FIRING_PREFIX: Final = "fir"
PUNCTUAL: Final = timedelta(seconds=60)
"""What is not later than this was not missed, whatever the schedule says of what was."""
MOST_CAUGHT_UP: Final = 100
MOST_JITTER_S: Final = 3600
MOST_TRIES: Final = 20
KEY_HOLDS: Final = timedelta(hours=20)
"""How long after its first try a firing may be tried again: its key is kept for longer."""
_Keep: TypeAlias = Callable[[tuple[datetime, ...], datetime], tuple[datetime, ...]]
_RETRY_BASE_S: Final = 1.0
_RETRY_CAP_S: Final = 600.0
_MS: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class CatchUp(StrEnum):
    """Say what becomes of instants that were missed: nothing, the last one, or all of them."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


class FiringStatus(StrEnum):
    """Say what became of a firing: its outcome's status, or that it has none."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    ABANDONED = "abandoned"


class Abandoned(StrEnum):
    """Name why a firing was given up, where no error of the domain does."""

    PAUSED = "paused"
    TRIED_TOO_OFTEN = "tried_too_often"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Hold a plan with when it comes due, and how far that was seen to.

    Attributes:
        jitter_s: the longest delay after an instant.
        catch_up: what becomes of missed instants.
        atomic: all steps of the plan or none.
        principal_id: the service that executes it; there for this schedule alone.
        paused_at: since when nothing comes due.
        seen_until: each instant up to this one was seen to.
        next_at: when the next instant comes due, jitter included.
    """

    id: str
    organization_id: str
    project_id: str
    name: str
    timing: Timing
    jitter_s: int
    catch_up: CatchUp
    plan: Plan
    atomic: bool
    principal_id: str
    created_at: datetime
    created_by: str
    seen_until: datetime
    next_at: datetime
    paused_at: datetime | None = None

    @property
    def jitter(self) -> timedelta:
        """Return by how much its instants are delayed."""
        return jitter_of(self.id, self.jitter_s)

    def due_after(self, instant: datetime) -> datetime:
        """Return when the first instant after another one comes due."""
        return self.timing.next_after(instant) + self.jitter


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Name the first and the last instant that nobody will execute any more."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Say what has come due.

    Attributes:
        instants: what is to be executed, the oldest first.
        missed: what is not, for it is too late.
        seen_until: each instant up to this one is one or the other.
    """

    instants: tuple[datetime, ...]
    missed: Missed | None
    seen_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """Hold one instant of a schedule that is executed, once.

    Attributes:
        tries: how often its execution was begun, this time included.
        first_tried_at: when it was begun first.
        outcome_id: what came of it.
        reason: the code of why nothing did, or not yet.
    """

    id: str
    schedule_id: str
    project_id: str
    instant: datetime
    status: FiringStatus
    created_at: datetime
    tries: int = 0
    first_tried_at: datetime | None = None
    ended_at: datetime | None = None
    outcome_id: str | None = None
    reason: str | None = None

    def given_up(self, now: datetime) -> Abandoned | None:
        """Say why it is not tried this time, if it is not."""
        if self.first_tried_at is not None and now - self.first_tried_at > KEY_HOLDS:
            return Abandoned.TOO_LATE
        return Abandoned.TRIED_TOO_OFTEN if self.tries > MOST_TRIES else None


def firing_id(schedule_id: str, instant: datetime) -> str:
    """Return the id of a schedule's firing, which is the same wherever and whenever it is made."""
    return new_id(
        FIRING_PREFIX,
        now_ms=(instant - _EPOCH) // _MS,
        entropy=hashlib.sha256(schedule_id.encode()).digest()[:ENTROPY_BYTES],
    )


def jitter_of(schedule_id: str, jitter_s: int) -> timedelta:
    """Return a schedule's own share of a delay, in whole seconds up to all of it."""
    drawn = int.from_bytes(hashlib.sha256(schedule_id.encode()).digest())
    return timedelta(seconds=drawn % (jitter_s + 1))


def due_now(schedule: Schedule, now: datetime) -> Due:
    """Return which instants have come due since a schedule was seen to last."""
    until = max(schedule.seen_until, now - schedule.jitter)
    found = schedule.timing.newest_between(schedule.seen_until, until, most=MOST_CAUGHT_UP + 1)
    instants = _KEPT[schedule.catch_up](found, until)
    late = found[: len(found) - len(instants)]
    missed = None
    if late:
        first = schedule.timing.next_after(schedule.seen_until)
        missed = Missed(first=first, last=late[-1])
    return Due(instants=instants, missed=missed, seen_until=until)


def retry_delay(tries: int, *, jitter: float) -> timedelta:
    """Return how long to wait after that many tries: full jitter, bounded.

    Args:
        tries: how often it was begun, at least once.
        jitter: a random number in [0, 1).
    """
    wait_s = delay_s(tries - 1, base_s=_RETRY_BASE_S, cap_s=_RETRY_CAP_S, jitter=jitter)
    return timedelta(seconds=wait_s)


_KEPT: Final[Mapping[CatchUp, _Keep]] = MappingProxyType(
    {
        CatchUp.NONE: lambda found, now: tuple(at for at in found if now - at <= PUNCTUAL),
        CatchUp.LAST: lambda found, _: found[-1:],
        CatchUp.ALL: lambda found, _: found[-MOST_CAUGHT_UP:],
    }
)
