"""Try to step out of the app's role, or to look past it: T1, T3, T4 and T8."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg
import pytest
from sqlalchemy import text

from runtime.store import doctor
from runtime.store.session import Database
from runtime.store.symptoms import Check
from tests.abuse.tenancy.attacks import MINE, THEIRS, tables
from tests.database import APP, OWNER, Connection, DatabaseUrls, session

REFUSED: Final = (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedObjectError)


async def test_no_other_role_can_be_taken_on(two_tenants: DatabaseUrls) -> None:
    """SET ROLE and SET SESSION AUTHORIZATION are refused for every role of the server (T3)."""
    async with session(two_tenants.app_url) as app:
        others = await app.fetch("select rolname from pg_roles where rolname <> current_user")
        taken = [
            f"{way} {row['rolname']}"
            for row in others
            for way in ("set role", "set local role", "set session authorization")
            if await _goes_through(app, f'{way} "{row["rolname"]}"')
        ]

    assert len(others) > 2
    assert taken == []


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("reset role", id="reset role"),
        pytest.param("set role none", id="role none"),
        pytest.param("reset session authorization", id="reset authorization"),
        pytest.param("set session authorization default", id="default authorization"),
        pytest.param("reset all", id="reset all"),
        pytest.param("discard all", id="discard all"),
        pytest.param("set search_path = pg_temp, public", id="another path"),
    ],
)
async def test_what_leads_back_leads_to_the_app(two_tenants: DatabaseUrls, statement: str) -> None:
    """These are allowed to everybody, and change nothing about who one is or what one sees (T3)."""
    async with session(two_tenants.app_url) as app:
        await app.execute(statement)
        who = await app.fetchval("select current_user || ' ' || session_user")
        async with app.transaction():
            await app.execute("select set_config('app.organization_id', $1, true)", MINE)
            seen = {row["organization_id"] for row in await app.fetch("select * from projects")}

    assert (who, seen) == (f"{APP} {APP}", {MINE})


@pytest.mark.parametrize("table", tables())
async def test_row_security_can_not_be_switched_off(two_tenants: DatabaseUrls, table: str) -> None:
    """With row_security off Postgres refuses the query, for the app and for the owner (T3)."""
    for url in (two_tenants.app_url, two_tenants.owner_url):
        async with session(url) as somebody:
            await somebody.execute("set row_security = off")
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await somebody.fetch(f"select * from {table}")  # noqa: S608  # our names


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("set session_replication_role = replica", id="triggers off"),
        pytest.param("set local_preload_libraries = 'auto_explain'; load 'auto_explain'",
                     id="a library"),
        pytest.param(f"grant {OWNER} to {APP}", id="membership"),
        pytest.param("alter role plangate_app set app.organization_id = 'x'", id="a kept context"),
        pytest.param("select * from pg_authid", id="password hashes"),
        pytest.param("select * from pg_statistic", id="raw statistics"),
        pytest.param("select * from pg_hba_file_rules", id="who may connect"),
        pytest.param("select * from pg_file_settings", id="configuration files"),
        pytest.param("select pg_ls_dir('.')", id="the data folder"),
        pytest.param("select pg_current_logfile()", id="the log"),
        pytest.param("select pg_switch_wal()", id="the write-ahead log"),
        pytest.param("select pg_create_logical_replication_slot('s', 'pgoutput')",
                     id="the stream of changes"),
        pytest.param("select pg_reload_conf()", id="the server"),
    ],
)  # fmt: skip
async def test_what_reaches_beyond_rows_is_refused(
    two_tenants: DatabaseUrls, statement: str
) -> None:
    """Nothing of the server that holds other tenants' data can be read or turned (T3, T8)."""
    async with session(two_tenants.app_url) as app:
        with pytest.raises(REFUSED):
            await app.execute(statement)


async def test_statistics_tell_nothing_of_tenants(two_tenants: DatabaseUrls) -> None:
    """The values that the planner keeps of a table are hidden from whom row security holds (T8)."""
    async with session(two_tenants.superuser_url) as superuser:
        await superuser.execute("analyze")
        kept = await superuser.fetchval(
            "select count(*) from pg_stats where tablename = any ($1)", list(tables())
        )
    async with session(two_tenants.app_url) as app:
        seen = await app.fetch(
            "select tablename, attname, most_common_vals::text from pg_stats "
            "where tablename = any ($1)",
            list(tables()),
        )

    assert kept > 0
    assert seen == []


async def test_other_sessions_show_no_values(two_tenants: DatabaseUrls) -> None:
    """What another tenant's request asks is seen without what it asks for (T8)."""
    database = await Database.opened(two_tenants.app_url)
    try:
        async with session(two_tenants.app_url) as spy, database.transaction(THEIRS) as theirs:
            await theirs.execute(
                text("select id from projects where name = :name"), {"name": "their secret"}
            )
            own_role = await spy.fetch("select query from pg_stat_activity")
            async with session(two_tenants.superuser_url) as superuser:
                await superuser.fetch("select 'a superuser''s secret'")
                others = await spy.fetch(
                    "select query from pg_stat_activity where usename <> current_user"
                )
    finally:
        await database.close()

    seen = " ".join(row["query"] or "" for row in own_role)
    assert "select id from projects" in seen
    assert "their secret" not in seen
    assert THEIRS not in seen
    assert {row["query"] for row in others} <= {"<insufficient privilege>"}


