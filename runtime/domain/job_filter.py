"""Say which jobs are meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.domain.job import EndCause, JobKind, JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Say which jobs are wanted; what is None or empty leaves all in.

    Attributes:
        outcome_id: of the execution that they follow, or that they make.
        ended_after: they ended then or later.
        ended_before: they ended earlier.
    """

    statuses: frozenset[JobStatus] = frozenset()
    kind: JobKind | None = None
    name: str | None = None
    cause: EndCause | None = None
    outcome_id: str | None = None
    ended_after: datetime | None = None
    ended_before: datetime | None = None
