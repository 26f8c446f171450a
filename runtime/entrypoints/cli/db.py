"""Declare `plangate db`: options and help only, so that `--help` stays instant.

Exit codes: 0 done or healthy, 1 something was found, 4 the database does not answer,
5 configuration.
"""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    name="db",
    help="Migrate the database and examine it.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

EXIT_CODES = (
    "Exit codes: 0 done or healthy, 1 something was found, 4 the database does not answer, "
    "5 configuration."
)
OwnerUrl = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="The database, under the role that owns its tables. [PLANGATE_MIGRATION_URL]",
    ),
]
AppUrl = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="The database, under the role that serves requests. [PLANGATE_DATABASE_URL]",
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command(epilog=EXIT_CODES)
def upgrade(
    *,
    url: OwnerUrl = None,
    app_role: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE",
            help="The role that serves requests; it gets rights and owns nothing. "
            "[the one of PLANGATE_DATABASE_URL, or plangate_app]",
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for another process that migrates.")
    ] = 60.0,
    sql: Annotated[
        bool, typer.Option("--sql", help="Change nothing; print the SQL that would be run.")
    ] = False,
) -> None:
    """Bring the schema to what this release needs; of many starters one migrates."""
    from runtime.entrypoints.cli import db_commands  # noqa: PLC0415  # --help stays instant

    options = db_commands.UpgradeOptions(url=url, app_role=app_role, wait_s=wait, sql=sql)
    raise typer.Exit(db_commands.upgrade_command(options))


@app.command(epilog=EXIT_CODES)
def check(*, url: AppUrl = None, json: JsonFlag = False) -> None:
    """Say whether the schema is the one that this release needs."""
    from runtime.entrypoints.cli import db_commands  # noqa: PLC0415  # as above

    raise typer.Exit(db_commands.check_command(url, as_json=json))


@app.command(epilog=EXIT_CODES)
def doctor(*, url: AppUrl = None, json: JsonFlag = False) -> None:
    """Find what would let one tenant reach another's rows, or history be rewritten."""
    from runtime.entrypoints.cli import db_commands  # noqa: PLC0415  # as above

    raise typer.Exit(db_commands.doctor_command(url, as_json=json))
