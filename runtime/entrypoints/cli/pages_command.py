"""Carry out `plangate console`: serve the console in this process until told to stop."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer
import uvicorn

from runtime.bootstrap.dev_folder import read_demo
from runtime.client import ClientError, Plangate
from runtime.entrypoints.cli import environment
from runtime.entrypoints.cli.client import UNREACHABLE, USAGE
from runtime.entrypoints.cli.console import USUAL_URL

FINE: Final = 0
GRACE_S: Final = 3
QUIET: Final = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "true",
}
"""Nothing calls home; read where Gradio is imported, so told before."""
MISSING: Final = "the console needs Gradio: pip install 'plangate[console]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesOptions:
    """Hold what a person said.

    Attributes:
        url: of the platform; None: the one of `plangate dev`.
        shown_url: the same as browsers reach it.
        host_names: under which browsers reach the console, besides loopback.
    """

    url: str | None
    host: str
    port: int
    shown_url: str | None
    host_names: frozenset[str]
    forwarded_allow_ips: str | None


def pages_command(options: PagesOptions) -> int:
    """Serve until told to stop, and return the exit code."""
    platform = options.url or _usual_url()
    try:
        Plangate(platform, token=None)
    except ClientError as error:
        return _complain(str(error), USAGE)
    environment.tell(QUIET)
    try:
        from runtime.entrypoints.console.app import create_console  # noqa: PLC0415  # takes seconds
        from runtime.entrypoints.console.place import LOOPBACK, Place  # noqa: PLC0415  # as above
    except ModuleNotFoundError:
        return _complain(MISSING, USAGE)
    place = Place(platform=platform, hosts=LOOPBACK | options.host_names, shown=options.shown_url)
    try:
        listening = _listening(options)
    except OSError as error:
        return _complain(f"can't listen at {options.host}:{options.port}: {error}", UNREACHABLE)
    with listening:
        return _serve(uvicorn.Config(
            create_console(place),
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            proxy_headers=options.forwarded_allow_ips is not None,
            forwarded_allow_ips=options.forwarded_allow_ips,
            timeout_graceful_shutdown=GRACE_S,
        ), listening, platform)  # fmt: skip


def _serve(config: uvicorn.Config, listening: socket.socket, platform: str) -> int:
    host, port = listening.getsockname()[:2]
    typer.echo(f"Console at http://{host}:{port}, for the platform at {platform}. Ctrl-C stops it.")
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
    return FINE


def _listening(options: PagesOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    return socket.create_server((options.host, options.port), family=family)


def _usual_url() -> str:
    told = environment.told()
    demo = read_demo(Path(told.get(environment.FOLDER, environment.USUAL_FOLDER)))
    return USUAL_URL if demo is None else demo.url


def _complain(text: str, code: int) -> int:
    typer.echo(text, err=True)
    return code
