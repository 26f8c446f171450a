"""Declare `plangate org limits`: keep what all projects of an organization may use together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.documents import read_document
from runtime.entrypoints.cli.naming import own_organization

app = typer.Typer(
    name="limits",
    help="Keep what all projects of your organization may use together.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

COLUMNS: Final = {
    "LIMIT": "measure",
    "SCOPE": "scope",
    "SUBJECT": "subject",
    "PER": "per",
    "MOST": "most",
}


@command(app)
def show(api: Api) -> None:
    """Show the limits that hold: budgets, then rates."""
    _show(api, api.platform.organizations.read_limits(own_organization(api)))


@command(app, "set")
def set_(
    api: Api,
    new: Annotated[
        str, typer.Argument(metavar="JSON|FILE|-", help="All of the limits that are to hold.")
    ],
    *,
    replaces: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Only if those of this number hold. [any]"),
    ] = None,
) -> None:
    """Let other limits hold from now on; takes an owner.

    The document is what `show --json` prints as `limits`:
    {"budgets": [{"scope": "organization", "measure": "units", "per": "day", "most": 100}],
    "rates": [{"scope": "project", "per": "minute", "most": 60}], "zone": "Europe/Berlin"}.
    """
    headers = {} if replaces is None else {"If-Match": f'"{replaces}"'}
    place = ("organizations", own_organization(api), "limits")
    _show(api, api.replace(*place, body=read_document(new).fragment, headers=headers))


def _show(api: Api, found: Mapping[str, Any]) -> None:
    """Print limits: all that is told of them for programs, one line each for people."""
    if api.as_json:
        api.print_json(found)
        return
    limits = found["limits"]
    rates = [{**rate, "measure": "actions"} for rate in limits["rates"]]
    api.show_all([*limits["budgets"], *rates], COLUMNS)
    api.say(f"number {found['number']}; budgets renew at midnight of {limits['zone']}")
