"""Open transactions bound to one organization; without one there is no transaction.

Row security reads `app.organization_id`, which is set at the beginning of each transaction and
gone at its end, so that a connection carries nothing from one tenant to the next. Two doors lead to
the same database under the same role: SQLAlchemy for the many queries that are asked seldom, and
asyncpg itself for the few that each execution asks (measured: a transaction of four statements
costs half through it, one statement a third).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from runtime.domain.errors import StorageUnavailableError, TenantContextMissingError
from runtime.kit.ids import IdError, parse_id

CONNECT_TIMEOUT_S: Final = 5.0
STATEMENT_TIMEOUT_S: Final = 10.0
_SET_TENANT: Final = text("select set_config('app.organization_id', :organization, true)")
_READ_ONLY: Final = text("set transaction read only")
_SERVER_SETTINGS: Final = {
    "application_name": "plangate",
    "statement_timeout": f"{int(STATEMENT_TIMEOUT_S * 1000)}",
    "idle_in_transaction_session_timeout": "30000",
    "timezone": "UTC",
    "jit": "off",
    "search_path": "public",  # what a role set for itself does not count
    "row_security": "on",
    "synchronous_commit": "on",  # what is acknowledged is on disk, whatever a role's default says
}
LOST: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # of a connection that the server ended between two statements
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.PostgresSystemError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    asyncpg.exceptions.TransactionRollbackError,
)
"""What the driver raises when the database can't do now what it is asked, or its answer is lost."""

ObserveWait: TypeAlias = Callable[[str, float], None]
"""Take note of a pool, `direct` or `general`, and how many seconds a connection was waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSizes:
    """Bound the connections of one process: `direct` for executions, `general` for all else."""

    direct: int = 6
    general: int = 6


class Database:
    """Hold the connections of one process; belongs to one event loop."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        direct: asyncpg.Pool[Any],
        observe: ObserveWait | None = None,
    ) -> None:
        self.engine = engine
        self.direct = direct
        self._observe = observe

    @classmethod
    async def opened(
        cls, url: str, *, sizes: PoolSizes | None = None, observe: ObserveWait | None = None
    ) -> Self:
        """Connect under the app's role.

        Args:
            url: `postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE`.
            sizes: how many connections.
            observe: what is told of every wait for one, for metrics; of those in vain, too.

        Raises:
            StorageUnavailableError: nobody answers there, or not to this role.
        """
        wanted = sizes or PoolSizes()
        plain = make_url(url)
        engine = create_async_engine(
            plain.set(drivername="postgresql+asyncpg"),
            pool_size=wanted.general,
            max_overflow=0,
            pool_timeout=CONNECT_TIMEOUT_S,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "timeout": CONNECT_TIMEOUT_S,
                "command_timeout": STATEMENT_TIMEOUT_S,
                "server_settings": _SERVER_SETTINGS,
            },
        )
        try:
            direct = await asyncpg.create_pool(
                dsn=_dsn(plain),
                min_size=1,
                max_size=wanted.direct,
                reset=_nothing,  # each call is one transaction: nothing is left to reset
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=STATEMENT_TIMEOUT_S,
                server_settings=_SERVER_SETTINGS,
            )
        except (*LOST, asyncpg.PostgresError) as error:
            await engine.dispose()
            raise StorageUnavailableError(reason=type(error).__name__) from error
        return cls(engine=engine, direct=direct, observe=observe)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PoolConnectionProxy[Any]]:
        """Lend a connection for one direct call.

        Raises:
            StorageUnavailableError: none is free in time, or none can be made; nothing was sent.
        """
        wait = _Wait("direct", self._observe)
        try:
            taken = await self.direct.acquire(timeout=CONNECT_TIMEOUT_S)
        except (*LOST, asyncpg.PostgresError) as error:
            raise StorageUnavailableError(reason=type(error).__name__, sent=False) from error
        finally:
            wait.end()
        try:
            yield taken
        finally:
            await self.direct.release(taken)

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()
        await self.direct.close()

    @asynccontextmanager
    async def transaction(
        self, organization_id: str, *, read_only: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one organization's rows; it commits unless the block raises.

        Raises:
            TenantContextMissingError: no organization's id was given.
            StorageUnavailableError: the database can't be asked.
        """
        organization = tenant(organization_id)
        wait = _Wait("general", self._observe)
        try:
            async with self.engine.connect() as connection:
                wait.end()
                async with connection.begin():
                    if read_only:
                        await connection.execute(_READ_ONLY)
                    await connection.execute(_SET_TENANT, {"organization": organization})
                    yield connection
        except (*LOST, PoolTimeoutError, DBAPIError) as error:
            wait.end()
            reason = _reason(error)
            if reason is None:
                raise
            raise StorageUnavailableError(reason=reason) from error


class _Wait:
    """Measure one wait for a connection, from now on until it is first said to be over."""

    __slots__ = ("_observe", "_pool", "_since_s")

    def __init__(self, pool: str, observe: ObserveWait | None) -> None:
        self._pool = pool
        self._observe = observe
        self._since_s = 0.0 if observe is None else asyncio.get_running_loop().time()

    def end(self) -> None:
        observe, self._observe = self._observe, None
        if observe is not None:
            observe(self._pool, asyncio.get_running_loop().time() - self._since_s)


async def read_row(database: Database, call: str, *arguments: object) -> asyncpg.Record | None:
    """Return the row that a call of a reading function answers with, or None.

    A connection that had ended unnoticed is told by its first use; then another one is asked.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    try:
        return await _read_once(database, call, arguments)
    except StorageUnavailableError:
        return await _read_once(database, call, arguments)


async def _read_once(
    database: Database, call: str, arguments: tuple[object, ...]
) -> asyncpg.Record | None:
    async with database.connection() as connection:
        try:
            return await connection.fetchrow(call, *arguments)
        except (*LOST, asyncpg.PostgresError) as error:  # a read: nothing was to be written
            raise StorageUnavailableError(reason=type(error).__name__, sent=False) from error


def _reason(error: Exception) -> str | None:
    """Return why the database can't be asked, or None for an error that says something else."""
    found = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
    return type(found).__name__ if isinstance(found, (*LOST, PoolTimeoutError)) else None


def tenant(organization_id: str) -> str:
    """Return an organization's id, or refuse to go on without one.

    Raises:
        TenantContextMissingError: it is none.
    """
    try:
        parse_id(organization_id, "org")
    except IdError as error:
        raise TenantContextMissingError from error
    return organization_id


async def _nothing(_: object) -> None:
    """Leave a connection as it is."""


def _dsn(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