@pytest.mark.parametrize("table", tables())
async def test_a_condition_never_meets_a_foreign_row(two_tenants: DatabaseUrls, table: str) -> None:
    """An expression that would fail on a foreign row does not: it is filtered before (T8)."""
    tenant = "id" if table == "organizations" else "organization_id"
    query = (
        f"select count(*) from {table} "  # noqa: S608  # our names
        f"where 1 / (case when {tenant} = $1 then 0 else 1 end) = 1"
    )
    async with session(two_tenants.app_url) as app, app.transaction():
        await app.execute("select set_config('app.organization_id', $1, true)", MINE)
        seen = await app.fetchval(query, THEIRS)

        assert seen == 1
        with pytest.raises(asyncpg.DivisionByZeroError):
            await app.fetchval(query, MINE)


@pytest.mark.parametrize("table", tables())
async def test_a_refusal_repeats_no_row(two_tenants: DatabaseUrls, table: str) -> None:
    """An error of row security names the table, and no value of anybody's (T8)."""
    tenant = "id" if table == "organizations" else "organization_id"
    async with session(two_tenants.superuser_url) as superuser:
        row = await superuser.fetchrow(
            f"select * from {table} where {tenant} = $1",  # noqa: S608  # our names
            THEIRS,
        )
    assert row is not None
    columns = ", ".join(row.keys())
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    async with session(two_tenants.app_url) as app, app.transaction():
        await app.execute("select set_config('app.organization_id', $1, true)", MINE)
        with pytest.raises(asyncpg.InsufficientPrivilegeError) as refused:
            await app.execute(
                f"insert into {table} ({columns}) values ({places})",  # noqa: S608  # our names
                *row.values(),
            )

    said = refused.value.as_dict()
    assert refused.value.message == (
        f'new row violates row-level security policy for table "{table}"'
    )
    assert {key for key in said if key in {"detail", "hint", "where"} and said[key]} == set()


async def test_nothing_lends_its_owners_eyes(two_tenants: DatabaseUrls) -> None:
    """There is no view, no definer function, and no sequence that could be looked into."""
    async with session(two_tenants.app_url) as app:
        views = await app.fetchval(
            "select count(*) from pg_class where relnamespace = 'public'::regnamespace "
            "and relkind in ('v', 'm', 'f')"
        )
        sequences = await app.fetchval(
            "select count(*) from pg_sequences where schemaname = 'public' "
            "and has_sequence_privilege(format('%I', sequencename), 'select, usage, update')"
        )
        definers = await app.fetchval(
            "select count(*) from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
        )

    assert (views, sequences, definers) == (0, 0, 0)


@pytest.mark.parametrize(
    ("bad", "check"),
    [
        pytest.param("create table bad (organization_id text not null, x text)",
                     Check.ROW_SECURITY, id="no row security"),
        pytest.param(
            "create table bad (organization_id text not null, x text); "
            "create policy p on bad using (organization_id = (select current_organization())) "
            "with check (organization_id = (select current_organization()))",
            Check.ROW_SECURITY, id="a policy, and row security off"),
        pytest.param(
            "create table bad (organization_id text not null, x text); "
            "alter table bad enable row level security; "
            "create policy p on bad using (organization_id = (select current_organization())) "
            "with check (organization_id = (select current_organization()))",
            Check.ROW_SECURITY, id="not forced"),
        pytest.param("create table bad (x text)", Check.TENANT, id="no tenant"),
        pytest.param(
            "create table bad (organization_id text not null, x text unique); "
            "alter table bad enable row level security; alter table bad force row level security; "
            "create policy p on bad using (organization_id = (select current_organization())) "
            "with check (organization_id = (select current_organization()))",
            Check.KEY, id="a key over all tenants"),
    ],
)  # fmt: skip
async def test_a_bad_table_is_found(database_urls: DatabaseUrls, bad: str, check: Check) -> None:
    """The walk over the catalogue is proven by the tables that it exists to find (T1)."""
    async with session(database_urls.owner_url) as owner:
        await owner.execute(bad)

    found = await doctor.diagnose(database_urls.app_url)

    assert ("bad", check) in {(item.subject, item.check) for item in found}


async def test_a_poisoned_session_is_harmless(two_tenants: DatabaseUrls) -> None:
    """A context that was set for a whole session is overruled by each transaction's own."""
    database = await Database.opened(two_tenants.app_url)
    try:
        async with database.engine.begin() as connection:
            await connection.execute(
                text("select set_config('app.organization_id', :other, false)"), {"other": THEIRS}
            )
        async with asyncio.timeout(10), database.transaction(MINE) as mine:
            seen = set(await mine.scalars(text("select organization_id from projects")))
    finally:
        await database.close()

    assert seen == {MINE}


async def _goes_through(app: Connection, statement: str) -> bool:
    try:
        async with app.transaction():
            await app.execute(statement)
    except asyncpg.PostgresError as error:
        return error.sqlstate not in {"42501", "22023"}
    return True
