"""Make, change, hold and delete plans that come due by the clock."""

from __future__ import annotations

from typing import Annotated, Final

import strawberry
from pydantic import Field, TypeAdapter

from runtime.domain.cron import MOST_LETTERS, Cron, parse_cron
from runtime.domain.schedule import MOST_JITTER_S, CatchUp
from runtime.domain.schedule_timing import Timing
from runtime.domain.time_zone import ZoneName
from runtime.entrypoints.graphql.call import Info, changed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.granting import GrantInput, grant_of
from runtime.entrypoints.graphql.inputs import (
    PlanInput,
    fitting,
    kept_plan_of,
    name_of,
    one_of,
    unfit,
    within,
)
from runtime.entrypoints.graphql.work import Schedule, schedule_told
from runtime.services.schedules.wishes import ScheduleChange, ScheduleWish

ZONE: Final = TypeAdapter[str](ZoneName)
CRON: Final = TypeAdapter(Annotated[str, Field(max_length=MOST_LETTERS)])


@strawberry.input(description="When a plan comes due, and how; what is left out stays.")
class ScheduleInput:
    """Say what a schedule is to be."""

    name: str | None = None
    cron: str | None = None
    zone: str | None = None
    jitter_s: int | None = None
    catch_up: str | None = None
    plan: PlanInput | None = None
    atomic: bool | None = None


@strawberry.type
class ScheduleMutations:
    """Change schedules."""

    @mutation(description="Let a plan come due by the clock; a name, a cron and a plan are needed.")
    async def create_schedule(
        self,
        info: Info,
        project: strawberry.ID,
        schedule: ScheduleInput,
        *,
        grant: GrantInput | None = None,
    ) -> Schedule | None:
        """Return the schedule; a service is made for it, which executes the plan."""
        wish = _wish(_change(schedule), grant or GrantInput())
        return schedule_told(
            await changed(
                info,
                lambda services, context: services.schedules.create(context, project, wish=wish),
            )
        )

    @mutation(description="Change a schedule; other times hold from now on.")
    async def change_schedule(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        *,
        schedule: ScheduleInput,
    ) -> Schedule | None:
        """Return the schedule."""
        change = _change(schedule)
        if change == ScheduleChange():
            raise unfit("schedule", "nothing changes; send what is to be different")
        return schedule_told(
            await changed(
                info,
                lambda services, context: services.schedules.change(
                    context, project, id, change=change
                ),
            )
        )

    @mutation(description="Let nothing come due until the schedule is resumed.")
    async def pause_schedule(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> Schedule | None:
        """Return the schedule."""
        return schedule_told(
            await changed(
                info, lambda services, context: services.schedules.pause(context, project, id)
            )
        )

    @mutation(description="Let a paused schedule come due again from now on.")
    async def resume_schedule(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> Schedule | None:
        """Return the schedule; what passed meanwhile is left out."""
        return schedule_told(
            await changed(
                info, lambda services, context: services.schedules.resume(context, project, id)
            )
        )

    @mutation(description="Delete a schedule and remove its service.")
    async def delete_schedule(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> Schedule | None:
        """Return what it was."""
        return schedule_told(
            await changed(
                info, lambda services, context: services.schedules.delete(context, project, id)
            )
        )


def _change(given: ScheduleInput) -> ScheduleChange:
    return ScheduleChange(
        name=None if given.name is None else name_of(given.name),
        cron=None if given.cron is None else _cron(given.cron),
        zone=None if given.zone is None else fitting(ZONE, given.zone, argument="zone"),
        jitter_s=within(given.jitter_s, 0, MOST_JITTER_S, argument="jitterS"),
        catch_up=one_of(CatchUp, given.catch_up, argument="catchUp"),
        plan=None if given.plan is None else kept_plan_of(given.plan),
        atomic=given.atomic,
    )


def _cron(text: str) -> Cron:
    try:
        return parse_cron(fitting(CRON, text, argument="cron"))
    except ValueError as error:
        raise unfit("cron", str(error)) from None


def _wish(said: ScheduleChange, grant: GrantInput) -> ScheduleWish:
    """Return what is wished for; raise RequestValidationError where something is missing."""
    if said.name is None or said.cron is None or said.plan is None:
        raise unfit("schedule", "a name, a cron and a plan are needed, expected all of them")
    return ScheduleWish(
        name=said.name,
        timing=Timing(cron=said.cron, zone=said.zone or "UTC"),
        jitter_s=said.jitter_s or 0,
        catch_up=said.catch_up or CatchUp.LAST,
        plan=said.plan,
        atomic=bool(said.atomic),
        grant=grant_of(grant),
    )
