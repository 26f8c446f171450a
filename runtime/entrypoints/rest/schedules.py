"""Keep over HTTP the plans of a project that come due by the clock."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from runtime.domain.cron import MOST_LETTERS, parse_cron
from runtime.domain.member import ProjectRole
from runtime.domain.plan import Plan
from runtime.domain.principal import Mode
from runtime.domain.schedule import MOST_JITTER_S, CatchUp, Firing, FiringStatus, Schedule
from runtime.domain.schedule_timing import Timing
from runtime.domain.storable import storable_plan
from runtime.domain.time_zone import ZoneName
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.plans import PlanIn
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import MOST_EXTRA_ROLES, NameText, RoleText
from runtime.services.schedules.documents import firing_document, schedule_document
from runtime.services.schedules.wishes import ScheduleChange, ScheduleWish
from runtime.services.tenancy.memberships import Grant

router = APIRouter(
    prefix="/v1/projects/{project_id}/schedules",
    tags=["schedules"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)


def known_cron(text: str) -> str:
    """Return a cron expression as it is kept.

    Raises:
        ValueError: it is none, or never comes.
    """
    return parse_cron(text).text


CronText = Annotated[
    str,
    Field(
        max_length=MOST_LETTERS,
        description="Minute, hour, day of the month, month, day of the week",
        examples=["30 6 * * MON-FRI"],
    ),
    AfterValidator(known_cron),
]
StoredPlan = Annotated[PlanIn, AfterValidator(storable_plan)]
JitterSeconds = Annotated[int, Field(ge=0, le=MOST_JITTER_S)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScheduleGrantIn(_Wire):
    """Say what the service that executes a schedule may do in the project, as a member's grant."""

    role: ProjectRole = ProjectRole.OPERATOR
    extra_roles: Annotated[tuple[RoleText, ...], Field(max_length=MOST_EXTRA_ROLES)] = ()
    mode: Mode = Mode.ASSISTED


class ScheduleIn(_Wire):
    """Say which plan comes due when.

    Attributes:
        zone: by whose clocks. A time that they skip comes right after; one that they show twice
            comes once. With every hour of the day, it comes whenever they show it.
        jitter_s: it comes up to so many seconds later, always by the same share of them.
        catch_up: what becomes of times that nobody could see to.
        atomic: all steps of the plan or none.
        grant: what the service that is made for it may do.
    """

    name: NameText
    cron: CronText
    zone: ZoneName = "UTC"
    jitter_s: JitterSeconds = 0
    catch_up: CatchUp = CatchUp.LAST
    plan: StoredPlan
    atomic: bool = False
    grant: ScheduleGrantIn = ScheduleGrantIn()


class ScheduleChangeIn(_Wire):
    """Say what changes; what is left out, or null, stays."""

    name: NameText | None = None
    cron: CronText | None = None
    zone: ZoneName | None = None
    jitter_s: JitterSeconds | None = None
    catch_up: CatchUp | None = None
    plan: StoredPlan | None = None
    atomic: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if all(value is None for _, value in self):
            raise ValueError("nothing changes; send what is to be different")
        return self


class ScheduleOut(_Wire):
    """Describe a schedule.

    Attributes:
        principal: the service that executes it; what it may do is what this member may.
        paused_at: since when nothing comes due.
        next_at: when it comes due next, jitter included; null while it is paused.
    """

    id: str
    project: str
    name: str
    cron: str
    zone: str
    jitter_s: int
    catch_up: CatchUp
    plan: PlanIn
    atomic: bool
    principal: str
    created_at: datetime
    created_by: str
    paused_at: datetime | None
    next_at: datetime | None


