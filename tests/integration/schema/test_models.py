"""Hold the rows that queries are written with equal to the tables that revisions make."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Final

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, DefaultClause, Integer, MetaData, Table, text

import runtime.store
from runtime.store.base import Row
from runtime.store.one_connection import connected
from tests.database import DatabaseUrls

KINDS: Final = ("add_column", "modify_default", "modify_nullable", "modify_type")
_COLLATIONS: Final = text("""
select relname as kept, attname as name, nullif(collname, 'default') as collation
from pg_attribute join pg_class on pg_class.oid = attrelid
left join pg_collation on pg_collation.oid = attcollation
where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0
  and not attisdropped and relname <> 'alembic_version'
""")


async def test_the_models_are_the_tables(database_urls: DatabaseUrls) -> None:
    """Columns, types, nullability, defaults, keys and indexes: Alembic has nothing to add."""
    async with connected(database_urls.owner_url) as connection:
        drift = await connection.run_sync(_drift, _all_models())

    assert drift == [], "\n".join(map(str, drift))


async def test_the_models_compare_as_the_tables_do(database_urls: DatabaseUrls) -> None:
    """An id is compared byte by byte on both sides: a collation decides what a cursor skips."""
    async with connected(database_urls.owner_url) as connection:
        found = {
            (row.kept, row.name): row.collation for row in await connection.execute(_COLLATIONS)
        }

    assert {
        (table.name, column.name): getattr(column.type, "collation", None)
        for table in _all_models().sorted_tables
        for column in table.columns
    } == found


async def test_a_model_that_drifted_is_seen(database_urls: DatabaseUrls) -> None:
    """The comparison sees a column, a type, a default and a nullability that differ."""
    other = MetaData()
    for table in _all_models().sorted_tables:
        table.to_metadata(other)
    Table("events", other, Column("weight", Integer), extend_existing=True)
    other.tables["events"].c.document.nullable = True
    other.tables["projects"].c.name.type = Integer()
    other.tables["members"].c.kind.server_default = DefaultClause("person")
    async with connected(database_urls.owner_url) as connection:
        drift = await connection.run_sync(_drift, other)

    seen = {kind for item in drift for kind in KINDS if kind in str(item)}
    assert seen == set(KINDS)


def _all_models() -> MetaData:
    for module in pkgutil.walk_packages(runtime.store.__path__, "runtime.store."):
        importlib.import_module(module.name)
    return Row.metadata


def _drift(connection: Connection, models: MetaData) -> list[Any]:
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _: (kind, name) != ("table", "alembic_version"),
    }
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, models))
