"""Declare `plangate dev`: options and help only, so that `--help` stays instant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runtime.entrypoints.cli import environment

app = typer.Typer(
    name="dev",
    invoke_without_command=True,
    subcommand_metavar="",
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

EXIT_CODES = (
    "Exit codes: 0 stopped after Ctrl-C or SIGTERM, 4 something can't be started or kept, "
    "5 configuration, 130 interrupted before it was ready, or twice."
)


@app.callback(epilog=EXIT_CODES)
def dev(
    *,
    folder: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            envvar=environment.FOLDER,
            help="Where data, passwords and the demo's token are kept.",
        ),
    ] = Path(environment.USUAL_FOLDER),
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65_535, metavar="PORT", help="Where to serve. [8000, or the next free one]"
        ),
    ] = None,
    console: Annotated[
        bool, typer.Option("--console", help="Serve pages for people as well, at /console.")
    ] = False,
) -> None:
    """Run the whole platform on this machine, with a Postgres and a Redis of its own.

    The first start makes a demo organization, project and token. PLANGATE_DATABASE_URL and
    PLANGATE_REDIS_URL name servers to use instead; such a database is migrated only if
    PLANGATE_MIGRATION_URL is set too.
    """
    from runtime.entrypoints.cli import dev_command  # noqa: PLC0415  # --help stays instant

    raise typer.Exit(dev_command.dev_command(folder, port=port, console=console))
