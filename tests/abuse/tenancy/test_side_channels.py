"""Ask keys instead of rows: references and uniqueness are checked past row security (T5, T6)."""

from __future__ import annotations

import bisect
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from runtime.store.rights import TENANT_COLUMN
from tests.abuse.tenancy.attacks import MINE, SPARE, THEIRS, tables
from tests.database import Connection, DatabaseUrls, session
from tests.rows import inserted, rows_of, seed

ONLY_THEIRS: Final = 2
NOBODYS: Final = 99
SAMPLES: Final = 2_000
SEPARABLE_AT: Final = 2.6
"""Kolmogorov-Smirnov at p = 3e-6: chance alone does not fail a run of this suite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Hold a foreign key: the columns of a table beside the tenant's, and what they refer to.

    Attributes:
        names: of the columns there, in the same order.
    """

    table: str
    name: str
    columns: tuple[str, ...]
    referred: str
    names: tuple[str, ...]


async def test_a_foreign_reference_fails_as_a_missing_one_does(database_urls: DatabaseUrls) -> None:
    """Whether another tenant has an id can't be told: each key that could is tried (T5)."""
    async with session(database_urls.superuser_url) as superuser:
        await seed(superuser, rows_of(MINE))
        await seed(superuser, rows_of(THEIRS, number=ONLY_THEIRS))
        references = await _references(superuser)
    told = {}
    async with session(database_urls.app_url) as app:
        for reference in references:
            foreign = await _refusal(app, reference, number=ONLY_THEIRS)
            missing = await _refusal(app, reference, number=NOBODYS)
            told[reference.name] = (foreign, missing)

    assert len(references) >= 8
    assert {name for name, (foreign, missing) in told.items() if foreign != missing} == set()
    assert {foreign[0] for foreign, _ in told.values()} == {"23503"}


async def test_every_reference_carries_the_tenant(database_urls: DatabaseUrls) -> None:
    """No foreign key leads from one tenant's row to another's, or to a row of nobody."""
    async with session(database_urls.superuser_url) as superuser:
        every = await superuser.fetch(
            "select conname, array(select attname::text from pg_attribute "
            "where attrelid = conrelid and attnum = any (conkey)) as columns from pg_constraint "
            "where contype = 'f' and connamespace = 'public'::regnamespace"
        )

    assert every
    assert [row["conname"] for row in every if TENANT_COLUMN not in row["columns"]] == []


async def test_what_another_tenant_has_is_free_to_take(database_urls: DatabaseUrls) -> None:
    """The same ids, names and keys fit beside theirs: a conflict would be a tell (T6)."""
    async with session(database_urls.superuser_url) as superuser:
        await seed(superuser, rows_of(THEIRS))
        await seed(superuser, {"organizations": rows_of(MINE)["organizations"]})
    taken = []
    async with session(database_urls.app_url) as app, app.transaction():
        await app.execute("select set_config('app.organization_id', $1, true)", MINE)
        for table, row in rows_of(MINE).items():
            if table != "organizations":
                taken.append((table, await app.execute(inserted(table, row), *row.values())))

    assert {status for _, status in taken} == {"INSERT 0 1"}
    assert {table for table, _ in taken} | {"organizations"} == set(tables())


async def test_an_own_conflict_is_told_alike_with_and_without_theirs(
    database_urls: DatabaseUrls,
) -> None:
    """An own key that is taken is refused by the same words, whoever else has it (T6)."""
    async with session(database_urls.superuser_url) as superuser:
        await seed(superuser, rows_of(MINE))
        alone = await _conflicts(database_urls)
        await seed(superuser, rows_of(THEIRS))
        beside = await _conflicts(database_urls)

    assert alone == beside
    assert {state for state, _ in alone.values()} == {"23505"}


async def test_the_time_of_an_insert_tells_nothing(database_urls: DatabaseUrls) -> None:
    """A name that they have takes as long as one that nobody has (T6)."""
    async with session(database_urls.superuser_url) as superuser:
        await seed(superuser, rows_of(MINE))
        await seed(superuser, rows_of(THEIRS))
        theirs = rows_of(THEIRS, number=ONLY_THEIRS)["projects"]
        await seed(superuser, {"projects": {**theirs, "name": "Theirs"}})
    async with session(database_urls.app_url) as app:
        times = await _timed(app, names=("Theirs", "Nobody"))

    assert distance(times["Theirs"], times["Nobody"]) < SEPARABLE_AT


