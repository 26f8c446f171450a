"""Describe events of schedules and of what comes due by them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from runtime.domain.event_type import (
    EventData,
    EventType,
    Instant,
    MemberId,
    OutcomeId,
    ProjectId,
    ScheduleId,
    example_id,
)
from runtime.domain.member import ProjectRole
from runtime.domain.principal import Mode
from runtime.domain.schedule import CatchUp, FiringStatus
from runtime.kit.json_value import JsonObject

_SCHEDULE: Final[JsonObject] = {
    "id": example_id("sch"),
    "project": example_id("prj"),
    "name": "nightly report",
    "cron": "0 2 * * *",
    "zone": "Europe/Berlin",
    "jitter_s": 60,
    "catch_up": "last",
    "plan": {"steps": [{"action": "report.build@1", "inputs": {}}]},
    "atomic": True,
    "principal": example_id("mem"),
    "created_at": "2026-01-01T00:00:00Z",
    "created_by": example_id("mem"),
    "paused_at": None,
    "next_at": "2026-01-02T01:00:00Z",
}


class ScheduleDescribed(EventData):
    """Say all of a schedule."""

    id: ScheduleId
    project: ProjectId
    name: str
    cron: Annotated[str, Field(description="When it comes due.")]
    zone: Annotated[str, Field(description="By whose clocks.")]
    jitter_s: Annotated[int, Field(description="The longest delay after an instant.")]
    catch_up: Annotated[CatchUp, Field(description="What becomes of missed instants.")]
    plan: Annotated[JsonObject, Field(description="What is executed.")]
    atomic: Annotated[bool, Field(description="All of its steps or none.")]
    principal: Annotated[MemberId, Field(description="The service that executes it.")]
    created_at: Instant
    created_by: MemberId
    paused_at: Annotated[Instant | None, Field(description="Since when nothing comes due.")]
    next_at: Annotated[Instant | None, Field(description="When something comes due next.")]


class ScheduleCreated(ScheduleDescribed):
    """Say all of a new schedule, and what its service may do."""

    role: ProjectRole
    mode: Mode


class SchedulePaused(EventData):
    """Say that nothing comes due until the schedule is resumed."""

    schedule: ScheduleId
    abandoned: Annotated[int, Field(description="How many firings are not tried any more.")]


class ScheduleResumed(EventData):
    """Say that a schedule comes due again."""

    schedule: ScheduleId


class ScheduleFired(EventData):
    """Say what came of an instant of a schedule."""

    schedule: ScheduleId
    firing: Annotated[str, Field(description="The firing.", examples=[example_id("fir")])]
    instant: Annotated[Instant, Field(description="What the schedule's clock said.")]
    status: Annotated[
        Literal[FiringStatus.DONE, FiringStatus.REFUSED, FiringStatus.FAILED],
        Field(description="Of the outcome."),
    ]
    outcome: OutcomeId


class ScheduleMissed(EventData):
    """Say that instants passed that are not executed any more."""

    schedule: ScheduleId
    first: Instant
    last: Instant


class FiringAbandoned(EventData):
    """Say that an instant of a schedule is not tried any more, and was not executed."""

    schedule: ScheduleId
    firing: Annotated[str, Field(description="The firing.", examples=[example_id("fir")])]
    reason: Annotated[str | None, Field(description="A stable code.")]


TYPES: Final = (
    EventType(
        name="schedule.created",
        tells="A schedule was made.",
        data=ScheduleCreated,
        example={**_SCHEDULE, "role": "operator", "mode": "assisted"},
    ),
    EventType(
        name="schedule.changed",
        tells="A schedule comes due at other times, or executes something else.",
        data=ScheduleDescribed,
        example=_SCHEDULE,
    ),
    EventType(
        name="schedule.paused",
        tells="A schedule does not come due until it is resumed.",
        data=SchedulePaused,
        example={"schedule": example_id("sch"), "abandoned": 0},
    ),
    EventType(
        name="schedule.resumed",
        tells="A schedule comes due again.",
        data=ScheduleResumed,
        example={"schedule": example_id("sch")},
    ),
    EventType(
        name="schedule.deleted",
        tells="A schedule was deleted.",
        data=ScheduleDescribed,
        example=_SCHEDULE,
    ),
    EventType(
        name="schedule.fired",
        tells="A schedule came due, and its plan has an outcome.",
        data=ScheduleFired,
        example={
            "schedule": example_id("sch"),
            "firing": example_id("fir"),
            "instant": "2026-01-02T01:00:00Z",
            "status": "done",
            "outcome": example_id("out"),
        },
    ),
    EventType(
        name="schedule.missed",
        tells="Instants of a schedule passed that are not executed any more.",
        data=ScheduleMissed,
        example={
            "schedule": example_id("sch"),
            "first": "2026-01-02T01:00:00Z",
            "last": "2026-01-04T01:00:00Z",
        },
    ),
    EventType(
        name="firing.abandoned",
        tells="An instant of a schedule was given up without being executed.",
        data=FiringAbandoned,
        example={
            "schedule": example_id("sch"),
            "firing": example_id("fir"),
            "reason": "tried_too_often",
        },
    ),
)
