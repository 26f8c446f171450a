"""Carry out `plangate db`: find the address, do the work, say in words or JSON what came of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

import orjson
import typer
from pydantic import SecretStr

from runtime.bootstrap.secret_settings import resolved
from runtime.domain.errors import (
    SchemaError,
    SchemaMismatchError,
    StorageUnavailableError,
)
from runtime.settings import DATABASE_URL, MIGRATION_URL, ServiceSettings, SettingsError
from runtime.store import doctor, revisions, schema
from runtime.store.one_connection import role_of
from runtime.store.recipes import APP_ROLE

FINE: Final = 0
FOUND: Final = 1
UNREACHABLE: Final = 4
CONFIGURATION: Final = 5
_FORM: Final = "postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeOptions:
    """Hold what `plangate db upgrade` was given."""

    url: str | None
    app_role: str | None
    wait_s: float
    sql: bool


class _Refused(Exception):  # noqa: N818  # it ends the command with a code, and nobody catches it else
    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


def upgrade_command(options: UpgradeOptions) -> int:
    """Migrate, or print how."""
    try:
        url = options.url or _required(_settings().migration_url, variable=MIGRATION_URL)
        role = options.app_role or (APP_ROLE if options.url else _configured_role())
        if options.sql:
            before = _done(schema.current_revision(url))
            typer.echo(revisions.rendered(after=before or revisions.BASE, app_role=role))
            return FINE
        done = _done(schema.upgrade(url, app_role=role, patience_s=options.wait_s))
    except _Refused as refusal:
        return _complain(refusal)
    was = f"it was at {done.before or 'no revision'}" if done.changed else "as it was"
    typer.echo(f"the schema is at {done.after}; {was}")
    return FINE


def check_command(url: str | None, *, as_json: bool) -> int:
    """Compare the schema with the one that this release needs."""
    needed = revisions.head_revision()
    try:
        found = _done(schema.current_revision(_app_address(url)))
    except _Refused as refusal:
        return _complain(refusal)
    problem = _mismatch(found)
    if as_json:
        _print_json({"fits": not problem, "found": found, "needed": needed, "problem": problem})
    elif problem:
        typer.echo(problem, err=True)
    else:
        typer.echo(f"the schema is at {found}, as this release needs it")
    return FOUND if problem else FINE


def doctor_command(url: str | None, *, as_json: bool) -> int:
    """Examine the database as the app's role sees it."""
    try:
        findings = _done(doctor.diagnose(_app_address(url)))
    except _Refused as refusal:
        return _complain(refusal)
    if as_json:
        _print_json({"healthy": not findings, "findings": [asdict(item) for item in findings]})
        return FOUND if findings else FINE
    for item in findings:
        typer.echo(f"{item.check}: {item.subject}\n  {item.problem}\n  mend: {item.mend}\n")
    plural = "" if len(findings) == 1 else "s"
    typer.echo(f"{len(findings)} finding{plural}" if findings else "healthy: nothing was found")
    return FOUND if findings else FINE


def _settings() -> ServiceSettings:
    try:
        return ServiceSettings.read(resolve=resolved)
    except SettingsError as error:
        raise _Refused(CONFIGURATION, str(error)) from error


def _required(kept: SecretStr | None, *, variable: str) -> str:
    if kept is None:
        raise _Refused(CONFIGURATION, f"no database is named; set {variable} to {_FORM}")
    return kept.get_secret_value()


def _app_address(given: str | None) -> str:
    return given or _required(_settings().database_url, variable=DATABASE_URL)


def _configured_role() -> str:
    """Return the role that the app is configured to connect as; without one, the usual."""
    kept = _settings().database_url
    if kept is None:
        return APP_ROLE
    try:
        return role_of(kept.get_secret_value()) or APP_ROLE
    except SchemaError as error:
        problem = f"{DATABASE_URL} is not readable; write it as {_FORM}"
        raise _Refused(CONFIGURATION, problem) from error


def _mismatch(found: str | None) -> str | None:
    try:
        schema.judge(found)
    except SchemaMismatchError as error:
        return str(error)
    return None


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except StorageUnavailableError as error:
        raise _Refused(UNREACHABLE, str(error)) from error
    except (SchemaError, SchemaMismatchError) as error:
        raise _Refused(CONFIGURATION, str(error)) from error


def _complain(refusal: _Refused) -> int:
    typer.echo(str(refusal), err=True)
    return refusal.code


def _print_json(document: object) -> None:
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
