"""Declare `plangate org`: make an organization, and keep the one of the token."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from runtime.client.documents.organizations import OwnerIn, ProjectRollUpOut
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.exporting import save_export
from runtime.entrypoints.cli.naming import own_organization
from runtime.entrypoints.cli.org_limits import app as limits_app
from runtime.entrypoints.cli.shown_once import warn_if_lost

app = typer.Typer(
    name="org",
    help="Make organizations, and keep your own.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

app.add_typer(limits_app, name="limits")

COLUMNS: Final = {"ID": "id", "NAME": "name", "CREATED": "created_at", "ARCHIVED": "archived_at"}
FOUNDED: Final = {
    "ORGANIZATION": "organization.id",
    "NAME": "organization.name",
    "OWNER": "owner.id",
    "TOKEN ID": "token.id",
    "TOKEN": "token.text",
}
USES: Final = {
    "MEASURE": "measure",
    "SCOPE": "scope",
    "SUBJECT": "subject",
    "USED": "used",
    "LIMIT": "limit",
    "%": "percent",
    "AN HOUR": "burn_rate_per_hour",
    "STATUS": "status",
    "EXHAUSTED": "exhausted_at",
    "RESETS": "resets_at",
}
ROLLED_UP: Final = {
    "PROJECT": "name",
    "DAY": "day",
    "MEASURE": "measure",
    "USED": "used",
    "LIMIT": "limit",
    "STATUS": "status",
    "RESETS": "resets_at",
}
Name = Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")]


@command(app)
def create(
    api: Api,
    name: Name,
    *,
    owner_name: Annotated[str, typer.Option(metavar="NAME", help="Who owns it.")],
    owner_email: Annotated[str, typer.Option(metavar="EMAIL", help="Their e-mail address.")],
) -> None:
    """Make an organization, and show its owner's first token this once.

    The token that asks is the platform's own: PLANGATE_OPERATOR_TOKEN, or --token-file.
    """
    owner: OwnerIn = {"display_name": owner_name, "email": owner_email}
    made = api.operated.organizations.create(name=name, owner=owner)
    api.show(made, FOUNDED)
    warn_if_lost(api, made["token"]["text"])


@command(app)
def show(api: Api) -> None:
    """Show your organization."""
    api.show(api.platform.organizations.read(own_organization(api)), COLUMNS)


@command(app)
def rename(api: Api, name: Name) -> None:
    """Give your organization another name."""
    api.show(api.platform.organizations.rename(own_organization(api), name=name), COLUMNS)


@command(app)
def archive(api: Api) -> None:
    """Let nothing in your organization change any more; all of it stays readable."""
    api.show(api.platform.organizations.archive(own_organization(api)), COLUMNS)


@command(app)
def restore(api: Api) -> None:
    """Let your archived organization change again."""
    api.show(api.platform.organizations.restore(own_organization(api)), COLUMNS)


@command(app)
def export(
    api: Api, file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is new.")]
) -> None:
    """Save everything of your organization, as lines of JSON that prove that none is missing."""
    saved = save_export(api, own_organization(api), file)
    if api.as_json:
        api.print_json(saved.last_line)
    else:
        typer.echo(f"{saved.rows} rows in {file}, SHA-256 {saved.sha256}")


@command(app)
def evaluations(api: Api) -> None:
    """Print a link that opens your organization's evaluations in a browser: once, for 2 minutes.

    What it opens stays open for 8 hours at most, and no longer than the token lives.
    """
    made = api.platform.evaluations.create_link(own_organization(api))
    if api.as_json:
        api.print_json(made)
    else:
        typer.echo(made["url"])


@command(app)
def usage(
    api: Api,
    *,
    projects: Annotated[
        bool, typer.Option("--projects", help="Show what each project used of its own limits.")
    ] = False,
) -> None:
    """Show what your projects have used of what they share, and how long the rest will last."""
    organizations, own = api.platform.organizations, own_organization(api)
    if projects:
        _show_projects(api, list(organizations.list_project_usages(own)))
        return
    found = organizations.read_usage(own)
    if api.as_json:
        api.print_json(found)
        return
    api.show_all([*found["budgets"], *(found["rates"] or ())], USES)
    if found["rates"] is None:
        api.say("rates can't be told at the moment")


def _show_projects(api: Api, items: list[ProjectRollUpOut]) -> None:
    """Print what projects used: all for programs, the project's own limits for people."""
    if api.as_json:
        api.show_all(items, ROLLED_UP)
        return
    lines = [
        {**use, "name": item["name"], "day": item["day"]}
        for item in items
        for use in item["limits"]
        if use["scope"] == "project"
    ]
    api.show_all(lines, ROLLED_UP)
