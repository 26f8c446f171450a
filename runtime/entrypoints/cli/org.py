"""Declare `plangate org`: make an organization, and keep the one of the token."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from runtime.entrypoints.cli.client import Document
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.exporting import save_export
from runtime.entrypoints.cli.naming import own_organization
from runtime.entrypoints.cli.shown_once import warn_if_lost

app = typer.Typer(
    name="org",
    help="Make organizations, and keep your own.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

COLUMNS: Final = {"ID": "id", "NAME": "name", "CREATED": "created_at", "ARCHIVED": "archived_at"}
FOUNDED: Final = {
    "ORGANIZATION": "organization.id",
    "NAME": "organization.name",
    "OWNER": "owner.id",
    "TOKEN ID": "token.id",
    "TOKEN": "token.text",
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
    owner = {"display_name": owner_name, "email": owner_email}
    made = api.operate("organizations", body={"name": name, "owner": owner})
    api.show(made, FOUNDED)
    warn_if_lost(api, made["token"]["text"])


@command(app)
def show(api: Api) -> None:
    """Show your organization."""
    api.show(api.get("organizations", own_organization(api)), COLUMNS)


@command(app)
def rename(api: Api, name: Name) -> None:
    """Give your organization another name."""
    body = {"name": name}
    api.show(api.change("PATCH", "organizations", own_organization(api), body=body), COLUMNS)


@command(app)
def archive(api: Api) -> None:
    """Let nothing in your organization change any more; all of it stays readable."""
    api.show(_told(api, "archive"), COLUMNS)


@command(app)
def restore(api: Api) -> None:
    """Let your archived organization change again."""
    api.show(_told(api, "restore"), COLUMNS)


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


def _told(api: Api, verb: str) -> Document:
    return api.post("organizations", own_organization(api), verb=verb)
