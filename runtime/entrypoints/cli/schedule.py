"""Declare `plangate schedule`: keep the plans of a project that come due by the clock."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import orjson
import typer

from runtime.client.documents.kinds import Mode, ProjectRole
from runtime.client.documents.schedules import CatchUp, ScheduleChangeIn, ScheduleIn
from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError, plain
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.documents import read_document
from runtime.entrypoints.cli.naming import project_id

app = typer.Typer(
    name="schedule",
    help="Keep plans that come due by the clock.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

COLUMNS: Final = {
    "ID": "id",
    "NAME": "name",
    "CRON": "cron",
    "ZONE": "zone",
    "NEXT": "next_at",
    "PAUSED": "paused_at",
}
WHOLE: Final = {
    **COLUMNS,
    "JITTER": "jitter_s",
    "CATCHES UP": "catch_up",
    "ATOMIC": "atomic",
    "PRINCIPAL": "principal",
    "CREATED": "created_at",
    "BY": "created_by",
    "PLAN": "plan",
}
FIRINGS: Final = {
    "INSTANT": "instant",
    "STATUS": "status",
    "OUTCOME": "outcome",
    "REASON": "reason",
    "TRIES": "tries",
    "ENDED": "ended_at",
}


_ID: Final = re.compile(r"sch_[0-9A-Z]{26}")


Schedule = Annotated[str, typer.Argument(metavar="SCHEDULE", help="Its name or id.")]
Project = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="Its name or id. [the demo of `plangate dev`]"),
]
Cron = Annotated[
    str,
    typer.Argument(
        metavar="CRON",
        help="Minute, hour, day of the month, month, day of the week: '30 6 * * mon-fri'.",
    ),
]
PlanText = Annotated[
    str,
    typer.Argument(
        metavar="JSON|FILE|-",
        help='A plan, such as {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]}, or '
        "its steps alone.",
    ),
]
Zone = Annotated[str, typer.Option(metavar="ZONE", help="By whose clocks.")]
Jitter = Annotated[
    int, typer.Option(min=0, max=3600, metavar="SECONDS", help="Up to so much later.")
]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many. [all]")]


@command(app)
def create(  # noqa: PLR0913, PLR0917  # one parameter an option
    api: Api,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    cron: Cron,
    plan: PlanText,
    *,
    project: Project = None,
    zone: Zone = "UTC",
    jitter: Jitter = 0,
    catch_up: Annotated[
        CatchUp, typer.Option(case_sensitive=False, help="What becomes of times that were missed.")
    ] = "last",
    atomic: Annotated[bool, typer.Option("--atomic", help="All steps or none.")] = False,
    role: Annotated[
        ProjectRole, typer.Option(case_sensitive=False, help="Of the service that executes it.")
    ] = "operator",
    extra_role: Annotated[
        list[str] | None, typer.Option(metavar="ROLE", help="One of the environment's; repeatable.")
    ] = None,
    mode: Annotated[
        Mode, typer.Option(case_sensitive=False, help="Of the service that executes it.")
    ] = "assisted",
) -> None:
    """Let a plan come due by the clock; a service of its own executes it."""
    body: ScheduleIn = {
        "name": name,
        "cron": cron,
        "zone": zone,
        "jitter_s": jitter,
        "catch_up": catch_up,
        "plan": _plan(plan),
        "atomic": atomic,
        "grant": {"role": role, "extra_roles": extra_role or [], "mode": mode},
    }
    api.show(api.platform.schedules.create(project_id(api, project), **body), WHOLE)


@command(app, "list")
def list_(api: Api, *, project: Project = None, limit: Limit = None) -> None:
    """List the schedules of a project, the oldest first."""
    found = api.platform.schedules.list(project_id(api, project))
    api.show_all(api.first(found, limit), COLUMNS)


@command(app)
def show(api: Api, schedule: Schedule, *, project: Project = None) -> None:
    """Show a schedule with its plan."""
    api.show(api.platform.schedules.read(*_one(api, schedule, project)), WHOLE)


@command(app)
def change(  # noqa: PLR0913  # one parameter an option
    api: Api,
    schedule: Schedule,
    *,
    project: Project = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Another name.")] = None,
    cron: Annotated[str | None, typer.Option(metavar="CRON", help="Other times.")] = None,
    zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Other clocks.")] = None,
    jitter: Annotated[
        int | None, typer.Option(min=0, max=3600, metavar="SECONDS", help="Another delay.")
    ] = None,
    catch_up: Annotated[
        CatchUp | None, typer.Option(case_sensitive=False, help="For times that were missed.")
    ] = None,
    plan: Annotated[str | None, typer.Option(metavar="JSON|FILE|-", help="Another plan.")] = None,
    atomic: Annotated[
        bool | None, typer.Option("--atomic/--not-atomic", help="All steps or none. [as it is]")
    ] = None,
) -> None:
    """Change a schedule; other times hold from now on."""
    given: ScheduleChangeIn = {
        "name": name,
        "cron": cron,
        "zone": zone,
        "jitter_s": jitter,
        "catch_up": catch_up,
        "plan": None if plan is None else _plan(plan),
        "atomic": atomic,
    }
    if all(value is None for value in given.values()):
        raise CommandError("nothing changes; say what is to be different", exit_code=USAGE)
    api.show(api.platform.schedules.change(*_one(api, schedule, project), **given), WHOLE)


@command(app)
def pause(api: Api, schedule: Schedule, *, project: Project = None) -> None:
    """Let nothing come due until it is resumed."""
    api.show(api.platform.schedules.pause(*_one(api, schedule, project)), COLUMNS)


@command(app)
def resume(api: Api, schedule: Schedule, *, project: Project = None) -> None:
    """Let a paused schedule come due again; what passed meanwhile is left out."""
    api.show(api.platform.schedules.resume(*_one(api, schedule, project)), COLUMNS)


@command(app)
def delete(api: Api, schedule: Schedule, *, project: Project = None) -> None:
    """Delete a schedule and its service; what it executed stays in the history."""
    api.show(api.platform.schedules.delete(*_one(api, schedule, project)), COLUMNS)


@command(app)
def firings(api: Api, schedule: Schedule, *, project: Project = None, limit: Limit = 20) -> None:
    """List when a schedule came due and what came of it, the newest first."""
    found = api.platform.schedules.list_firings(*_one(api, schedule, project))
    api.show_all(api.first(found, limit), FIRINGS)


def _one(api: Api, named: str, project: str | None) -> tuple[str, str]:
    """Return the ids of a project and of a schedule that is named by id or by name."""
    where = project_id(api, project)
    if _ID.fullmatch(named):
        return where, named
    for item in api.platform.schedules.list(where):
        if item["name"] == named:  # which it alone has
            return where, item["id"]
    raise CommandError(
        f"not_found: no schedule '{plain(named[:80])}' in that project", exit_code=REFUSED
    )


def _plan(given: str) -> Any:  # noqa: ANN401  # a plan, which only the platform reads
    document = read_document(given)
    if isinstance(document.value, list):
        return orjson.Fragment(b'{"steps":' + document.text + b"}")
    return orjson.Fragment(document.text)
