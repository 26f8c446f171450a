"""Break Postgres, or what it lets the platform do."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from tests.database import APP, DatabaseUrls, session

_SERVES_WITHIN_S = 30.0
_END_ALL = (
    "select count(pg_terminate_backend(pid)) from pg_stat_activity "
    "where datname = current_database() and usename = 'plangate_app'"
)

_A_BACKEND = (
    "select pid from pg_stat_activity where datname = current_database() "
    "and usename = 'plangate_app' order by state_change desc limit 1"
)
_BLOCKED = (
    "select count(*) from pg_stat_activity where wait_event_type = 'Lock' "
    "and query like '%commit_executions%' and datname = current_database()"
)


async def crashed(server: EmbeddedPostgres) -> float:
    """Kill the server with signal 9, wait until its supervisor has it serve again; say how long."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(_SERVES_WITHIN_S):
        await until_serving(server, former_pid=pid)
    return loop.time() - began_s


async def until_serving(server: EmbeddedPostgres, *, former_pid: int) -> None:
    """Return when another process than the former one serves."""
    while True:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if server.pid not in {None, former_pid}:
                async with session(server.url(role="superuser", database="postgres")) as superuser:
                    await superuser.execute("select 1")
                    return
        await asyncio.sleep(0.05)


async def backend_killed(urls: DatabaseUrls) -> None:
    """Kill one of the platform's own sessions with signal 9: the server starts over as a whole."""
    async with session(urls.superuser_url) as superuser:
        pid = await superuser.fetchval(_A_BACKEND)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


async def all_ended(urls: DatabaseUrls) -> None:
    """End every session of the app's role on a database, whatever it does."""
    async with session(urls.superuser_url) as superuser:
        await superuser.execute(_END_ALL)


@asynccontextmanager
async def no_connections(urls: DatabaseUrls) -> AsyncIterator[None]:
    """Let the app's role have no connection, as a server that has too many does."""
    async with session(urls.superuser_url) as superuser:
        await superuser.execute(f"alter role {APP} connection limit 0")
        await superuser.execute(_END_ALL)
        try:
            yield
        finally:
            await superuser.execute(f"alter role {APP} connection limit -1")


@asynccontextmanager
async def locked_heads(urls: DatabaseUrls, project_id: str) -> AsyncIterator[None]:
    """Hold the row that every commit of a project replaces."""
    async with session(urls.superuser_url) as superuser, superuser.transaction():
        await superuser.execute("select from heads where project_id = $1 for update", project_id)
        yield


async def blocked(urls: DatabaseUrls, *, statements: int) -> None:
    """Return when so many commits wait for a lock."""
    async with session(urls.superuser_url) as superuser, asyncio.timeout(10):
        while await superuser.fetchval(_BLOCKED) < statements:  # noqa: ASYNC110  # Postgres tells nobody
            await asyncio.sleep(0.02)
