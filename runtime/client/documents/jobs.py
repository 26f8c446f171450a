"""Spell the documents of operations on jobs, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from runtime.client.documents.kinds import EndCause, JobKind, JobStatus


class JobCancelIn(TypedDict):
    """Say why a job is not wanted."""

    reason: NotRequired[str | None]


class JobSummaryOut(TypedDict):
    """Say how a job stands."""

    attempts: int
    cancel_asked_at: str | None
    cause: EndCause | None
    crashes: int
    created_at: str
    ended_at: str | None
    errors: int
    id: str
    kind: JobKind
    name: str
    not_before: str
    outcome: str | None
    principal: str
    priority: int
    project: str
    reason: str | None
    serial_key: str | None
    started_at: str | None
    status: JobStatus
    step: int | None


class QueueLimitsIn(TypedDict):
    """Bound the jobs of a project or an organization."""

    at_once: NotRequired[int | None]
    per_minute: NotRequired[int | None]


class QueueOut(TypedDict):
    """Say what holds jobs back, and how many there are."""

    at_once: int | None
    changed_at: str | None
    changed_by: str | None
    counted_to: int
    jobs: dict[str, int]
    oldest_wait_s: float | None
    organization: str
    paused_at: str | None
    paused_by: str | None
    paused_why: str | None
    per_minute: int | None
    project: str | None


class QueuePauseIn(TypedDict):
    """Say why nothing is to start."""

    why: str


class QueueSettingsOut(TypedDict):
    """Say what holds jobs back."""

    at_once: int | None
    changed_at: str | None
    changed_by: str | None
    organization: str
    paused_at: str | None
    paused_by: str | None
    paused_why: str | None
    per_minute: int | None
    project: str | None


class RedriveIn(TypedDict):
    """Say which jobs to try again; the oldest first."""

    cause: NotRequired[EndCause | None]
    dry_run: NotRequired[bool]
    ended_after: NotRequired[str | None]
    ended_before: NotRequired[str | None]
    most: NotRequired[int]
    name: NotRequired[str | None]
    status: NotRequired[list[JobStatus]]


class RedrivenOut(TypedDict):
    """Say which jobs are tried again."""

    found: int
    jobs: list[str]
    more: bool
    redriven: int
