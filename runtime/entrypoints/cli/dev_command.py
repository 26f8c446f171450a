"""Carry out `plangate dev`: start what is needed, serve, make the demo, and stop it all in order.

One process does everything but the servers of Postgres and Redis and the worker; those die with
it. The rest of the platform is loaded while they start.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import Final

import typer

from runtime.bootstrap.dev import open_backing, prepare_database
from runtime.bootstrap.dev_folder import DevFolder
from runtime.bootstrap.secret_settings import resolved
from runtime.domain.errors import (
    DevFolderBusyError,
    DevFolderError,
    DomainError,
    EmbeddedFolderBusyError,
    SchemaError,
    SchemaMismatchError,
    UnsafeRoleError,
)
from runtime.entrypoints.cli import environment
from runtime.entrypoints.cli.client import UNREACHABLE, USAGE, CommandError
from runtime.entrypoints.cli.dev_greeting import Greeting, Stage, shown_path
from runtime.entrypoints.cli.dev_worker import DevWorker
from runtime.entrypoints.cli.ending import Terminated, terminated_as_interrupted
from runtime.entrypoints.cli.listening import Listening, listen
from runtime.kit.clock import SystemClock
from runtime.settings import OPERATOR_TOKEN, ServiceSettings, SettingsError
from runtime.settings.edge import CONSOLE, MOUNTED
from runtime.settings.models import CHAT_MODEL

FINE: Final = 0
INTERRUPTED: Final = 130
GRACE_S: Final = 5
WATCH_S: Final = 1
HEAVY: Final = (
    "uvloop",
    "runtime.entrypoints.cli.bounded_head",
    "uvicorn.lifespan.on",
    "fastapi",
    "runtime.bootstrap.platform",
    "runtime.entrypoints.rest.routers",
)
"""What the app will import; it takes most of a start, and needs nothing that is being started."""

_CONFIGURATION: Final = (
    DevFolderBusyError,
    DevFolderError,
    EmbeddedFolderBusyError,
    SchemaError,
    SchemaMismatchError,
    SettingsError,
    UnsafeRoleError,
)


def dev_command(folder: Path, *, port: int | None, console: bool = False) -> int:
    """Run until told to stop.

    Args:
        folder: where data, passwords and the demo's token are kept.
        port: where to serve; None takes the usual one, or the next that is free.
        console: pages for people are served as well, as PLANGATE_CONSOLE=mounted says too.
    """
    try:
        with terminated_as_interrupted(), ExitStack() as stack:
            return _run(folder, port=port, console=console, stack=stack)
    except CommandError as error:
        return _complain(error, error.exit_code)
    except _CONFIGURATION as error:
        return _complain(error, USAGE)
    except DomainError as error:
        return _complain(error, UNREACHABLE)
    except Terminated:
        return FINE
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        return INTERRUPTED


def _run(folder: Path, *, port: int | None, console: bool, stack: ExitStack) -> int:
    """Start one thing after the other; the stack stops them the other way round."""
    monotonic_s = SystemClock().monotonic_s
    began_s = monotonic_s()
    owned = DevFolder.claimed(folder)
    stack.callback(owned.release)
    listening = stack.enter_context(listen(port))
    typer.echo(f"Starting in {shown_path(owned.path)} ...", err=True)
    told = {**environment.told(), **({CONSOLE: MOUNTED} if console else {})}
    loading = threading.Thread(target=_load, name="loading", daemon=True)
    loading.start()
    backing = stack.enter_context(open_backing(told, owned.path))
    loading.join()
    variables = backing.variables(
        told, owned.keys(), copies=owned.copies(), evaluations=owned.evaluations
    )
    settings = ServiceSettings.read({**told, **variables}, resolve=resolved)
    settings.require_platform()  # said before they serve
    settings.require_console()
    prepare_database(backing)
    environment.tell({**variables, **({CONSOLE: MOUNTED} if settings.edge.console else {})})
    stage = Stage(
        url=listening.url,
        folder=owned,
        operator_token=variables[OPERATOR_TOKEN],
        backing=backing,
        chat_model=variables[CHAT_MODEL],
        console=settings.edge.console,
        elapsed_s=lambda: monotonic_s() - began_s,
    )
    worker = DevWorker(owned.path, monotonic_s=monotonic_s, say=_say)
    stack.callback(worker.stop)
    return _serve(listening, stage, worker)


def _serve(listening: Listening, stage: Stage, worker: DevWorker) -> int:
    """Serve until told to stop, or until it can't go on."""
    import uvicorn  # noqa: PLC0415  # is loaded by now

    from runtime.entrypoints.cli.orderly_server import OrderlyServer  # noqa: PLC0415  # as above

    backing = stage.backing

    async def watch() -> None:
        server.should_exit = server.should_exit or backing.failure is not None

    server = OrderlyServer(
        uvicorn.Config(
            "runtime.app:app",
            loop="uvloop",
            http="runtime.entrypoints.cli.bounded_head:BoundedHead",
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            callback_notify=watch,
            timeout_notify=WATCH_S,
        )
    )

    def give_up() -> None:
        server.should_exit = True

    greeting = Greeting(stage, greeted=worker.start, give_up=give_up)
    greeting.start()
    try:
        server.run(sockets=[listening.socket])
    except SystemExit:
        return _complain("the service could not start; see above", UNREACHABLE)
    except KeyboardInterrupt:
        if not greeting.done:
            raise
    finally:
        greeting.stop()
        greeting.wait(GRACE_S)
    failure = greeting.failure or backing.failure
    if failure is not None:
        raise failure
    typer.echo("Stopping.", err=True)
    return FINE


def _load() -> None:
    with suppress(ImportError):  # whoever needs it will say so
        for name in HEAVY:
            import_module(name)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _complain(problem: Exception | str, code: int) -> int:
    typer.echo(str(problem), err=True)
    return code
