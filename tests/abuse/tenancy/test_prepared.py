"""Use one prepared statement under many tenants and roles: a kept plan keeps no rights (T11)."""

from __future__ import annotations

from typing import Final

import asyncpg
import pytest

from tests.abuse.tenancy.attacks import MINE, THEIRS
from tests.database import APP, DatabaseUrls, session

ROUNDS: Final = 12
"""More than the five after which Postgres keeps one plan for all parameters."""
QUERIES: Final = [
    pytest.param("select organization_id from projects", id="plain"),
    pytest.param("select organization_id from projects where name like $1", id="a parameter"),
    pytest.param("with p as materialized (select * from projects) select organization_id from p",
                 id="a common table expression"),
    pytest.param("select organization_id from projects where exists "
                 "(select from members where members.organization_id = projects.organization_id)",
                 id="a subquery"),
    pytest.param("select p.organization_id from projects p join members m using (organization_id)",
                 id="a join"),
    pytest.param("select organization_id from projects union select organization_id from events",
                 id="a union"),
    pytest.param("update projects set name = name returning organization_id", id="an update"),
]  # fmt: skip


@pytest.mark.parametrize("plans", ["auto", "force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("query", QUERIES)
async def test_a_plan_is_of_nobody(two_tenants: DatabaseUrls, query: str, plans: str) -> None:
    """Alternating tenants on one connection, each execution returns the rows of its own."""
    async with session(two_tenants.app_url) as app:
        await app.execute(f"set plan_cache_mode = {plans}")
        prepared = await app.prepare(query)
        parameters = ["%"] if "$1" in query else []
        seen = []
        for tenant in (MINE, THEIRS) * ROUNDS:
            async with app.transaction():
                await app.execute("select set_config('app.organization_id', $1, true)", tenant)
                rows = await prepared.fetch(*parameters)
                seen.append((tenant, {row["organization_id"] for row in rows}))
        with pytest.raises(asyncpg.PostgresError, match="no organization is set"):
            await prepared.fetch(*parameters)

    assert all(found == {tenant} for tenant, found in seen)


@pytest.mark.parametrize("query", QUERIES)
async def test_a_plan_of_a_mightier_role_is_replaced(two_tenants: DatabaseUrls, query: str) -> None:
    """What a superuser prepared and ran sees all; after SET ROLE it sees what the app sees."""
    async with session(two_tenants.superuser_url) as somebody:
        await somebody.execute("set plan_cache_mode = force_generic_plan")
        prepared = await somebody.prepare(query)
        parameters = ["%"] if "$1" in query else []
        async with somebody.transaction():
            all_rows = {row["organization_id"] for row in await prepared.fetch(*parameters)}
        async with somebody.transaction():
            await somebody.execute(f"set local role {APP}")
            await somebody.execute("select set_config('app.organization_id', $1, true)", MINE)
            own_rows = {row["organization_id"] for row in await prepared.fetch(*parameters)}

    assert (all_rows, own_rows) == ({MINE, THEIRS}, {MINE})


async def test_a_function_keeps_no_tenant(two_tenants: DatabaseUrls) -> None:
    """The plans inside of a function that names its tenant serve each caller's own."""
    query = "select version, environment from read_head($1, $2)"
    async with session(two_tenants.app_url) as app:
        project = await _project(two_tenants)
        found = [
            len(await app.fetch(query, tenant, project))
            for tenant in (MINE, "org_of_nobody", THEIRS) * ROUNDS
        ]
        left = await app.fetchval("select current_setting('app.organization_id', true)")

    assert found == [1, 0, 1] * ROUNDS
    assert left in {"", None}


async def _project(urls: DatabaseUrls) -> str:
    async with session(urls.superuser_url) as superuser:
        return str(await superuser.fetchval("select min(id) from projects"))
