"""Carry out `plangate audit reconcile`: say what comparing logs, copies and sinks has found."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from typing import Final

import orjson
import typer

from runtime.bootstrap.audit_reconciling import reconcile_once
from runtime.bootstrap.secret_settings import resolved
from runtime.domain.errors import DomainError, SchemaMismatchError, UnsafeRoleError
from runtime.services.audit.reconciling import Reconciled
from runtime.settings import ServiceSettings, SettingsError

FINE: Final = 0
FOUND: Final = 1
UNREACHABLE: Final = 4
CONFIGURATION: Final = 5


def reconcile_command(*, anew: bool, as_json: bool) -> int:
    """Compare, say what was found, and return the exit code."""
    try:
        settings = ServiceSettings.read(resolve=resolved)
        found = asyncio.run(reconcile_once(settings, anew=anew))
    except (SettingsError, SchemaMismatchError, UnsafeRoleError) as error:
        typer.echo(str(error), err=True)
        return CONFIGURATION
    except DomainError as error:
        typer.echo(f"{error}; what was compared is, run this again", err=True)
        return UNREACHABLE
    if as_json:
        sys.stdout.write(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _say(found)
    if found.broken_off:
        return UNREACHABLE
    return FOUND if found.missing or found.changed else FINE


def _say(found: Reconciled) -> None:
    typer.echo(f"{found.records} records compared, {found.missing} had no copy and were copied")
    typer.echo(
        f"{found.objects} objects read, {found.changed} are not as they were put, "
        f"{found.orphans} lines of what was never committed were marked"
    )
    if found.broken_off:
        typer.echo(f"a sink could not be asked {found.broken_off} times: run this again", err=True)
