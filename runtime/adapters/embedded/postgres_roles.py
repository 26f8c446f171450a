"""Log in to prove that Postgres serves, and make the roles and the database that Plangate uses.

`plangate_owner` owns the database and migrates it; `plangate_app` may connect, and gets from the
owner's migrations what else it may do. Neither is a superuser nor passes by row security.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from typing import Final

import asyncpg

from runtime.adapters.embedded.folder import SECRETS, DataFolder
from runtime.adapters.embedded.ports import LOOPBACK

SUPERUSER: Final = "postgres"
OWNER: Final = "plangate_owner"
APP: Final = "plangate_app"
DATABASE: Final = "plangate"
ANSWER_S: Final = 5.0
SETTLE_S: Final = 60.0

_FIND_ROLE: Final = "SELECT rolcreatedb FROM pg_roles WHERE rolname = $1"
# The server writes these statements itself, because roles take no parameters.
_MAKE_ROLE: Final = """
    SELECT format(
        'CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION '
        'PASSWORD %L', $1::text, $2::text)
"""
_LET_CREATE: Final = """
    SELECT format('ALTER ROLE %I %s', $1::text,
        CASE WHEN $2::boolean THEN 'CREATEDB' ELSE 'NOCREATEDB' END)
"""
_FIND_GRANTS: Final = "SELECT datacl IS NULL FROM pg_database WHERE datname = $1"
_MAKE_DATABASE: Final = f"CREATE DATABASE {DATABASE} OWNER {OWNER}"
_GRANT: Final = f"""
    REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
    GRANT CONNECT ON DATABASE {DATABASE} TO {APP};
"""


class Login:
    """Log in as superuser; the first time, make what is missing."""

    def __init__(
        self, *, port: int, folder: DataFolder, passwords: Mapping[str, str], durable: bool
    ) -> None:
        self._port = port
        self._folder = folder
        self._passwords = passwords
        self._durable = durable
        self._settled = False

    def works(self) -> bool:
        """Return whether the server lets us in; it may still be starting.

        Raises:
            EmbeddedServerError: If it never will, because our password is not its own.
        """
        try:
            socket.create_connection((LOOPBACK, self._port), timeout=ANSWER_S).close()
            asyncio.run(self._log_in())
        except asyncpg.InvalidPasswordError as error:
            raise self._folder.failure(
                f"it does not know the password in {self._folder.path / SECRETS}",
                advice="restore that file from a copy, or remove the whole folder with its data",
            ) from error
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
            return False
        return True

    async def _log_in(self) -> None:
        connection = await asyncpg.connect(
            host=LOOPBACK,
            port=self._port,
            user=SUPERUSER,
            password=self._passwords[SUPERUSER],
            database="postgres",
            ssl=False,
            timeout=ANSWER_S,
        )
        try:
            if not self._settled:
                async with asyncio.timeout(SETTLE_S):
                    await self._settle(connection)
                self._settled = True
        finally:
            await connection.close(timeout=ANSWER_S)

    async def _settle(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        # A statement that fails is logged, and some of these hold a password.
        await connection.execute("SET log_min_error_statement = 'panic'")
        for role, creates_databases in ((OWNER, not self._durable), (APP, False)):
            found = await connection.fetchval(_FIND_ROLE, role)
            if found is None:
                await connection.execute(
                    await connection.fetchval(_MAKE_ROLE, role, self._passwords[role])
                )
            if bool(found) is not creates_databases:
                await connection.execute(
                    await connection.fetchval(_LET_CREATE, role, creates_databases)
                )
        ungranted = await connection.fetchval(_FIND_GRANTS, DATABASE)
        if ungranted is None:
            await connection.execute(_MAKE_DATABASE)
        if ungranted is not False:
            await connection.execute(_GRANT)