def test_times_that_differ_are_told_apart() -> None:
    """The measure is awake: a delay of a tenth of the spread is seen at this many samples."""
    chance = random.Random(7)
    fast = [chance.gauss(10, 1) for _ in range(SAMPLES)]
    same = [chance.gauss(10, 1) for _ in range(SAMPLES)]
    slow = [chance.gauss(10.3, 1) for _ in range(SAMPLES)]

    assert distance(fast, same) < SEPARABLE_AT
    assert distance(fast, slow) > SEPARABLE_AT


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the scaled Kolmogorov-Smirnov distance of two samples."""
    first, second = sorted(one), sorted(other)
    gaps = (
        abs(
            bisect.bisect_right(first, at) / len(first)
            - bisect.bisect_right(second, at) / len(second)
        )
        for at in (*first, *second)
    )
    weight = len(first) * len(second) / (len(first) + len(second))
    return float(max(gaps) * weight**0.5)


async def _timed(app: Connection, *, names: tuple[str, str]) -> dict[str, list[float]]:
    """Insert projects by name in random order, each taken back, and time the statement alone."""
    row = rows_of(MINE, number=NOBODYS)["projects"]
    statement = await app.prepare(inserted("projects", row))
    order = [name for name in names for _ in range(SAMPLES)]
    random.Random(11).shuffle(order)
    times: dict[str, list[float]] = {name: [] for name in names}
    for name in order:
        transaction = app.transaction()
        await transaction.start()
        await app.execute("select set_config('app.organization_id', $1, true)", MINE)
        start = time.perf_counter()
        await statement.fetch(*{**row, "name": name}.values())
        times[name].append(time.perf_counter() - start)
        await transaction.rollback()
    return times


async def _references(superuser: Connection) -> list[Reference]:
    """Return each foreign key that names more than the tenant."""
    rows = await superuser.fetch(
        "select conrelid::regclass::text as kept, conname, confrelid::regclass::text as referred, "
        "array(select kept.attname::text from unnest(conkey) "
        "with ordinality as key (number, place) "
        "join pg_attribute kept on kept.attrelid = conrelid and kept.attnum = key.number "
        "where kept.attname <> $1 order by place) as columns, "
        "array(select there.attname::text from unnest(conkey, confkey) with ordinality "
        "as key (number, other, place) "
        "join pg_attribute kept on kept.attrelid = conrelid and kept.attnum = key.number "
        "join pg_attribute there on there.attrelid = confrelid and there.attnum = key.other "
        "where kept.attname <> $1 order by place) as names from pg_constraint "
        "where contype = 'f' and connamespace = 'public'::regnamespace and cardinality(conkey) > 1",
        TENANT_COLUMN,
    )
    return [
        Reference(
            table=row["kept"],
            name=row["conname"],
            columns=tuple(row["columns"]),
            referred=row["referred"],
            names=tuple(row["names"]),
        )
        for row in rows
    ]


async def _refusal(app: Connection, reference: Reference, *, number: int) -> tuple[str, ...]:
    """Insert a row of mine that refers to what has that number; return what is said about it."""
    mine = rows_of(MINE)
    row = dict(rows_of(MINE, number=SPARE)[reference.table])
    row |= {
        column: mine[table]["id"]
        for column, table in (("project_id", "projects"), ("member_id", "members"))
        if column in row
    }
    there = rows_of(MINE, number=number)[reference.referred]
    row |= {
        column: there[name] for column, name in zip(reference.columns, reference.names, strict=True)
    }
    if row.get("project_id") is not None and "scope" in row:
        row["scope"] = row["project_id"]  # a check of the table wants them to agree
    referred = rf"\b{re.escape(str(there[reference.names[-1]]))}\b"
    try:
        async with app.transaction():
            await app.execute("select set_config('app.organization_id', $1, true)", MINE)
            await app.execute(inserted(reference.table, row), *row.values())
    except asyncpg.PostgresError as error:
        said = error.as_dict()
        return tuple(
            re.sub(referred, "ID", str(said.get(part)))
            for part in ("sqlstate", "message", "detail", "hint", "constraint_name")
        )
    return ("it was taken",)


async def _conflicts(urls: DatabaseUrls) -> dict[str, tuple[str, str]]:
    """Insert each row of mine a second time, and return how it is refused."""
    told = {}
    async with session(urls.app_url) as app:
        for table, row in rows_of(MINE).items():
            try:
                async with app.transaction():
                    await app.execute("select set_config('app.organization_id', $1, true)", MINE)
                    await app.execute(inserted(table, row), *row.values())
            except asyncpg.PostgresError as error:
                told[table] = (str(error.sqlstate), str(error))
    return told
