"""Carry out `plangate secret rotate-keys`: say in words or JSON what was sealed anew."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import orjson
import typer

from runtime.bootstrap.resealing import reseal_all
from runtime.bootstrap.secret_settings import resolved
from runtime.domain.errors import DomainError, SchemaMismatchError, UnsafeRoleError
from runtime.services.resealing.resealing import ResealedColumn
from runtime.settings import ServiceSettings, SettingsError

FINE: Final = 0
FOUND: Final = 1
UNREACHABLE: Final = 4
CONFIGURATION: Final = 5


def rotate_keys_command(*, as_json: bool) -> int:
    """Seal everything anew, and say how many rows that were and which don't open."""
    try:
        columns = asyncio.run(reseal_all(ServiceSettings.read(resolve=resolved)))
    except (SettingsError, SchemaMismatchError, UnsafeRoleError) as error:
        typer.echo(str(error), err=True)
        return CONFIGURATION
    except DomainError as error:
        typer.echo(f"{error}; what is sealed anew stays so, run this again", err=True)
        return UNREACHABLE
    done = all(column.done for column in columns)
    if as_json:
        document = {"done": done, "columns": [asdict(column) for column in columns]}
        sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _say(columns)
    return FINE if done else FOUND


def _say(columns: Sequence[ResealedColumn]) -> None:
    for column in columns:
        typer.echo(f"{column.name}: {column.renewed} of {column.rows} sealed anew")
        if column.held:
            typer.echo(f"  {column.held} were held by others all the while: run this again")
        if column.broken:
            named = ", ".join(column.broken_rows)
            typer.echo(
                f"  {column.broken} don't open: the key that sealed them is gone, or they were "
                f"altered; add the key behind the newest, or make them anew: {named}"
            )
