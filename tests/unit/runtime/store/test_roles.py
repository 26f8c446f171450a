"""Hold the judgement of roles to every way in which one can reach beyond its tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from runtime.domain.errors import UnsafeRoleError
from runtime.store.one_connection import connected
from runtime.store.roles import refuse_unsafe_role, role_problems
from tests.database import APP, OWNER, DatabaseUrls, session


async def test_the_apps_role_may_serve(database_urls: DatabaseUrls) -> None:
    """It owns nothing, is nobody else, and can become nobody else."""
    async with connected(database_urls.app_url) as connection:
        await refuse_unsafe_role(connection)

        assert await role_problems(connection) == ()


async def test_the_owner_may_not_serve(database_urls: DatabaseUrls) -> None:
    """Who owns a table can switch its row security off."""
    async with connected(database_urls.owner_url) as connection:
        with pytest.raises(UnsafeRoleError, match="owns tables, functions, a schema or a database"):
            await refuse_unsafe_role(connection)


async def test_a_superuser_may_not_serve(database_urls: DatabaseUrls) -> None:
    """Every power is named at once, so that one visit mends it."""
    async with connected(database_urls.superuser_url) as connection:
        with pytest.raises(UnsafeRoleError, match="is a superuser; it bypasses row security"):
            await refuse_unsafe_role(connection)


@pytest.mark.parametrize(
    ("attribute", "problem"),
    [
        pytest.param("bypassrls", "it bypasses row security", id="bypassing"),
        pytest.param("createrole", "it may make roles", id="making roles"),
        pytest.param("createdb", "it may make databases", id="making databases"),
        pytest.param("replication", "it may replicate the whole server", id="replicating"),
    ],
)
async def test_a_power_of_the_role_is_found(
    database_urls: DatabaseUrls, attribute: str, problem: str
) -> None:
    """Each attribute that reaches beyond row security is named with its mend."""
    async with (
        _changed(database_urls, f"alter role {APP} {attribute}", f"alter role {APP} no{attribute}"),
        connected(database_urls.app_url) as connection,
    ):
        found = await role_problems(connection)

    assert [item.problem for item in found] == [problem]
    assert f'alter role "{APP}" no{attribute}' in found[0].mend


@pytest.mark.parametrize(
    "options",
    [
        pytest.param("with inherit true, set true", id="inherited"),
        pytest.param("with inherit false, set true", id="by SET ROLE only"),
        pytest.param("with inherit false, set false, admin true", id="able to grant it to itself"),
    ],
)
async def test_a_membership_in_the_owner_is_found(
    database_urls: DatabaseUrls, options: str
) -> None:
    """Whether the rights are inherited or have to be asked for makes no difference."""
    async with (
        _changed(
            database_urls, f"grant {OWNER} to {APP} {options}", f"revoke {OWNER} from {APP} cascade"
        ),
        connected(database_urls.app_url) as connection,
    ):
        found = await role_problems(connection)

    assert any(
        f"owns tables, functions, a schema or a database as a member of '{OWNER}'" in item.problem
        for item in found
    )


async def test_a_membership_of_a_membership_is_found(database_urls: DatabaseUrls) -> None:
    """A role between the app's and a powerful one hides nothing."""
    async with (
        _changed(
            database_urls,
            f"create role between_us; create role powerful bypassrls;"
            f"grant powerful to between_us; grant between_us to {APP}",
            "drop role between_us; drop role powerful",
        ),
        connected(database_urls.app_url) as connection,
    ):
        found = await role_problems(connection)

    assert [item.problem for item in found] == [
        "it bypasses row security as a member of 'powerful'"
    ]


@pytest.mark.parametrize(
    "role", ["pg_read_all_data", "pg_monitor", "pg_execute_server_program", "pg_signal_backend"]
)
async def test_a_predefined_role_is_found(database_urls: DatabaseUrls, role: str) -> None:
    """Postgres' own roles read all tables, other sessions or files: none is for one tenant."""
    async with (
        _changed(database_urls, f"grant {role} to {APP}", f"revoke {role} from {APP}"),
        connected(database_urls.app_url) as connection,
    ):
        found = await role_problems(connection)

    assert f"it is a member of '{role}', whose rights reach beyond one tenant" in {
        item.problem for item in found
    }


async def test_the_role_that_logged_in_counts(database_urls: DatabaseUrls) -> None:
    """RESET ROLE leads back to it, whatever the session calls itself now."""
    async with connected(database_urls.superuser_url) as connection:
        await connection.exec_driver_sql(f"set role {APP}")
        with pytest.raises(UnsafeRoleError, match="is a superuser"):
            await refuse_unsafe_role(connection)


@asynccontextmanager
async def _changed(urls: DatabaseUrls, change: str, back: str) -> AsyncIterator[None]:
    """Change roles, which all databases of the server share, and change them back."""
    async with session(urls.superuser_url) as superuser:
        await superuser.execute(change)
        try:
            yield
        finally:
            await superuser.execute(back)
