"""Declare `plangate serve`: options and help only, so that `--help` stays instant."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    name="serve",
    invoke_without_command=True,
    subcommand_metavar="",
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

EXIT_CODES = (
    "Exit codes: 0 stopped after Ctrl-C or SIGTERM, 4 it can't listen or start, 5 configuration."
)


Workers = Annotated[int, typer.Option(min=1, max=256, metavar="N", help="Processes that serve.")]
KeepAlive = Annotated[
    int,
    typer.Option(min=1, metavar="SECONDS", help="Keep an idle connection; longer than proxies do."),
]
Grace = Annotated[
    int, typer.Option(min=0, metavar="SECONDS", help="Let requests end when told to stop.")
]
Concurrency = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Answer 503 beyond so many connections of a process. [no end]"
    ),
]
Backlog = Annotated[
    int, typer.Option(min=1, metavar="N", help="Connections that may wait to be accepted.")
]
Forwarded = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESSES",
        help="Believe what proxies at these addresses say of the client; * believes all. "
        "[nobody is believed]",
    ),
]


@app.callback(epilog=EXIT_CODES)
def serve(  # noqa: PLR0913  # one parameter an option
    *,
    host: Annotated[
        str, typer.Option(metavar="HOST", help="Where to listen; 0.0.0.0 is everywhere.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, metavar="PORT")] = 8000,
    workers: Workers = 1,
    keep_alive: KeepAlive = 75,
    grace: Grace = 30,
    concurrency: Concurrency = None,
    backlog: Backlog = 2048,
    forwarded_allow_ips: Forwarded = None,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Write a line for each request.")
    ] = False,
) -> None:
    """Serve the platform as the environment configures it; see PLANGATE_DATABASE_URL and others."""
    from runtime.entrypoints.cli import serve_command  # noqa: PLC0415  # --help stays instant

    raise typer.Exit(
        serve_command.serve_command(
            serve_command.ServeOptions(
                host=host,
                port=port,
                workers=workers,
                keep_alive_s=keep_alive,
                grace_s=grace,
                concurrency=concurrency,
                backlog=backlog,
                forwarded_allow_ips=forwarded_allow_ips,
                access_log=access_log,
            )
        )
    )
