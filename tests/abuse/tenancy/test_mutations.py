"""Weaken each policy in every way that a migration could: the attacks notice every one (T12)."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import pytest

from runtime.store import doctor
from runtime.store.rights import TENANT_COLUMN, TENANTS
from tests.abuse.tenancy.attacks import Attackers, attackers, seed_two, tables, violations
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


EACH_MUTATION: Final = pytest.mark.parametrize(
    "mutation", [pytest.param(item, id=item.name) for item in MUTATIONS]
)


@EACH_MUTATION
async def test_a_weakened_policy_is_noticed(
    database_urls: DatabaseUrls, mutation: Mutation
) -> None:
    """Of each table in its turn, with all others whole, at least one attack ends otherwise."""
    await seed_two(database_urls.superuser_url)
    unnoticed = []
    async with attackers(database_urls) as them:
        for table in tables():
            await them.owner.execute(_filled_in(mutation.statement, table))
            if not await _noticed(them, table):
                unnoticed.append(table)
            await them.owner.execute(_filled_in(MEND, table))

    assert unnoticed == []
    assert await doctor.diagnose(database_urls.app_url) == ()


@EACH_MUTATION
async def test_a_weakened_policy_is_diagnosed(
    database_urls: DatabaseUrls, mutation: Mutation
) -> None:
    """The doctor, who tries nothing, sees it on every table as well."""
    async with session(database_urls.owner_url) as owner:
        for table in tables():
            await owner.execute(_filled_in(mutation.statement, table))

    found = await doctor.diagnose(database_urls.app_url)

    assert {item.subject for item in found} == set(tables())


async def test_a_context_that_may_be_missing_is_noticed(database_urls: DatabaseUrls) -> None:
    """A function that no longer raises turns a fault of ours into an empty list."""
    await seed_two(database_urls.superuser_url)
    async with attackers(database_urls) as them:
        await them.owner.execute(
            "create or replace function current_organization() returns text language sql stable "
            "as $$ select nullif(current_setting('app.organization_id', true), '') $$"
        )

        unnoticed = [table for table in tables() if not await _noticed(them, table)]

    assert unnoticed == []


async def test_a_right_too_many_is_noticed(database_urls: DatabaseUrls) -> None:
    """A verb that the app never needs was refused, and now is not."""
    await seed_two(database_urls.superuser_url)
    async with attackers(database_urls) as them:
        for table in tables():
            await them.owner.execute(f"grant update, delete on {table} to {APP}")
        noticed = {table for table in tables() if await _noticed(them, table)}

    assert noticed == set(tables()) - {
        "projects",
        "memberships",
        "idempotency_keys",
        "limit_counters",
        "hooks",
        "hook_secrets",
        "hook_deliveries",
        "schedules",
        "firings",
        "jobs",
        "webhook_deliveries",
        "webhook_endpoints",
        "webhook_secrets",
        "conversations",
        "turns",
        "facts",
        "model_spends",
        "model_tallies",
    }


async def _noticed(them: Attackers, table: str) -> bool:
    async with aclosing(violations(them, table)) as found:
        return await anext(found, None) is not None


def _filled_in(statement: str, table: str) -> str:
    tenant = "id" if table == TENANTS else TENANT_COLUMN
    return statement.format(table=table, policy=f"{table}_tenant", tenant=tenant)
