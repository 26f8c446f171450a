"""Declare `plangate state`: read, compare, revert and verify the state of a project."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.naming import project_id

app = typer.Typer(
    name="state",
    help="Read the state of a project, its history, and revert it.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

HISTORY: Final = {
    "VERSION": "version",
    "CAUSE": "cause",
    "CHANGES": "changes",
    "PRINCIPAL": "principal",
    "CREATED": "created_at",
    "OUTCOME": "outcome",
    "DIGEST": "digest",
}
REVERSION: Final = {
    "ID": "id",
    "REVERTED TO": "reverted_to",
    "BEFORE": "before.version",
    "AFTER": "after.version",
    "DIGEST": "after.digest",
}
VERIFIED: Final = {"VERSIONS": "versions", "DIGEST": "digest"}

Project = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="Its name or id. [the demo of `plangate dev`]"),
]


@command(app)
def show(
    api: Api,
    *,
    project: Project = None,
    version: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="As it was at this version.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="As it stood then, such as 2026-01-31T12:00:00Z."),
    ] = None,
) -> None:
    """Show the state, as JSON."""
    found = api.platform.state.read(project_id(api, project), version=version, at=at)
    if api.as_json:
        api.print_json(found)
        return
    api.say(f"version {found['version']}, {found['digest']}")
    api.print_json(found["components"])


@command(app)
def history(
    api: Api,
    *,
    project: Project = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="The newest so many.")] = 20,
) -> None:
    """List the versions of the state, the newest first."""
    found = api.first(api.platform.state.list_snapshots(project_id(api, project)), limit)
    counted = [{**item, "changes": len(item["diff"])} for item in found]
    api.show_all(found if api.as_json else counted, HISTORY)


@command(app)
def revert(
    api: Api,
    version: Annotated[int, typer.Argument(min=0, metavar="VERSION", help="Which to go back to.")],
    *,
    project: Project = None,
    expect: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Only if this version stands, else nothing is done."),
    ] = None,
) -> None:
    """Make the state of an earlier version the newest; nothing of the history goes."""
    if_match = None if expect is None else f'"{expect}"'
    where = project_id(api, project)
    api.show(api.platform.state.revert(where, version=version, if_match=if_match), REVERSION)


@command(app)
def verify(api: Api, *, project: Project = None) -> None:
    """Rebuild the whole history and compare every hash."""
    api.show(api.platform.state.verify(project_id(api, project)), VERIFIED)
