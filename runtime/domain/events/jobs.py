"""Describe events of jobs and of the queues that they wait in."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import (
    EventData,
    EventType,
    Instant,
    JobId,
    MemberId,
    OutcomeId,
    Reach,
    example_id,
)
from runtime.domain.job import EndCause, JobKind, JobStatus
from runtime.kit.json_value import JsonObject

_WHY: Final = "In words; null: none was given."
_GIVEN_UP: Final[JsonObject] = {
    "job": example_id("job"),
    "kind": "effect",
    "name": "http.call",
    "outcome": example_id("out"),
    "principal": example_id("mem"),
    "attempts": 8,
}


class JobGivenUp(EventData):
    """Say that a job is not tried any more, and is not done."""

    job: JobId
    kind: JobKind
    name: Annotated[str, Field(description="Of the effect, or of whatever else runs it.")]
    outcome: OutcomeId | None
    principal: MemberId
    cause: Annotated[EndCause | None, Field(description="Why, for programs.")]
    reason: Annotated[str | None, Field(description="Why, in words.")]
    attempts: Annotated[int, Field(ge=0, description="How often it was begun.")]


class JobCancelled(EventData):
    """Say that somebody did not want a job any more."""

    job: JobId
    status: Annotated[JobStatus, Field(description="A running one ends a little later.")]
    reason: Annotated[str | None, Field(description=_WHY)]


class JobRedriven(EventData):
    """Say that a job that was given up is tried again."""

    job: JobId
    was: Annotated[JobStatus, Field(description="How it had ended.")]
    cause: Annotated[EndCause | None, Field(description="Why, for programs.")]
    reason: Annotated[str | None, Field(description="Why, in words.")]
    attempts: Annotated[int, Field(ge=0, description="How often it had been begun.")]


class JobsWanted(EventData):
    """Say which jobs were meant; what is null or empty leaves all in."""

    statuses: tuple[JobStatus, ...]
    name: str | None
    cause: EndCause | None
    ended_after: Instant | None
    ended_before: Instant | None


class JobsRedriven(EventData):
    """Say that jobs that were given up are tried again."""

    jobs: Annotated[tuple[str, ...], Field(description="Their ids.")]
    wanted: JobsWanted


class QueuePaused(EventData):
    """Say that no job starts."""

    why: Annotated[str | None, Field(description=_WHY)]


class QueueResumed(EventData):
    """Say that jobs start again."""


class QueueLimited(EventData):
    """Say that other bounds hold for jobs; null: none."""

    at_once: Annotated[int | None, Field(description="How many run at a time.")]
    per_minute: Annotated[int | None, Field(description="How many start in a minute.")]


TYPES: Final = (
    EventType(
        name="job.dead_lettered",
        tells="A job was given up without being done; people may have it tried again.",
        data=JobGivenUp,
        example={**_GIVEN_UP, "cause": "error", "reason": "failed 8 times, at last: status 500"},
    ),
    EventType(
        name="job.quarantined",
        tells="A job was set aside: the processes that ran it died again and again.",
        data=JobGivenUp,
        example={**_GIVEN_UP, "cause": "crashed", "reason": "3 processes died while they ran it"},
    ),
    EventType(
        name="job.cancelled",
        tells="Somebody cancelled a job.",
        data=JobCancelled,
        example={"job": example_id("job"), "status": "cancelled", "reason": "not needed any more"},
    ),
    EventType(
        name="job.redriven",
        tells="Somebody has a job tried again that was given up.",
        data=JobRedriven,
        example={
            "job": example_id("job"),
            "was": "dead",
            "cause": "error",
            "reason": "failed 8 times, at last: status 500",
            "attempts": 8,
        },
    ),
    EventType(
        name="jobs.redriven",
        tells="Somebody has several jobs tried again that were given up.",
        data=JobsRedriven,
        example={
            "jobs": [example_id("job")],
            "wanted": {
                "statuses": ["dead"],
                "name": "http.call",
                "cause": None,
                "ended_after": None,
                "ended_before": None,
            },
        },
    ),
    EventType(
        name="queue.paused",
        tells="No job of a project, or of the organization, starts until the queue is resumed.",
        data=QueuePaused,
        reach=Reach.EITHER,
        example={"why": "the warehouse is closed"},
    ),
    EventType(
        name="queue.resumed",
        tells="Jobs of a project, or of the organization, start again.",
        data=QueueResumed,
        reach=Reach.EITHER,
        example={},
    ),
    EventType(
        name="queue.limited",
        tells="Other bounds hold for the jobs of a project, or of the organization.",
        data=QueueLimited,
        reach=Reach.EITHER,
        example={"at_once": 4, "per_minute": None},
    ),
)
