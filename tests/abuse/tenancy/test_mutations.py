"""Weaken each policy in every way that a migration could: the attacks notice every one (T12)."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import pytest

from runtime.store import doctor
from runtime.store.rights import TENANT_COLUMN, TENANTS
from tests.abuse.tenancy.attacks import seed_two, tables, violations
from tests.database import APP, DatabaseUrls, session


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """Weaken the policy of a table by one statement; the names in braces are filled in."""

    name: str
    statement: str


MUTATIONS: Final = (
    Mutation(name="dropped", statement="drop policy {policy} on {table}"),
    Mutation(name="reads all", statement="alter policy {policy} on {table} using (true)"),
    Mutation(name="writes all", statement="alter policy {policy} on {table} with check (true)"),
    Mutation(
        name="reads and writes all",
        statement="alter policy {policy} on {table} using (true) with check (true)",
    ),
    Mutation(
        name="any context will do",
        statement="alter policy {policy} on {table} using (current_organization() is not null) "
        "with check (current_organization() is not null)",
    ),
    Mutation(
        name="no context is nobody",
        statement="alter policy {policy} on {table} "
        "using ({tenant} = current_setting('app.organization_id', true))",
    ),
    Mutation(name="not forced", statement="alter table {table} no force row level security"),
    Mutation(name="off", statement="alter table {table} disable row level security"),
    Mutation(name="another one beside it", statement="create policy more on {table} using (true)"),
    Mutation(
        name="another one for reading",
        statement="create policy more on {table} for select using (true)",
    ),
    Mutation(
        name="another one for writing",
        statement="create policy more on {table} for insert with check (true)",
    ),
    Mutation(
        name="of the owner only", statement="alter policy {policy} on {table} to plangate_owner"
    ),
)


RULE: Final = "{tenant} = (select current_organization())"
MEND: Final = (
    "alter table {table} enable row level security; alter table {table} force row level security; "
    "drop policy if exists more on {table}; drop policy if exists {policy} on {table}; "
    f"create policy {{policy}} on {{table}} using ({RULE}) with check ({RULE})"
)


@pytest.mark.parametrize("mutation", [pytest.param(item, id=item.name) for item in MUTATIONS])
async def test_a_weakened_policy_is_noticed(
    database_urls: DatabaseUrls, mutation: Mutation
) -> None:
    """Of each table in its turn at least one attack ends otherwise, and the doctor sees it, too."""
    await seed_two(database_urls.superuser_url)
    unnoticed, unexamined = [], []
    async with session(database_urls.owner_url) as owner:
        for table in tables():
            names = {
                "table": table,
                "policy": f"{table}_tenant",
                "tenant": "id" if table == TENANTS else TENANT_COLUMN,
            }
            await owner.execute(mutation.statement.format(**names))
            if not await _noticed(database_urls, table):
                unnoticed.append(table)
            if {item.subject for item in await doctor.diagnose(database_urls.app_url)} != {table}:
                unexamined.append(table)
            await owner.execute(MEND.format(**names))

    assert (unnoticed, unexamined) == ([], [])
    assert await doctor.diagnose(database_urls.app_url) == ()


async def test_a_context_that_may_be_missing_is_noticed(database_urls: DatabaseUrls) -> None:
    """A function that no longer raises turns a fault of ours into an empty list."""
    await seed_two(database_urls.superuser_url)
    async with session(database_urls.owner_url) as owner:
        await owner.execute(
            "create or replace function current_organization() returns text language sql stable "
            "as $$ select nullif(current_setting('app.organization_id', true), '') $$"
        )

    assert [table for table in tables() if not await _noticed(database_urls, table)] == []


async def test_a_right_too_many_is_noticed(database_urls: DatabaseUrls) -> None:
    """A verb that the app never needs was refused, and now is not."""
    await seed_two(database_urls.superuser_url)
    async with session(database_urls.owner_url) as owner:
        for table in tables():
            await owner.execute(f"grant update, delete on {table} to {APP}")

    noticed = {table for table in tables() if await _noticed(database_urls, table)}
    assert noticed == set(tables()) - {"projects", "memberships", "idempotency_keys"}


async def _noticed(urls: DatabaseUrls, table: str) -> bool:
    async with aclosing(violations(urls, [table])) as found:
        return await anext(found, None) is not None
