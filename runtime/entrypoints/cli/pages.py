"""Declare `plangate console`: options and help only, so that `--help` stays instant."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from runtime.entrypoints.cli.environment import URL

app = typer.Typer(
    name="console",
    invoke_without_command=True,
    subcommand_metavar="",
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

PORT: Final = 7860
EXIT_CODES: Final = (
    "Exit codes: 0 stopped after Ctrl-C or SIGTERM, 4 it can't listen, 5 wrong usage or no Gradio."
)

Url = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", envvar=URL,
        help="The platform that it asks. [the one of `plangate dev`, or http://127.0.0.1:8000]",
    ),
]  # fmt: skip
Shown = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The platform's address as browsers reach it. [--url]"),
]
HostNames = Annotated[
    list[str] | None,
    typer.Option(
        "--host-name", metavar="NAME",
        help="A name under which browsers reach the console, besides loopback; repeatable.",
    ),
]  # fmt: skip
Forwarded = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESSES", help="Believe what proxies at these addresses say of the client."
    ),
]


@app.callback(epilog=EXIT_CODES)
def console(
    *,
    url: Url = None,
    host: Annotated[
        str, typer.Option(metavar="HOST", help="Where to listen; 0.0.0.0 is everywhere.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, metavar="PORT", help="0 takes any that is free.")
    ] = PORT,
    shown_url: Shown = None,
    host_name: HostNames = None,
    forwarded_allow_ips: Forwarded = None,
) -> None:
    """Serve pages for people: chat, plans, approvals and state, over the platform's API."""
    from runtime.entrypoints.cli import pages_command  # noqa: PLC0415  # --help stays instant

    raise typer.Exit(
        pages_command.pages_command(
            pages_command.PagesOptions(
                url=url,
                host=host,
                port=port,
                shown_url=shown_url,
                host_names=frozenset(host_name or ()),
                forwarded_allow_ips=forwarded_allow_ips,
            )
        )
    )
