"""Hold migrating to its promises: one of many migrates, no wait is long, strangers are refused."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from runtime.domain.errors import SchemaError, SchemaMismatchError, StorageUnavailableError
from runtime.store import schema
from runtime.store.revisions import head_revision, revisions
from tests.database import OWNER, Connection, DatabaseUrls, session

STARTERS: Final = 20
WAITING: Final = "select pid from pg_locks where not granted and relation = 'projects'::regclass"


async def test_of_twenty_starters_one_migrates(empty_database_urls: DatabaseUrls) -> None:
    """The others wait for it and find the schema as they need it."""
    url = empty_database_urls.owner_url
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        starters = [group.create_task(schema.upgrade(url)) for _ in range(STARTERS)]

    done = [starter.result() for starter in starters]
    assert [item.changed for item in done].count(True) == 1
    assert {item.after for item in done} == {head_revision()}


async def test_upgrading_again_changes_nothing(database_urls: DatabaseUrls) -> None:
    """A start on a migrated database is a look."""
    done = await schema.upgrade(database_urls.owner_url)

    assert (done.before, done.after, done.changed) == (head_revision(), head_revision(), False)


async def test_waiting_for_another_is_bounded(empty_database_urls: DatabaseUrls) -> None:
    """Who has waited long enough says so, and has changed nothing."""
    async with session(empty_database_urls.owner_url) as other:
        await other.execute("select pg_advisory_lock($1)", schema.TURN)

        with pytest.raises(SchemaError, match=r"another process has been migrating for 0\.2 s"):
            await schema.upgrade(empty_database_urls.owner_url, patience_s=0.2)

    assert await schema.current_revision(empty_database_urls.owner_url) is None


async def test_who_waits_holds_no_transaction_open(empty_database_urls: DatabaseUrls) -> None:
    """An index made concurrently waits for every transaction, so a waiter must have none."""
    async with session(empty_database_urls.owner_url) as other:
        await other.execute("select pg_advisory_lock($1)", schema.TURN)
        waiter = asyncio.create_task(schema.upgrade(empty_database_urls.owner_url))
        idle = await _eventually(
            other,
            "select pid from pg_stat_activity where application_name = 'plangate db' "
            "and datname = current_database() and state = 'idle' and xact_start is null",
        )
        await other.execute("select pg_advisory_unlock($1)", schema.TURN)

        assert (await waiter).changed
    assert idle


async def test_a_lock_that_is_let_go_in_time_is_waited_for(
    empty_database_urls: DatabaseUrls,
) -> None:
    """A revision that can't have its locks gives up quickly, and is tried again."""
    url = empty_database_urls.owner_url
    await schema.upgrade(url, to="0001")
    async with session(url) as busy, session(url) as watch:
        async with busy.transaction():
            await busy.execute("lock table projects in row exclusive mode")
            upgrade = asyncio.create_task(schema.upgrade(url, to="0002"))
            first = await _eventually(watch, WAITING)
            await _eventually(watch, f"select true where not exists ({WAITING})")
        done = await upgrade

    assert first
    assert (done.before, done.after) == ("0001", "0002")


async def test_a_lock_that_stays_is_given_up(empty_database_urls: DatabaseUrls) -> None:
    """A long transaction of somebody else stops the migration, not the requests behind it."""
    url = empty_database_urls.owner_url
    await schema.upgrade(url, to="0001")
    async with session(url) as busy, busy.transaction():
        await busy.execute("lock table projects in row exclusive mode")

        with pytest.raises(SchemaError, match="locked by others in each of 2 tries of 1s"):
            await schema.upgrade(url, to="0002", tries=2)

    assert await schema.current_revision(url) == "0001"


async def test_a_migrator_that_is_killed_leaves_whole_revisions(
    empty_database_urls: DatabaseUrls,
) -> None:
    """The next one takes its turn at once and goes on where the last whole revision ended."""
    url = empty_database_urls.owner_url
    await schema.upgrade(url, to="0001")
    async with session(empty_database_urls.superuser_url) as killer, killer.transaction():
        await killer.execute("lock table projects in row exclusive mode")
        upgrade = asyncio.create_task(schema.upgrade(url, to="0002"))
        async with session(empty_database_urls.superuser_url) as watch:
            pid = await _eventually(watch, WAITING)
            await watch.execute("select pg_terminate_backend($1)", pid)
        with pytest.raises(StorageUnavailableError):
            await upgrade
    before = await schema.current_revision(url)
    done = await schema.upgrade(url, to="0002", patience_s=5)

    assert (before, done.before, done.after) == ("0001", "0001", "0002")


async def test_a_schema_that_fits_is_accepted(database_urls: DatabaseUrls) -> None:
    """The app's own role can see that the schema is the one of this release."""
    await schema.check(database_urls.app_url)

    assert await schema.current_revision(database_urls.app_url) == head_revision()


async def test_an_unmigrated_database_is_refused(empty_database_urls: DatabaseUrls) -> None:
    """The message says what was found, what is needed and which command helps."""
    with pytest.raises(SchemaMismatchError) as refused:
        await schema.check(empty_database_urls.app_url)

    assert refused.value.found is None
    assert "at no revision" in str(refused.value)
    assert "plangate db upgrade" in str(refused.value)


async def test_an_older_schema_is_refused(empty_database_urls: DatabaseUrls) -> None:
    """Code that is newer than its database asks for the migration."""
    await schema.upgrade(empty_database_urls.owner_url, to="0001")

    with pytest.raises(SchemaMismatchError, match="plangate db upgrade") as refused:
        await schema.check(empty_database_urls.app_url)
    assert refused.value.found == "0001"