class FiringOut(_Wire):
    """Describe one time at which a schedule came due.

    Attributes:
        instant: what its clock said.
        status: of the outcome; `waiting` until there is one, `abandoned` if there is none.
        tries: how often its execution was begun.
        outcome: what came of it.
        reason: why there is no outcome, or not yet.
    """

    id: str
    schedule: str
    instant: datetime
    status: FiringStatus
    tries: int
    outcome: str | None
    reason: str | None
    created_at: datetime
    ended_at: datetime | None


@router.post("", status_code=HTTPStatus.CREATED, response_model=ScheduleOut)
async def create_schedule(
    project_id: str, body: ScheduleIn, context: Writing, services: ServicesOf
) -> Response:
    """Let a plan come due by the clock; takes who administers the project.

    A service is made for it, which executes the plan as any member would: within its grant, and
    within all rules and limits. It confirms nothing and approves nothing.
    """
    wish = ScheduleWish(
        name=body.name,
        timing=Timing(cron=parse_cron(body.cron), zone=body.zone),
        jitter_s=body.jitter_s,
        catch_up=body.catch_up,
        plan=Plan(steps=body.plan.steps),
        atomic=body.atomic,
        grant=Grant(role=body.grant.role, extra_roles=body.grant.extra_roles, mode=body.grant.mode),
    )
    return answered(await services.schedules.create(context, project_id, wish=wish))


@router.get("")
async def list_schedules(
    project_id: str, context: Reading, services: ServicesOf, page: Paging
) -> PageOut[ScheduleOut]:
    """Return the schedules of a project, the oldest first."""
    found = await services.schedules.after(
        context, project_id, page.after_text, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.id, shown=_shown)


@router.post("/{schedule_id}:pause", response_model=ScheduleOut)
async def pause_schedule(
    project_id: str, schedule_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Let nothing come due until it is resumed; what waits to be tried again is given up."""
    return answered(await services.schedules.pause(context, project_id, schedule_id))


@router.post("/{schedule_id}:resume", response_model=ScheduleOut)
async def resume_schedule(
    project_id: str, schedule_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Let it come due again from now on; what passed meanwhile is left out."""
    return answered(await services.schedules.resume(context, project_id, schedule_id))


@router.get("/{schedule_id}/firings")
async def list_firings(
    project_id: str, schedule_id: str, context: Reading, services: ServicesOf, page: Paging
) -> PageOut[FiringOut]:
    """Return when a schedule came due and what came of it, the newest first; 500 are kept."""
    found = await services.schedules.firings_before(
        context, project_id, schedule_id, before=page.after_text, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.id, shown=_fired)


@router.get("/{schedule_id}")
async def read_schedule(
    project_id: str, schedule_id: str, context: Reading, services: ServicesOf
) -> ScheduleOut:
    """Return a schedule."""
    return _shown(await services.schedules.read(context, project_id, schedule_id))


@router.patch("/{schedule_id}", response_model=ScheduleOut)
async def change_schedule(
    project_id: str,
    schedule_id: str,
    body: ScheduleChangeIn,
    context: Writing,
    services: ServicesOf,
) -> Response:
    """Change a schedule; other times hold from now on. Its grant is changed as any member's is."""
    change = ScheduleChange(
        name=body.name,
        cron=None if body.cron is None else parse_cron(body.cron),
        zone=body.zone,
        jitter_s=body.jitter_s,
        catch_up=body.catch_up,
        plan=None if body.plan is None else Plan(steps=body.plan.steps),
        atomic=body.atomic,
    )
    return answered(
        await services.schedules.change(context, project_id, schedule_id, change=change)
    )


@router.delete("/{schedule_id}", response_model=ScheduleOut)
async def delete_schedule(
    project_id: str, schedule_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Delete a schedule and remove its service; what it executed stays in the history."""
    return answered(await services.schedules.delete(context, project_id, schedule_id))


def _shown(schedule: Schedule) -> ScheduleOut:
    return ScheduleOut.model_validate(schedule_document(schedule))


def _fired(firing: Firing) -> FiringOut:
    return FiringOut.model_validate(firing_document(firing))
