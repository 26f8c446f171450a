"""Give tests a real Postgres: one server a process, migrated once, a fresh database for each test.

The server starts when the first test asks. Each database is a clone of a migrated template, reached
under the roles of production: the owner, who migrates, and the app's, which owns nothing; commits
are real. Registered in `tests/conftest.py`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg
import pytest
import pytest_asyncio

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.store import schema
from runtime.store.session import Database
from tests.servers.postgres_server import postgres_server

OWNER: Final = "plangate_owner"
APP: Final = "plangate_app"
_TEMPLATE: Final = "plangate_template"
T = TypeVar("T")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrls:
    """Reach one database under each role."""

    name: str
    owner_url: str
    app_url: str
    superuser_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseServer:
    """Make databases on a running server."""

    server: EmbeddedPostgres
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def urls(self, name: str) -> DatabaseUrls:
        """Return the addresses of a database, whether it exists or not."""
        return DatabaseUrls(
            name=name,
            owner_url=self.server.url(role="owner", database=name),
            app_url=self.server.url(role="app", database=name),
            superuser_url=self.server.url(role="superuser", database=name),
        )

    @contextmanager
    def empty(self) -> Iterator[DatabaseUrls]:
        """Make a database that was never migrated, and drop it in the end."""
        with self._made("template0") as urls:
            yield urls

    @contextmanager
    def migrated(self) -> Iterator[DatabaseUrls]:
        """Make a database at the newest revision without rows, and drop it in the end."""
        with self._made(_TEMPLATE) as urls:
            yield urls

    def prepare(self) -> None:
        """Make the template that every migrated database is cloned from."""
        apart(self._command(f"create database {_TEMPLATE} owner {OWNER} template template0"))
        apart(schema.upgrade(self.urls(_TEMPLATE).owner_url))

    @contextmanager
    def _made(self, template: str) -> Iterator[DatabaseUrls]:
        name = f"test_{next(self._numbers)}"
        apart(
            self._command(
                f"create database {name} owner {OWNER} template {template} strategy wal_log",
                # A clone has the template's content, but not the rights on the database itself.
                f"revoke all on database {name} from public",
                f"grant connect on database {name} to {APP}",
            )
        )
        try:
            yield self.urls(name)
        finally:
            apart(self._command(f"drop database {name} with (force)"))

    async def _command(self, *statements: str) -> None:
        async with session(self.urls("postgres").superuser_url) as superuser:
            for statement in statements:
                await superuser.execute(statement)


class FreshDatabase(Database):
    """Be a test's own database, opened as the app opens it."""

    urls: DatabaseUrls

    @property
    def owner_url(self) -> str:
        """Return the address under the role that owns the tables."""
        return self.urls.owner_url

    @property
    def app_url(self) -> str:
        """Return the address under the role that serves requests."""
        return self.urls.app_url


@asynccontextmanager
async def session(url: str) -> AsyncIterator[Connection]:
    """Open a bare session, to act as somebody who does not go through our code."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own, whatever loop this thread has."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def database_server() -> Iterator[DatabaseServer]:
    """Serve a real Postgres for as long as this process tests."""
    with postgres_server() as server:
        made = DatabaseServer(server=server)
        made.prepare()
        yield made


@pytest.fixture
def database_urls(database_server: DatabaseServer) -> Iterator[DatabaseUrls]:
    """Give a fresh migrated database without rows, by its addresses."""
    with database_server.migrated() as urls:
        yield urls


@pytest.fixture
def empty_database_urls(database_server: DatabaseServer) -> Iterator[DatabaseUrls]:
    """Give a fresh database that was never migrated, by its addresses."""
    with database_server.empty() as urls:
        yield urls


@pytest_asyncio.fixture
async def database(database_urls: DatabaseUrls) -> AsyncIterator[FreshDatabase]:
    """Give a fresh migrated database, opened as the app's role in the test's own loop."""
    opened = await FreshDatabase.opened(database_urls.app_url)
    opened.urls = database_urls
    try:
        yield opened
    finally:
        await opened.close()
