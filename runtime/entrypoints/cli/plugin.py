"""Declare `plangate plugin`: list what is installed, check a plugin, and begin a new one.

What examines plugins is loaded by the commands that do, so that `--help` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="plugin",
    help="List the plugins that are installed, check one, and begin a new one.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

EXIT_CODES = "Exit codes: 0 fine, 1 a plugin is not served or is not sound, 5 wrong usage."
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("list", epilog=EXIT_CODES)
def list_plugins(
    *,
    pins: Annotated[
        bool, typer.Option("--pins", help="Print the entries of PLANGATE_PLUGINS that pin them.")
    ] = False,
    changes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Compare declarations with those kept in FILE, and keep the new ones there.",
        ),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """List installed plugins, and why some are not served."""
    from runtime.entrypoints.cli.plugin_commands import list_command  # noqa: PLC0415  # see above

    raise typer.Exit(list_command(pins=pins, changes=changes, as_json=json))


@app.command(epilog=EXIT_CODES)
def check(
    what: Annotated[
        str, typer.Argument(metavar="NAME|WHEEL", help="An installed plugin, or a wheel's file.")
    ],
    *,
    json: JsonFlag = False,
) -> None:
    """Import a plugin in a process of its own, call its handlers, and say what is wrong."""
    from runtime.entrypoints.cli.plugin_commands import check_command  # noqa: PLC0415  # see above

    raise typer.Exit(check_command(what, as_json=json))


@app.command(epilog=EXIT_CODES)
def scenarios(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A plugin that is served.")],
) -> None:
    """Print the folders of scenarios that a plugin brings, for `plangate eval run`."""
    from runtime.entrypoints.cli.plugin_commands import (  # noqa: PLC0415  # see above
        scenarios_command,
    )

    raise typer.Exit(scenarios_command(name))


@app.command(epilog=EXIT_CODES)
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called, such as zoo.")],
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Where to write it. [./plangate-NAME]"),
    ] = None,
) -> None:
    """Write a new plugin with its tests."""
    from runtime.entrypoints.cli.plugin_commands import new_command  # noqa: PLC0415  # see above

    raise typer.Exit(new_command(name, folder))
