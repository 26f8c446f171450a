"""Declare `plangate job`: see what runs behind executions, and say what becomes of it."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated, Final

import typer

from runtime.client.documents.jobs import QueueLimitsIn, RedriveIn
from runtime.client.documents.kinds import EndCause, JobKind, JobStatus
from runtime.client.documents.shared import JobOut
from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError, plain
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.naming import own_organization, project_id

app = typer.Typer(
    name="job",
    help="See what runs behind executions, and say what becomes of it.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

COLUMNS: Final = {
    "ID": "id",
    "NAME": "name",
    "STATUS": "status",
    "CAUSE": "cause",
    "TRIES": "attempts",
    "CREATED": "created_at",
    "ENDED": "ended_at",
    "REASON": "reason",
}
EVERYWHERE: Final = {"PROJECT": "project", **COLUMNS}
WHOLE: Final = {
    "ID": "id",
    "PROJECT": "project",
    "KIND": "kind",
    "NAME": "name",
    "STATUS": "status",
    "CAUSE": "cause",
    "REASON": "reason",
    "OUTCOME": "outcome",
    "STEP": "step",
    "PRINCIPAL": "principal",
    "PRIORITY": "priority",
    "SERIAL KEY": "serial_key",
    "TRIES": "attempts",
    "ERRORS": "errors",
    "CRASHES": "crashes",
    "CREATED": "created_at",
    "NOT BEFORE": "not_before",
    "STARTED": "started_at",
    "ENDED": "ended_at",
    "CANCEL ASKED": "cancel_asked_at",
    "RESULT": "result",
}
REDRIVEN: Final = {"FOUND": "found", "MORE": "more", "TRIED AGAIN": "redriven", "JOBS": "jobs"}
SETTINGS: Final = {
    "PAUSED": "paused_at",
    "BY": "paused_by",
    "WHY": "paused_why",
    "AT ONCE": "at_once",
    "A MINUTE": "per_minute",
    "CHANGED": "changed_at",
    "CHANGED BY": "changed_by",
}
QUEUE: Final = {**SETTINGS, "JOBS": "jobs", "OLDEST WAITS": "oldest_wait_s"}
PAUSES_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Between two looks at a job that is watched; the last one again and again."""


class GivenUp(StrEnum):
    """Name what becomes of jobs that are not done; typer takes no list of a Literal."""

    DEAD = "dead"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"


Job = Annotated[str, typer.Argument(metavar="JOB", help="Its id, such as job_...")]
Project = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="Its name or id. [the demo of `plangate dev`]"),
]
Organization = Annotated[
    bool, typer.Option("--organization", help="Of your whole organization; takes an owner.")
]
Named = Annotated[str | None, typer.Option(metavar="NAME", help="Those of this effect.")]
Because = Annotated[
    EndCause | None,
    typer.Option(case_sensitive=False, help="Those that are not done because of it."),
]
Limit = Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")]


@command(app, "list")
def list_(  # noqa: PLR0913  # one parameter an option
    api: Api,
    *,
    project: Project = None,
    organization: Annotated[
        bool,
        typer.Option("--organization", help="What all projects gave up; takes an owner."),
    ] = False,
    status: Annotated[
        JobStatus | None, typer.Option(case_sensitive=False, help="Those that stand so.")
    ] = None,
    kind: Annotated[
        JobKind | None, typer.Option(case_sensitive=False, help="Those that this runs.")
    ] = None,
    name: Named = None,
    cause: Because = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="OUTCOME", help="Those that follow it, or make it.")
    ] = None,
    limit: Limit = 50,
) -> None:
    """List jobs, the newest first."""
    jobs = api.platform.jobs
    if _of_all(project, organization=organization):
        everywhere = jobs.list_given_up_jobs(
            own_organization(api), status=status, kind=kind, name=name, cause=cause, outcome=outcome
        )
        api.show_all(api.first(everywhere, limit), EVERYWHERE)
        return
    found = jobs.list(
        project_id(api, project), status=status, kind=kind, name=name, cause=cause, outcome=outcome
    )
    api.show_all(api.first(found, limit), COLUMNS)


@command(app)
def show(api: Api, job: Job, *, project: Project = None) -> None:
    """Show a job with what came of it."""
    api.show(api.platform.jobs.read(project_id(api, project), job), WHOLE)


@command(app)
def watch(
    api: Api,
    job: Job,
    *,
    project: Project = None,
    within: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Give up watching after so long.")
    ] = 600.0,
) -> None:
    """Wait until a job has ended; one that is not done, or whose plan is refused, ends with 1."""
    where = project_id(api, project)
    deadline_s = time.monotonic() + within
    looks, seen = 0, ""
    while True:
        found = api.platform.jobs.read(where, job)
        seen = _said(api, found, before=seen)
        if found["ended_at"] is not None:
            break
        if time.monotonic() >= deadline_s:
            raise CommandError(
                f"the job is {found['status']} still; watch it again, or see by "
                "`plangate job queue` what holds it back",
                exit_code=REFUSED,
            )
        time.sleep(min(PAUSES_S[min(looks, len(PAUSES_S) - 1)], within))
        looks += 1
    api.show(found, WHOLE)
    if not _done(found):
        raise typer.Exit(REFUSED)


