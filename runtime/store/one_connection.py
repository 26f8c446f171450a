"""Open one connection for a command that runs once: a migration, a check, an examination."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from runtime.domain.errors import SchemaError, StorageUnavailableError
from runtime.store.recipes import LOCK_TIMEOUT, STATEMENT_TIMEOUT
from runtime.store.session import CONNECT_TIMEOUT_S, LOST

_SERVER_SETTINGS: Final = {
    "application_name": "plangate db",
    # What a revision sets for itself ends with its transaction; these hold around it too.
    "lock_timeout": LOCK_TIMEOUT,
    "statement_timeout": STATEMENT_TIMEOUT,
    "search_path": "public",
}


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    """Open the one connection of a run; closing it ends its turn, however the run ended.

    Raises:
        SchemaError: the address is none.
        StorageUnavailableError: nobody answers there, or not to this role.
    """
    engine = create_async_engine(
        _address(url),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "server_settings": _SERVER_SETTINGS,
            "prepared_statement_cache_size": 0,  # revisions change what a plan was made for
        },
    )
    try:
        connection = await engine.connect()
    except DBAPIError as error:
        await engine.dispose()
        raise StorageUnavailableError(reason=type(error.driver_exception).__name__) from error
    except LOST as error:
        await engine.dispose()
        raise StorageUnavailableError(reason=type(error).__name__) from error
    try:
        yield connection
    finally:
        await connection.close()
        await engine.dispose()


def role_of(url: str) -> str | None:
    """Return the role that an address names.

    Raises:
        SchemaError: the address is none.
    """
    return _address(url).username


def sqlstate(error: DBAPIError) -> str | None:
    """Return the five letters by which Postgres names what went wrong."""
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else None


def _address(url: str) -> URL:
    try:
        return make_url(url).set(drivername="postgresql+asyncpg")
    except (ArgumentError, ValueError) as error:  # ValueError: a port that is no number
        raise SchemaError(
            problem="the database's address is not readable",
            remedy="write it as postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE",
        ) from error
