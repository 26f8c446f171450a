"""Migrate the schema, and say whether a database has the one that this code needs.

Of any number of processes that start at once one migrates, the others wait for it and go on. Each
revision is a transaction of its own that gives up on a lock after a second, so that no request
queues behind it; it is tried again a few times. The migrating role owns the tables; the app's role
must exist, or is made if the owner may.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Final

from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import SchemaError, SchemaMismatchError, StorageUnavailableError
from runtime.kit.backoff import delay_s
from runtime.store.one_connection import connected, sqlstate
from runtime.store.recipes import APP_ROLE, LOCK_TIMEOUT, STATEMENT_TIMEOUT, quoted_name
from runtime.store.revisions import HEAD, Command, head_revision, revisions, run

PATIENCE_S: Final = 60.0
TRIES: Final = 5
TURN: Final = 0x706C616E67617465  # "plangate", the key of the advisory lock
_BUSY: Final = frozenset({"55P03", "40P01"})  # lock_not_available, deadlock_detected
_NOT_THERE: Final = frozenset({"42P01", "42501"})  # undefined_table, insufficient_privilege
_SLOW: Final = "57014"
_NOT_ALLOWED: Final = "42501"

_FOUND: Final = text("select version_num from public.alembic_version order by version_num")
_TAKE_TURN: Final = text("select pg_try_advisory_lock(:key)")
_ROLE_EXISTS: Final = text("select true from pg_roles where rolname = :role")
_MAY_MAKE_ROLES: Final = text(
    "select rolsuper or rolcreaterole from pg_roles where rolname = current_user"
)
_OWNER: Final = text("select current_user")
# Everybody may at first make temporary tables, which could stand in for real ones.
_OPEN: Final = text("""
select format('%I', datname) as database from pg_database
where datname = current_database() and pg_has_role(datdba, 'usage') and (
  has_database_privilege(:role, datname, 'create, temporary')
  or has_schema_privilege(:role, 'public', 'create')
  or not has_database_privilege(:role, datname, 'connect'))
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """Say where a database stood and where it stands now; None is no revision at all."""

    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        """Say whether this run is the one that migrated."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    command: Command
    to: str
    app_role: str
    tries: int


async def current_revision(url: str) -> str | None:
    """Return the revision of a database as its role can see it; None if it was never migrated.

    Raises:
        StorageUnavailableError: nobody answers there, or not to this role.
    """
    async with connected(url) as connection:
        return await found_revision(connection)


async def check(url: str) -> None:
    """Refuse a database whose schema is not exactly the one that this code was written for.

    Raises:
        SchemaMismatchError: it was never migrated, or to an older or a newer revision.
        StorageUnavailableError: nobody answers there, or not to this role.
    """
    judge(await current_revision(url))


def judge(found: str | None) -> None:
    """Refuse a revision that is not exactly the one that this code was written for.

    Raises:
        SchemaMismatchError: it is none, or an older or a newer one.
    """
    known = revisions()
    if found == known[-1]:
        return
    if found is None or found in known:
        raise SchemaMismatchError(
            found=found, needed=known[-1], remedy="run `plangate db upgrade` as its owner"
        )
    raise _newer(found)


async def upgrade(
    owner_url: str,
    *,
    app_role: str = APP_ROLE,
    to: str = HEAD,
    patience_s: float = PATIENCE_S,
    tries: int = TRIES,
) -> Migration:
    """Bring a database forward; one that is there already is left alone.

    Args:
        owner_url: the database, under the role that owns or shall own its tables.
        app_role: the role that serves requests; it gets rights and owns nothing.
        to: the revision, usually the newest.
        patience_s: how long to wait for another process that migrates.
        tries: how often to try a revision that can't have its locks.

    Raises:
        SchemaError: the role is missing or the same, a lock was not to be had, a right is missing.
        SchemaMismatchError: the database is newer than this code.
        StorageUnavailableError: nobody answers there, or not to this role.
    """
    wanted = head_revision() if to == HEAD else to
    async with connected(owner_url) as connection:
        await _take_turn(connection, patience_s=patience_s)
        before = await found_revision(connection)
        if before is not None and before not in revisions():
            raise _newer(before)
        await _require_app_role(connection, app_role)
        if before != wanted:
            plan = _Plan(command=command.upgrade, to=to, app_role=app_role, tries=tries)
            await _run(connection, plan)
        await _close(connection, app_role)
        return Migration(before=before, after=await found_revision(connection))


async def downgrade(
    owner_url: str, *, to: str, app_role: str = APP_ROLE, patience_s: float = PATIENCE_S
) -> Migration:
    """Take a database back; what the revisions in between hold is lost.

    Raises:
        SchemaError: a lock was not to be had, or a right is missing.
        SchemaMismatchError: the database is newer than this code.
        StorageUnavailableError: nobody answers there, or not to this role.
    """
    async with connected(owner_url) as connection:
        await _take_turn(connection, patience_s=patience_s)
        before = await found_revision(connection)
        if before is not None and before not in revisions():
            raise _newer(before)
        plan = _Plan(command=command.downgrade, to=to, app_role=app_role, tries=TRIES)
        await _run(connection, plan)
        return Migration(before=before, after=await found_revision(connection))


async def found_revision(connection: AsyncConnection) -> str | None:
    """Return the revision that a connection's role can see, outside of any transaction."""
    try:
        rows = (await connection.execute(_FOUND)).scalars().all()
    except DBAPIError as error:
        await connection.rollback()
        if sqlstate(error) in _NOT_THERE:
            return None
        raise
    await connection.commit()
    return ", ".join(rows) or None


