"""Declare `plangate project`: keep the projects of an organization."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from runtime.client.documents.projects import ProjectIn
from runtime.entrypoints.cli.client import USAGE, CommandError
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.documents import read_document
from runtime.entrypoints.cli.naming import project_id

app = typer.Typer(
    name="project",
    help="Keep projects.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

COLUMNS: Final = {
    "ID": "id",
    "NAME": "name",
    "ENVIRONMENT": "environment",
    "CREATED": "created_at",
    "ARCHIVED": "archived_at",
}
LIMITS: Final = {
    "PER MINUTE": "per_minute",
    "PER HOUR": "per_hour",
    "BUDGETS A DAY": "budgets",
    "QUOTAS A DAY": "quotas",
    "WINDOWS": "windows",
    "DAY OF": "day_zone",
}
USES: Final = {
    "MEASURE": "measure",
    "SCOPE": "scope",
    "SUBJECT": "subject",
    "USED": "used",
    "LIMIT": "limit",
    "AN HOUR": "burn_rate_per_hour",
    "STATUS": "status",
    "EXHAUSTED": "exhausted_at",
    "RESETS": "resets_at",
}
PURGED: Final = {
    "PROJECT": "project",
    "VERSIONS": "versions",
    "OUTCOMES": "outcomes",
    "DIGEST": "digest",
}
Project = Annotated[str, typer.Argument(metavar="PROJECT", help="Its name or id.")]


@command(app)
def create(
    api: Api,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    *,
    environment: Annotated[
        str, typer.Option(metavar="NAME", help="What it lives in, such as counter.")
    ],
    limits: Annotated[
        str | None,
        typer.Option(metavar="JSON|FILE|-", help="What it may do. [what its environment says]"),
    ] = None,
) -> None:
    """Make a project, with the first state of its environment."""
    body: ProjectIn = {"name": name, "environment": environment}
    if limits is not None:
        body["limits"] = read_document(limits).fragment
    api.show(api.platform.projects.create(**body), COLUMNS)


@command(app, "list")
def list_(
    api: Api,
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many. [all]")
    ] = None,
) -> None:
    """List the projects that you may see."""
    api.show_all(api.first(api.platform.projects.list(), limit), COLUMNS)


@command(app)
def show(api: Api, project: Project) -> None:
    """Show a project."""
    api.show(api.platform.projects.read(project_id(api, project)), COLUMNS)


@command(app)
def archive(api: Api, project: Project) -> None:
    """Let nothing in a project change any more; its history stays readable."""
    api.show(api.platform.projects.archive(project_id(api, project)), COLUMNS)


@command(app)
def restore(api: Api, project: Project) -> None:
    """Let an archived project change again."""
    api.show(api.platform.projects.restore(project_id(api, project)), COLUMNS)


@command(app)
def purge(
    api: Api,
    project: Project,
    *,
    confirm: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Its exact name. [you are asked for it]"),
    ] = None,
) -> None:
    """Delete an archived project with its history, for ever."""
    found = project_id(api, project)
    name = _asked_name() if confirm is None else confirm
    while not (gone := api.platform.projects.purge(found, confirm=name))["purged"]:
        typer.echo(f"{gone['remaining']} rows of its history are left", err=True)
    api.show(gone, PURGED)


@command(app)
def limits(
    api: Api,
    project: Project,
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="[JSON|FILE|-]", help="Replace them, as a whole. [they are shown only]"
        ),
    ] = None,
) -> None:
    """Show what a project may do a minute, an hour and a day, or replace it."""
    if new is None:
        found = api.platform.projects.read(project_id(api, project))
    else:
        limits = read_document(new).fragment
        found = api.platform.projects.change(project_id(api, project), limits=limits)
    if api.as_json:
        api.print_json(found["limits"])
    else:
        api.show(found["limits"], LIMITS)


@command(app)
def usage(api: Api, project: Project) -> None:
    """Show what a project has used of what it may, and how long the rest will last."""
    found = api.platform.projects.read_usage(project_id(api, project))
    if api.as_json:
        api.print_json(found)
    else:
        api.show_all(found["limits"], USES)


def _asked_name() -> str:
    try:
        name: str = typer.prompt("This can't be undone. The project's exact name", err=True)
    except typer.Abort:
        raise CommandError(
            "\nnothing was deleted; to confirm without being asked, give --confirm NAME",
            exit_code=USAGE,
        ) from None
    return name
