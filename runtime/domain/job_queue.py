"""Describe what holds an organization's or a project's jobs back: a pause, and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from runtime.domain.job import JobStatus

USUAL_AT_ONCE: Final = 200
"""Of an organization that says nothing else; a project has no limit of its own then."""
MOST_AT_ONCE: Final = 10_000
MOST_PER_MINUTE: Final = 600_000
MOST_PAUSE_LETTERS: Final = 500
MOST_COUNTED: Final = 10_000
"""Of each status; more are not counted one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePause:
    """Say since when nothing is handed over or begun, by whose word, and why."""

    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """Hold what an organization, or one of its projects, says of its jobs.

    Attributes:
        pause: None where jobs flow.
        at_once: how many may run or be handed over; None for what is usual.
        per_minute: how many may start in a minute; None for as many as can.
        changed_at: None where nobody ever said anything.
    """

    pause: QueuePause | None = None
    at_once: int | None = None
    per_minute: int | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """Count jobs as they stand.

    Attributes:
        jobs: by status, each at most `MOST_COUNTED`: there may be more then.
        oldest_wait_s: how long the one that could have been started first waits; None for nobody.
    """

    jobs: Mapping[JobStatus, int] = field(default_factory=dict)
    oldest_wait_s: float | None = None
