"""Carry out `plangate serve`: see that everything is right, then let uvicorn serve.

What is wrong is said in one line before a process is made, not by a traceback of each worker.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Final

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from runtime.adapters.celery.address import broker_url
from runtime.bootstrap.environments import installed_environments
from runtime.bootstrap.platform import check_database
from runtime.bootstrap.plugins import admit_plugins
from runtime.bootstrap.rules import bundle_maker
from runtime.bootstrap.secret_settings import resolved
from runtime.domain.errors import DomainError
from runtime.entrypoints.cli.ending import terminated_as_interrupted
from runtime.entrypoints.cli.listening import open_socket, spoken
from runtime.entrypoints.cli.orderly_server import OrderlyServer
from runtime.ports.model_reference import ModelReferenceError, parse_model_reference
from runtime.settings import ServiceSettings, SettingsError

APP: Final = "runtime.app:app"
FINE: Final = 0
BROKEN: Final = 4
CONFIGURATION: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """Hold what `plangate serve` was given."""

    host: str
    port: int
    workers: int
    keep_alive_s: int
    grace_s: int
    concurrency: int | None
    backlog: int
    forwarded_allow_ips: str | None
    access_log: bool


def serve_command(options: ServeOptions) -> int:
    """Serve until told to stop."""
    try:
        settings = ServiceSettings.read(resolve=resolved)
        _check(settings)
    except (SettingsError, ModelReferenceError, DomainError) as error:
        typer.echo(str(error), err=True)
        return CONFIGURATION
    try:
        listening = open_socket(options.host, options.port, backlog=options.backlog)
    except OSError as error:
        where = f"{options.host}:{options.port}"
        typer.echo(f"{where} can't be listened on: {spoken(error)}", err=True)
        return BROKEN
    with listening, terminated_as_interrupted():
        host, port, *_ = listening.getsockname()
        typer.echo(f"Serving at {host} on port {port}.", err=True)
        return _serve(uvicorn_config(options, settings), listening)


def uvicorn_config(options: ServeOptions, settings: ServiceSettings) -> uvicorn.Config:
    """Return how uvicorn serves: nothing of the server is told, no proxy is believed unasked."""
    return uvicorn.Config(
        APP,
        workers=options.workers,
        loop="uvloop",
        http="runtime.entrypoints.cli.bounded_head:BoundedHead",
        ws="none",
        log_level=settings.edge.log_level,
        access_log=options.access_log,
        server_header=False,
        proxy_headers=options.forwarded_allow_ips is not None,
        forwarded_allow_ips=options.forwarded_allow_ips,
        limit_concurrency=options.concurrency,
        backlog=options.backlog,
        timeout_keep_alive=options.keep_alive_s,
        timeout_graceful_shutdown=options.grace_s,
    )


def _check(settings: ServiceSettings) -> None:
    """Find what would keep the app from starting.

    Raises:
        ModelReferenceError: `PLANGATE_MODEL` can't be read.
        SettingsError: there is a database, but no Redis or no key, or a key that signs nothing.
        DomainError: a plugin, the broker's address or the database can't be used.
    """
    admit_plugins(settings)
    if settings.model:
        parse_model_reference(settings.model)
    if settings.database_url is not None:
        settings.require_platform()
        if settings.broker_url is not None:
            broker_url(settings.broker_url.get_secret_value())
        bundle_maker(settings.rules)
        installed_environments()
        asyncio.run(check_database(settings.database_url.get_secret_value()))


def _serve(config: uvicorn.Config, listening: socket.socket) -> int:
    try:
        if config.workers == 1:
            OrderlyServer(config).run(sockets=[listening])
            return FINE
        workers = Multiprocess(config, sockets=[listening])
        workers.run()
    except KeyboardInterrupt:
        return FINE
    except SystemExit:
        return BROKEN
    broken = any(process.exitcode == STARTUP_FAILURE for process in workers.processes)
    return BROKEN if broken else FINE