@command(app)
def cancel(
    api: Api,
    job: Job,
    *,
    project: Project = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
) -> None:
    """Cancel a job that waits; one that runs is asked to end."""
    api.show(api.platform.jobs.cancel(project_id(api, project), job, reason=reason), WHOLE)


@command(app)
def redrive(  # noqa: PLR0913  # one parameter an option
    api: Api,
    job: Annotated[
        str | None, typer.Argument(metavar="[JOB]", help="Its id. [those that options name]")
    ] = None,
    *,
    project: Project = None,
    status: Annotated[
        list[GivenUp] | None,
        typer.Option(case_sensitive=False, help="Those of which this became; repeatable. [dead]"),
    ] = None,
    name: Named = None,
    cause: Because = None,
    ended_after: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Such as 2026-01-31T08:00:00Z.")
    ] = None,
    ended_before: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Such as 2026-01-31T09:00:00Z.")
    ] = None,
    most: Annotated[
        int, typer.Option(min=1, max=500, metavar="N", help="The oldest so many.")
    ] = 100,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell which they are.")] = False,
) -> None:
    """Try jobs again that were given up, with all their attempts before them."""
    wanted: RedriveIn = {
        "name": name,
        "cause": cause,
        "ended_after": ended_after,
        "ended_before": ended_before,
    }
    if status:
        wanted["status"] = [item.value for item in status]
    if (job is None) is not (any(wanted.values()) or dry_run):
        raise CommandError(
            "name a job, or say which by --status, --name, --cause, --ended-after or "
            "--ended-before; --dry-run tells which they are",
            exit_code=USAGE,
        )
    if job is not None:
        api.show(api.platform.jobs.redrive_job(project_id(api, project), job), WHOLE)
        return
    wanted |= {"most": most, "dry_run": dry_run}
    api.show(api.platform.jobs.redrive_jobs(project_id(api, project), **wanted), REDRIVEN)


@command(app)
def queue(api: Api, *, project: Project = None, organization: Organization = False) -> None:
    """Show what holds jobs back, and how many there are."""
    if _of_all(project, organization=organization):
        found = api.platform.jobs.read_organization_queue(own_organization(api))
    else:
        found = api.platform.jobs.read_queue(project_id(api, project))
    api.show(found, QUEUE)


@command(app)
def pause(
    api: Api,
    *,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why; others read it.")],
    project: Project = None,
    organization: Organization = False,
) -> None:
    """Let no job start any more; what runs goes on."""
    if _of_all(project, organization=organization):
        paused = api.platform.jobs.pause_organization_queue(own_organization(api), why=why)
    else:
        paused = api.platform.jobs.pause_queue(project_id(api, project), why=why)
    api.show(paused, SETTINGS)


@command(app)
def resume(api: Api, *, project: Project = None, organization: Organization = False) -> None:
    """Let jobs start again."""
    if _of_all(project, organization=organization):
        resumed = api.platform.jobs.resume_organization_queue(own_organization(api))
    else:
        resumed = api.platform.jobs.resume_queue(project_id(api, project))
    api.show(resumed, SETTINGS)


@command(app)
def limit(
    api: Api,
    *,
    project: Project = None,
    organization: Organization = False,
    at_once: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many may run. [as usual]")
    ] = None,
    per_minute: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many may start a minute. [any]")
    ] = None,
) -> None:
    """Bound how many jobs run at once and start in a minute; what is left out is as usual."""
    body: QueueLimitsIn = {"at_once": at_once, "per_minute": per_minute}
    if _of_all(project, organization=organization):
        limited = api.platform.jobs.limit_organization_queue(own_organization(api), **body)
    else:
        limited = api.platform.jobs.limit_queue(project_id(api, project), **body)
    api.show(limited, SETTINGS)


def _of_all(project: str | None, *, organization: bool) -> bool:
    """Say whether all projects are meant.

    Raises:
        CommandError: one is named as well.
    """
    if organization and project is not None:
        raise CommandError(
            "--organization is of all projects; leave out --project", exit_code=USAGE
        )
    return organization


def _said(api: Api, found: JobOut, *, before: str) -> str:
    """Tell people how a job stands, if that is news; return what they know."""
    told = f"{found['status']}, tries: {found['attempts']}"
    if found["reason"] is not None:
        told += f": {found['reason']}"
    if told != before and not api.as_json:
        api.say(plain(told))
    return told


def _done(found: JobOut) -> bool:
    """Say whether what was asked for was done; a plan may be refused when its job runs."""
    if found["status"] != "done":
        return False
    return bool(found["kind"] != "plan" or (found["result"] or {}).get("status") == "done")
