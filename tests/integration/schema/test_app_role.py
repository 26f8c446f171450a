"""Let the app's role try what it must not: it serves requests, and changes nothing but rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import asyncpg
import pytest

from runtime.store.rights import APPEND_ONLY, GRANTS
from tests.audit_rows import OF_NOBODY
from tests.database import Connection, DatabaseServer, DatabaseUrls, apart, session
from tests.rows import ONE_EACH, an_id, inserted, organization, rows_of, seed

HERE: Final = organization(1)
TENANT: Final = "organization_id"
COLUMN: Final = {
    "alembic_version": "version_num",
    "approval_deadlines": "tenant",
    "audit_key_epochs": "key_id",
    "audit_listings": "sink",
    "audit_outbox": "tenant",
    "audit_reconciliations": "tenant",
    "audit_shipments": "tenant",
    "audit_shippers": "sink",
    "audit_turns": "tenant",
    "event_outbox": "tenant",
    "job_leases": "tenant",
    "listed_organizations": "id",
    "organizations": "id",
    "outbox": "tenant",
    "schedule_alarms": "tenant",
    "secret_rotations": "reference",
    "webhook_lanes": "tenant",
}
DDL: Final = [
    pytest.param("create table mine (id text)", id="a table"),
    pytest.param("create temporary table projects (id text)", id="a temporary table"),
    pytest.param("create unlogged table mine (id text)", id="an unlogged table"),
    pytest.param("create table mine as select 1 as one", id="a table from a query"),
    pytest.param("select 1 as one into mine", id="a table by select into"),
    pytest.param("create view mine as select * from projects", id="a view"),
    pytest.param("create materialized view mine as select 1 as one", id="a materialized view"),
    pytest.param("create temporary view mine as select 1 as one", id="a temporary view"),
    pytest.param("create sequence mine", id="a sequence"),
    pytest.param("create type mine as enum ('a')", id="a type"),
    pytest.param("create domain mine as text", id="a domain"),
    pytest.param("create schema mine", id="a schema"),
    pytest.param("create index mine on projects (name)", id="an index"),
    pytest.param("create function mine() returns int language sql as 'select 1'", id="a function"),
    pytest.param("create extension vector", id="an extension"),
    pytest.param("create role mine", id="a role"),
    pytest.param("create database mine", id="a database"),
    pytest.param("create policy mine on projects using (true)", id="a policy"),
    pytest.param("create trigger mine before insert on projects for each row "
                 "execute function refuse_change()", id="a trigger"),
    pytest.param("create rule mine as on insert to projects do nothing", id="a rule"),
    pytest.param("create publication mine for table projects", id="a publication"),
    pytest.param("create statistics mine on name, environment from projects", id="statistics"),
    pytest.param("alter table projects add column mine text", id="a column"),
    pytest.param("alter table projects disable row level security", id="row security off"),
    pytest.param("alter table projects no force row level security", id="row security not forced"),
    pytest.param("alter table outcomes disable trigger all", id="triggers off"),
    pytest.param("alter policy projects_tenant on projects using (true)", id="a looser policy"),
    pytest.param("alter function current_organization() security definer", id="a definer"),
    pytest.param("alter table projects owner to plangate_app", id="ownership"),
    pytest.param("alter role plangate_app bypassrls", id="its own attributes"),
    pytest.param("alter role plangate_owner login password 'x'", id="another's password"),
    pytest.param("alter system set row_security = off", id="the server's settings"),
    pytest.param("alter database {database} set row_security = off", id="a database's settings"),
    pytest.param("drop table projects", id="dropping a table"),
    pytest.param("drop policy projects_tenant on projects", id="dropping a policy"),
    pytest.param("drop function current_organization()", id="dropping a function"),
    pytest.param("drop trigger outcomes_append_only on outcomes", id="dropping a trigger"),
    pytest.param("drop schema public cascade", id="dropping everything"),
    pytest.param("truncate projects cascade", id="emptying a table"),
    pytest.param("comment on table projects is 'mine'", id="a comment"),
    pytest.param("insert into alembic_version values ('9999')", id="another revision"),
    pytest.param("update alembic_version set version_num = '0'", id="an older revision"),
    pytest.param("delete from alembic_version", id="no revision"),
    pytest.param("select refuse_change()", id="a trigger's function"),
    pytest.param("select pg_read_file('PG_VERSION')", id="a file"),
    pytest.param("copy projects to program 'true'", id="a program"),
    pytest.param("select lo_import('/etc/hostname')", id="a large object from a file"),
]  # fmt: skip
REFUSED: Final = frozenset({"PL006", asyncpg.GeneratedAlwaysError.sqlstate})
WAYS: Final = ("select", "insert", "update", "delete")


@pytest.fixture(scope="module")
def seeded(database_server: DatabaseServer) -> Iterator[DatabaseUrls]:
    """Give one database with a row in every table to tests that leave it as it is."""
    with database_server.migrated() as urls:
        apart(_seed(urls.superuser_url))
        yield urls


@pytest.mark.parametrize("statement", DDL)
async def test_the_app_can_not(seeded: DatabaseUrls, statement: str) -> None:
    """A right is missing for it, whatever the rows are."""
    async with session(seeded.app_url) as app:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement.format(database=seeded.name))


async def test_the_app_can_not_give_its_rights_away(seeded: DatabaseUrls) -> None:
    """Postgres takes the statement, warns and grants nothing."""
    async with session(seeded.app_url) as app:
        await app.execute("grant select on projects to public")
        given = await app.fetchval("select has_table_privilege('public', 'projects', 'select')")

    assert given is False


async def test_the_app_can_do_exactly_what_it_is_listed_for(seeded: DatabaseUrls) -> None:
    """Each verb on each table is tried on a row of its own organization."""
    async with session(seeded.app_url) as app:
        done = {
            table: frozenset([way for way in WAYS if await _can(app, table, way)])
            for table in GRANTS
        }

    assert done == dict(GRANTS)


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("update {table} set {column} = {column}", id="update"),
        pytest.param("delete from {table}", id="delete"),
        pytest.param("truncate {table} cascade", id="truncate"),
    ],
)
@pytest.mark.parametrize("role", ["owner", "superuser"])
async def test_history_is_not_rewritten_by_anybody(
    seeded: DatabaseUrls, table: str, statement: str, role: str
) -> None:
    """Even a role with every right is stopped by the trigger, and told why."""
    url = seeded.owner_url if role == "owner" else seeded.superuser_url
    async with session(url) as mighty, mighty.transaction():
        await mighty.execute("select set_config('app.organization_id', $1, true)", HERE)
        with pytest.raises(asyncpg.PostgresError, match="only ever added") as refused:
            await mighty.execute(statement.format(table=table, column=COLUMN.get(table, TENANT)))

    assert refused.value.sqlstate == "PL006"


async def test_a_project_is_purged_as_a_whole(database_urls: DatabaseUrls) -> None:
    """History goes with its project and not otherwise; the audit stays."""
    await _seed(database_urls.superuser_url)
    async with session(database_urls.superuser_url) as superuser:
        async with session(database_urls.app_url) as app, app.transaction():
            await app.execute("select set_config('app.organization_id', $1, true)", HERE)
            await app.execute("update projects set archived_at = now(), purge_began_at = now()")
            await app.execute("delete from projects")
        left = {
            table: await superuser.fetchval(f"select count(*) from {table}")  # noqa: S608  # ours
            for table in (*APPEND_ONLY, "heads", "memberships", "invitations", "members")
        }

    assert {table for table, rows in left.items() if rows} == {
        "audit_anchors",
        "audit_copies",
        "audit_heads",
        "audit_key_epochs",
        "audit_leaves",
        "audit_orphans",
        "audit_records",
        "audit_tiles",
        "gates",
        "members",
        "organization_limits",
        "policy_activations",  # those of the organization
        "policy_decisions",
        "policy_units",
        "policy_versions",
        "secret_rotations",
    }


@pytest.mark.parametrize("table", ["outcomes", "snapshots", "versions"])
async def test_history_is_deleted_once_its_projects_purge_began(
    database_urls: DatabaseUrls, table: str
) -> None:
    """And not that of another project; nor is it ever updated."""
    async with session(database_urls.superuser_url) as superuser:
        for number in (1, 2):
            rows = rows_of(HERE, number=number)
            await seed(superuser, rows, skip=ONE_EACH if number > 1 else ())
    async with session(database_urls.app_url) as app, app.transaction():
        await app.execute("select set_config('app.organization_id', $1, true)", HERE)
        await app.execute(
            "update projects set archived_at = now(), purge_began_at = now() where id = $1",
            an_id("prj", 1),
        )
        mine = f"delete from {table} where project_id = $1"  # noqa: S608  # our names
        assert await app.execute(mine, an_id("prj", 1)) == "DELETE 1"
        with pytest.raises(asyncpg.PostgresError, match="only ever added"):
            async with app.transaction():
                await app.execute(mine, an_id("prj", 2))
    async with session(database_urls.owner_url) as owner, owner.transaction():
        await owner.execute("select set_config('app.organization_id', $1, true)", HERE)
        await owner.execute("update projects set archived_at = now(), purge_began_at = now()")
        with pytest.raises(asyncpg.PostgresError, match="only ever added"):
            await owner.execute(f"update {table} set project_id = project_id")  # noqa: S608  # ours


async def _seed(url: str) -> None:
    async with session(url) as superuser:
        await seed(superuser, rows_of(HERE))
        for table, values in OF_NOBODY.items():
            await superuser.execute(inserted(table, values), *values.values())


async def _can(app: Connection, table: str, way: str) -> bool:
    """Say whether a verb is allowed, by trying it and taking it back."""
    statements = {
        "select": f"select * from {table}",  # noqa: S608  # our names
        "insert": f"insert into {table} select * from {table}",  # noqa: S608
        "update": f"update {table} set {COLUMN.get(table, TENANT)} = {COLUMN.get(table, TENANT)}",  # noqa: S608
        "delete": f"delete from {table}",  # noqa: S608
    }
    transaction = app.transaction()
    await transaction.start()
    await app.execute("select set_config('app.organization_id', $1, true)", HERE)
    try:
        await app.execute(statements[way])
    except asyncpg.InsufficientPrivilegeError:
        return False
    except asyncpg.IntegrityConstraintViolationError:
        return True  # allowed by right, and refused by what is there
    except asyncpg.PostgresError as error:
        assert error.sqlstate in REFUSED  # noqa: PT017  # no test ends here
        return True  # allowed by right, and refused for what the row is
    finally:
        await transaction.rollback()
    return True
