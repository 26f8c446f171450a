"""Carry out `plangate worker`: what is wrong is said in one line, not by a traceback."""

from __future__ import annotations

from typing import Final

import typer
import uvloop

from runtime.bootstrap.secret_settings import resolved
from runtime.bootstrap.worker import WorkerOptions, work
from runtime.domain.errors import (
    BrokerUrlError,
    DeclarationError,
    DomainError,
    SchemaMismatchError,
    UnsafeRoleError,
)
from runtime.ports.model_reference import ModelReferenceError
from runtime.settings import ServiceSettings, SettingsError, quiet_environment

BROKEN: Final = 4
CONFIGURATION: Final = 5
_CONFIGURATION: Final = (
    BrokerUrlError,
    DeclarationError,
    ModelReferenceError,
    SchemaMismatchError,
    SettingsError,
    UnsafeRoleError,
)


def worker_command(
    *,
    at_once: int,
    alone: int,
    grace_s: float,
    drain: bool,
    most_memory_mb: int | None,
    metrics_port: int | None,
    with_parent: bool,
) -> int:
    """Work until told to stop."""
    options = WorkerOptions(
        at_once=at_once,
        alone=alone,
        grace_s=grace_s,
        drain=drain,
        most_memory_mb=most_memory_mb,
        metrics_port=metrics_port,
        with_parent=with_parent,
    )
    quiet_environment()
    try:
        return uvloop.run(work(ServiceSettings.read(resolve=resolved), options, say=_say))
    except _CONFIGURATION as error:
        typer.echo(str(error), err=True)
        return CONFIGURATION
    except DomainError as error:
        typer.echo(str(error), err=True)
        return BROKEN


def _say(text: str) -> None:
    typer.echo(text, err=True)