async def test_a_newer_schema_is_refused(database_urls: DatabaseUrls) -> None:
    """Code that is older than its database asks for its own upgrade, and migrates nothing."""
    async with session(database_urls.owner_url) as owner:
        await owner.execute("update alembic_version set version_num = '9999'")

    for refusing in (
        schema.check(database_urls.app_url),
        schema.upgrade(database_urls.owner_url),
        schema.downgrade(database_urls.owner_url, to="base"),
    ):
        with pytest.raises(SchemaMismatchError, match="upgrade Plangate") as refused:
            await refusing
        assert refused.value.found == "9999"


async def test_a_database_taken_to_its_base_counts_as_unmigrated(
    database_urls: DatabaseUrls,
) -> None:
    """What is left of a migration is an empty list of revisions."""
    done = await schema.downgrade(database_urls.owner_url, to="base")

    assert (done.before, done.after) == (revisions()[-1], None)
    assert await schema.current_revision(database_urls.app_url) is None


async def test_a_role_that_is_missing_is_asked_for(empty_database_urls: DatabaseUrls) -> None:
    """An owner that may not make roles says which statement makes it."""
    with pytest.raises(SchemaError, match='create role "plangate_absent"'):
        await schema.upgrade(empty_database_urls.owner_url, app_role="plangate_absent")

    assert await schema.current_revision(empty_database_urls.owner_url) is None


async def test_a_role_that_is_missing_is_made_by_who_may(
    empty_database_urls: DatabaseUrls,
) -> None:
    """It can't log in until somebody gives it a password, and it gets the rights."""
    url = empty_database_urls.superuser_url
    try:
        await schema.upgrade(url, app_role="plangate_made")
        async with session(url) as superuser:
            logs_in = await superuser.fetchval(
                "select rolcanlogin from pg_roles where rolname = 'plangate_made'"
            )
            reads = await superuser.fetchval(
                "select has_table_privilege('plangate_made', 'projects', 'select')"
            )
        await schema.downgrade(url, to="base", app_role="plangate_made")
    finally:
        async with session(url) as superuser:
            await superuser.execute("drop owned by plangate_made; drop role plangate_made")

    assert (logs_in, reads) == (False, True)


async def test_the_owner_is_not_the_app(empty_database_urls: DatabaseUrls) -> None:
    """A role that owns the tables could switch row security off."""
    with pytest.raises(SchemaError, match="would own the tables"):
        await schema.upgrade(empty_database_urls.owner_url, app_role=OWNER)


async def test_a_role_with_a_wild_name_is_refused(empty_database_urls: DatabaseUrls) -> None:
    """A name is quoted, and never more than a name."""
    with pytest.raises(SchemaError, match="name another role"):
        await schema.upgrade(empty_database_urls.owner_url, app_role='x"; drop table y; --')


async def test_a_migrator_without_rights_is_told(empty_database_urls: DatabaseUrls) -> None:
    """The app's role can't migrate, whoever asks it to."""
    with pytest.raises(SchemaError, match="the migrating role lacks a right"):
        await schema.upgrade(empty_database_urls.app_url, app_role=OWNER)


@pytest.mark.parametrize(
    ("code", "error", "told"),
    [
        pytest.param("57014", SchemaError, "took longer than 5s", id="slow"),
        pytest.param("42501", SchemaError, "lacks a right", id="not allowed"),
        pytest.param("XX000", DBAPIError, "foreseen by nobody", id="a fault of ours"),
    ],
)
async def test_a_revision_that_fails_changes_nothing(
    empty_database_urls: DatabaseUrls, code: str, error: type[Exception], told: str
) -> None:
    """What can be mended is told with its mend, what can't is raised as it is; nothing stays."""
    async with session(empty_database_urls.superuser_url) as superuser:
        await superuser.execute(
            "create schema aside; create function aside.refuse() returns event_trigger "
            "language plpgsql as $$ begin raise exception 'foreseen by nobody' "
            f"using errcode = '{code}'; end $$; "
            "create event trigger refuse on ddl_command_end when tag in ('CREATE INDEX') "
            "execute function aside.refuse()"
        )

    with pytest.raises(error, match=told):
        await schema.upgrade(empty_database_urls.owner_url)

    assert await schema.current_revision(empty_database_urls.owner_url) is None


async def test_a_table_of_revisions_that_is_none_of_ours_is_no_answer(
    database_urls: DatabaseUrls,
) -> None:
    """Something else by that name is a fault to be seen, not an unmigrated database."""
    async with session(database_urls.owner_url) as owner:
        await owner.execute("alter table alembic_version rename version_num to other")

    with pytest.raises(DBAPIError, match="version_num"):
        await schema.check(database_urls.app_url)


async def test_temporary_tables_are_closed_to_the_app(empty_database_urls: DatabaseUrls) -> None:
    """Everybody may make them at first, and one could stand in for a real table in a pool."""
    async with session(empty_database_urls.superuser_url) as superuser:
        await superuser.execute(f"grant temporary on database {empty_database_urls.name} to public")
    await schema.upgrade(empty_database_urls.owner_url)

    async with session(empty_database_urls.app_url) as app:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute("create temporary table projects (id text)")


async def _eventually(connection: Connection, query: str) -> object:
    """Ask until the answer is not empty, for as long as a test can bear."""
    found: object = None
    async with asyncio.timeout(10):
        while found is None:
            found = await connection.fetchval(query)
    return found