def _newer(found: str) -> SchemaMismatchError:
    return SchemaMismatchError(
        found=found,
        needed=head_revision(),
        remedy="it was migrated by a newer release: upgrade Plangate to that one",
    )


async def _take_turn(connection: AsyncConnection, *, patience_s: float) -> None:
    """Hold the advisory lock, which ends with the connection.

    It is asked for again and again: a session that waits inside Postgres has a transaction open,
    for which `create index concurrently` in the migrating session would wait in turn.
    """
    try:
        async with asyncio.timeout(patience_s):
            attempt = 0
            while not await connection.scalar(_TAKE_TURN, {"key": TURN}):
                await connection.commit()
                await _pause(attempt)
                attempt += 1
            await connection.commit()
    except TimeoutError as error:
        raise SchemaError(
            problem=f"another process has been migrating for {patience_s:g} s",
            remedy="wait until it is done and run this again",
        ) from error


async def _pause(attempt: int) -> None:
    await asyncio.sleep(0.02 + delay_s(attempt, base_s=0.05, cap_s=0.5, jitter=random.random()))


async def _require_app_role(connection: AsyncConnection, app_role: str) -> None:
    """See that the app's role is there and is not the one that migrates."""
    try:
        name = quoted_name(app_role)
    except ValueError as error:
        raise SchemaError(problem=str(error), remedy="name another role") from error
    owner = await connection.scalar(_OWNER)
    exists = await connection.scalar(_ROLE_EXISTS, {"role": app_role})
    may_make = await connection.scalar(_MAY_MAKE_ROLES)
    if owner == app_role:
        raise SchemaError(
            problem=f"the role '{app_role}' would own the tables that it must be held off",
            remedy="migrate as another role and let the app connect as this one",
        )
    if not exists and not may_make:
        raise SchemaError(
            problem=f"the role '{app_role}' does not exist and '{owner}' may not make it",
            remedy=f"run as a superuser: create role {name} login password '...'",
        )
    if not exists:
        await connection.exec_driver_sql(f"create role {name} nologin")
    await connection.commit()


async def _run(connection: AsyncConnection, plan: _Plan) -> None:
    for attempt in range(plan.tries):
        try:
            await connection.run_sync(run, plan.command, to=plan.to, app_role=plan.app_role)
        except DBAPIError as error:
            await connection.rollback()
            if sqlstate(error) not in _BUSY or attempt + 1 == plan.tries:
                raise _failure(error, plan) from error
            await _pause(attempt + 2)
        else:
            return


def _failure(error: DBAPIError, plan: _Plan) -> Exception:
    if error.connection_invalidated:
        return StorageUnavailableError(reason="the connection ended while it migrated")
    state = sqlstate(error)
    if state in _BUSY:
        return SchemaError(
            problem=f"a table was locked by others in each of {plan.tries} tries of {LOCK_TIMEOUT}",
            remedy="end long transactions or come back at a quieter time, and run this again",
        )
    if state == _SLOW:
        return SchemaError(
            problem=f"a statement took longer than {STATEMENT_TIMEOUT}",
            remedy="run this again at a quieter time",
        )
    if state == _NOT_ALLOWED:
        return SchemaError(
            problem="the migrating role lacks a right on the database or its tables",
            remedy="migrate as the role that owns the database and everything in it",
        )
    return error


async def _close(connection: AsyncConnection, app_role: str) -> None:
    """Take from the app's role what Postgres gives to everybody.

    Only the owner of the database can; where that is another role the doctor names what is open.
    """
    database = await connection.scalar(_OPEN, {"role": app_role})
    if database is not None:
        name = quoted_name(app_role)
        for statement in (
            f"revoke create, temporary on database {database} from public, {name}",
            f"grant connect on database {database} to {name}",
            f"revoke create on schema public from public, {name}",
        ):
            await connection.exec_driver_sql(statement)
    await connection.commit()
