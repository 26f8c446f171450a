"""Walk up and down each revision with rows in the tables: nothing is lost, nothing is left."""

from __future__ import annotations

from typing import Final

import pytest

from runtime.store import revisions, schema
from runtime.store.rights import TENANTLESS
from tests.database import DatabaseUrls, session
from tests.integration.schema.catalogue import written_down
from tests.rows import INSTANT, organization, rows_of, seed

KNOWN: Final = revisions.revisions()
STEPS: Final = tuple(zip((revisions.BASE, *KNOWN), KNOWN, strict=False))
ROWS: Final = rows_of(organization(1))


@pytest.mark.parametrize(("below", "revision"), STEPS)
async def test_a_revision_goes_up_down_and_up_with_rows(
    empty_database_urls: DatabaseUrls, below: str, revision: str
) -> None:
    """What stood below is the same after it, and its rows are there still."""
    urls = empty_database_urls
    if below != revisions.BASE:
        await schema.upgrade(urls.owner_url, to=below)
    await _seed(urls)
    lower, rows_below = written_down(urls), await _counted(urls)

    await schema.upgrade(urls.owner_url, to=revision)
    upper, rows_up = written_down(urls), await _counted(urls)
    await _seed(urls)
    await schema.downgrade(urls.owner_url, to=below)
    lower_again, rows_down = written_down(urls), await _counted(urls)
    await schema.upgrade(urls.owner_url, to=revision)

    assert lower_again == lower
    assert written_down(urls) == upper
    assert rows_up.items() >= rows_below.items()
    assert rows_down == rows_below


async def test_the_whole_stair_leaves_no_trace(empty_database_urls: DatabaseUrls) -> None:
    """After base, head and base again the database is as one that never met us."""
    urls = empty_database_urls
    untouched = written_down(urls)

    await schema.upgrade(urls.owner_url)
    head = written_down(urls)
    await _seed(urls)
    await schema.downgrade(urls.owner_url, to=revisions.BASE)
    base = written_down(urls)
    await schema.upgrade(urls.owner_url)

    assert base == untouched
    assert written_down(urls) == head


async def test_organizations_that_are_there_are_listed(empty_database_urls: DatabaseUrls) -> None:
    """Those from before the list, with what is archived of them, and row security is back on."""
    urls, archived = empty_database_urls, rows_of(organization(2))["organizations"]
    await schema.upgrade(urls.owner_url, to="0006")
    async with session(urls.superuser_url) as superuser:
        await seed(superuser, {"organizations": ROWS["organizations"]})
        await seed(superuser, {"organizations": {**archived, "archived_at": INSTANT}})
    await schema.upgrade(urls.owner_url, to="0007")

    async with session(urls.superuser_url) as superuser:
        listed = await superuser.fetch("select id, archived from listed_organizations order by id")
        forced = await superuser.fetchval(
            "select relforcerowsecurity from pg_class where relname = 'organizations'"
        )
    assert [tuple(row) for row in listed] == [(organization(1), False), (organization(2), True)]
    assert forced is True


async def test_every_table_has_a_sample_row(database_urls: DatabaseUrls) -> None:
    """A table without a row in `tests/rows.py` would be walked over empty."""
    await _seed(database_urls)

    counted = await _counted(database_urls)

    assert set(counted) == set(ROWS)
    assert {table for table, rows in counted.items() if rows != 1} == set()


async def _seed(urls: DatabaseUrls) -> None:
    there = await _counted(urls)
    async with session(urls.superuser_url) as superuser:
        await seed(superuser, ROWS, skip=[table for table, rows in there.items() if rows])


async def _counted(urls: DatabaseUrls) -> dict[str, int]:
    """Return how many rows each table of tenants has, whoever's they are."""
    async with session(urls.superuser_url) as superuser:
        tables = await superuser.fetch(
            "select relname from pg_class where relnamespace = 'public'::regnamespace "
            "and relkind = 'r' and relname <> all ($1)",
            sorted(TENANTLESS),
        )
        return {
            table: await superuser.fetchval(f"select count(*) from {table}")  # noqa: S608  # ours
            for (table,) in tables
        }
