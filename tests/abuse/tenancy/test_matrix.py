"""Attack a healthy database from the app's role and the owner's: nothing foreign is ever reached.

T7 and T9: every table by every verb in every context; a missing context is an error, not a list.
"""

from __future__ import annotations

import asyncpg
import pytest

from tests.abuse.tenancy.attacks import ATTACKS, MINE, Context, attackers, tables, violations
from tests.database import DatabaseUrls, session
from tests.rows import rows_of


@pytest.mark.parametrize("table", tables())
async def test_no_attack_reaches_a_foreign_row(two_tenants: DatabaseUrls, table: str) -> None:
    """Own rows can be worked with, foreign ones are not there, and can't be made."""
    async with attackers(two_tenants) as them:
        assert [found async for found in violations(them, table)] == []


async def test_every_table_of_the_catalogue_is_attacked(two_tenants: DatabaseUrls) -> None:
    """A new table can't slip by: it is found in the catalogue, and so must have its sample row."""
    async with session(two_tenants.superuser_url) as superuser:
        found = await superuser.fetch(
            "select relname from pg_class join pg_attribute on attrelid = pg_class.oid "
            "where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and attnum > 0 "
            "and (attname = 'organization_id' or (relname, attname) = ('organizations', 'id'))"
        )

    assert {row["relname"] for row in found} == set(tables()) == set(rows_of(MINE))


def test_every_verb_is_tried_in_every_context() -> None:
    """The matrix is whole: what can be done to a row is tried on own, foreign and no rows."""
    tried = {
        (needed, context)
        for attack in ATTACKS
        for needed in attack.needs
        for context in attack.expected
    }

    assert tried == {
        (verb, context) for verb in ("select", "insert", "update", "delete") for context in Context
    }


@pytest.mark.parametrize("table", tables())
async def test_a_session_that_never_had_a_context_is_refused(
    two_tenants: DatabaseUrls, table: str
) -> None:
    """Never set is as wrong as set before and gone: both raise, neither returns an empty list."""
    async with session(two_tenants.app_url) as app:
        with pytest.raises(asyncpg.PostgresError, match="no organization is set") as refused:
            await app.fetch(f"select * from {table}")  # noqa: S608  # our names

    assert refused.value.sqlstate == "PL001"


@pytest.mark.parametrize(
    "context",
    [
        pytest.param("", id="empty"),
        pytest.param("%", id="a pattern"),
        pytest.param("org_nobody", id="nobody"),
        pytest.param(f"{MINE},org_2", id="a list"),
        pytest.param("' or true --", id="SQL"),
        pytest.param(MINE.lower(), id="in lower case"),
        pytest.param(f"{MINE} ", id="with a space"),
    ],
)
async def test_a_strange_context_is_nobodys(two_tenants: DatabaseUrls, context: str) -> None:
    """Only an organization's own id, letter by letter, opens its rows."""
    async with session(two_tenants.app_url) as app, app.transaction():
        await app.execute("select set_config('app.organization_id', $1, true)", context)
        try:
            seen = [len(await app.fetch(f"select * from {table}")) for table in tables()]  # noqa: S608  # ours
        except asyncpg.PostgresError as error:
            seen = [int(error.sqlstate != "PL001")]

    assert set(seen) == {0}
