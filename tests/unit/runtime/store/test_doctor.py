"""Break a healthy database in every way that the doctor knows, and see each found and mended."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import text

from runtime.store import doctor, rights, schema
from runtime.store.one_connection import connected
from runtime.store.symptoms import SYMPTOMS, Check
from tests.database import APP, DatabaseUrls, session

LOOSE = "organization_id = (select current_organization())"


async def test_a_migrated_database_is_healthy(database_urls: DatabaseUrls) -> None:
    """What revisions make is what the doctor expects: neither knows more than the other."""
    assert await doctor.diagnose(database_urls.app_url) == ()


async def test_a_database_of_another_revision_is_told_only_that(
    empty_database_urls: DatabaseUrls,
) -> None:
    """What an old schema lacks is not a hundred findings, it is one."""
    await schema.upgrade(empty_database_urls.owner_url, to="0001")

    found = await doctor.diagnose(empty_database_urls.app_url)

    assert [item.check for item in found] == [Check.SCHEMA]
    assert "plangate db upgrade" in found[0].mend


async def test_an_owner_is_not_told_what_an_owner_may(database_urls: DatabaseUrls) -> None:
    """Of a role that must not serve, that is said, and not each right that follows from it."""
    found = await doctor.diagnose(database_urls.owner_url)

    assert {item.check for item in found} == {Check.ROLE}


FAULTS = [
    pytest.param(
        "alter table projects disable row level security",
        Check.ROW_SECURITY,
        "projects",
        id="row security off",
    ),
    pytest.param(
        "alter table projects no force row level security",
        Check.ROW_SECURITY,
        "projects",
        id="row security not forced",
    ),
    pytest.param(
        "create table notes (id text primary key)", Check.TENANT, "notes", id="a table of nobody's"
    ),
    pytest.param(
        "alter table events drop constraint events_pkey, "
        "alter column organization_id drop not null",
        Check.TENANT,
        "events",
        id="rows of nobody",
    ),
    pytest.param("drop policy heads_tenant on heads", Check.POLICY, "heads", id="no policy"),
    pytest.param(
        "create policy more on heads using (true)", Check.POLICY, "heads", id="a second policy"
    ),
    pytest.param(
        "alter policy heads_tenant on heads using (true)",
        Check.POLICY,
        "heads",
        id="everybody reads",
    ),
    pytest.param(
        "alter policy heads_tenant on heads with check (current_organization() is not null)",
        Check.POLICY,
        "heads",
        id="everybody writes",
    ),
    pytest.param(
        f"drop policy heads_tenant on heads; create policy heads_tenant on heads for select "
        f"using ({LOOSE})",
        Check.POLICY,
        "heads",
        id="of one verb only",
    ),
    pytest.param(
        f"alter policy heads_tenant on heads to {APP}", Check.POLICY, "heads", id="of one role only"
    ),
    pytest.param(
        "create or replace function current_organization() returns text language sql stable "
        "as $$ select current_setting('app.organization_id', true) $$",
        Check.CONTEXT,
        "current_organization()",
        id="no context is no error",
    ),
    pytest.param(
        "create or replace function current_organization() returns text language plpgsql stable "
        "as $$ begin if nullif(current_setting('app.organization_id', true), '') is null then "
        "raise exception 'x' using errcode = 'PL001'; end if; return 'org_of_all'; end $$",
        Check.CONTEXT,
        "current_organization()",
        id="another context than the one that was set",
    ),
    pytest.param(
        "create or replace function current_organization() returns text language plpgsql stable "
        "as $$ begin raise exception 'x'; end $$",
        Check.CONTEXT,
        "current_organization()",
        id="an error of another kind",
    ),
    pytest.param(f"grant truncate on heads to {APP}", Check.GRANT, "heads", id="a right too many"),
    pytest.param(
        f"grant update (name) on audit_records to {APP}".replace("name", "kind"),
        Check.GRANT,
        "audit_records",
        id="a right on one column",
    ),
    pytest.param(f"revoke insert on heads from {APP}", Check.GRANT, "heads", id="a right too few"),
    pytest.param(
        "create view spare with (security_invoker) as select 1 as one; "
        f"grant select on spare to {APP}",
        Check.GRANT,
        "spare",
        id="a right on what is not ours",
    ),
    pytest.param(
        f"grant execute on function refuse_change() to {APP}",
        Check.GRANT,
        "refuse_change",
        id="a call too many",
    ),
    pytest.param(
        "grant select on tokens to public", Check.PUBLIC, "table tokens", id="a table for all"
    ),
    pytest.param(
        "grant select (name) on tokens to public",
        Check.PUBLIC,
        "table tokens",
        id="a column for all",
    ),
    pytest.param(
        "create function spare() returns int language sql as 'select 1'",
        Check.PUBLIC,
        "function spare",
        id="a function for all",
    ),
    pytest.param(
        "create sequence spare; grant usage on spare to public",
        Check.PUBLIC,
        "sequence spare",
        id="a sequence for all",
    ),
    pytest.param(
        f"grant create on schema public to {APP}", Check.DDL, "schema public", id="making tables"
    ),
    pytest.param(
        f"create schema spare; grant create on schema spare to {APP}",
        Check.DDL,
        "schema spare",
        id="making tables elsewhere",
    ),
    pytest.param(
        "create view spare as select * from heads",
        Check.VIEW,
        "spare",
        id="a view of its owner",
    ),
    pytest.param(
        "create materialized view spare as select 1 as one",
        Check.VIEW,
        "spare",
        id="a copy of rows",
    ),
    pytest.param(
        "create function spare() returns int security definer language sql as 'select 1'",
        Check.DEFINER,
        "spare()",
        id="a function of its owner",
    ),
    pytest.param(
        "create schema aside; create function aside.spare() returns int security definer "
        "language sql as 'select 1'",
        Check.DEFINER,
        "aside.spare()",
        id="a function of its owner elsewhere",
    ),
    pytest.param(
        "drop trigger outcomes_append_only on outcomes",
        Check.APPEND_ONLY,
        "outcomes",
        id="history without its trigger",
    ),
    pytest.param(
        "alter table audit_records disable trigger audit_records_no_truncate",
        Check.APPEND_ONLY,
        "audit_records",
        id="history with its trigger off",
    ),
    pytest.param(
        "create unique index tokens_name on tokens (name)",
        Check.KEY,
        "tokens",
        id="a key over all tenants",
    ),
    pytest.param(
        "create unique index tokens_name on tokens (name) include (organization_id)",
        Check.KEY,
        "tokens",
        id="a key that only carries the tenant",
    ),
    pytest.param(
        'alter table events add column other text collate "C" references organizations (id)',
        Check.KEY,
        "events",
        id="a reference to any tenant",
    ),
]


@pytest.mark.parametrize(("fault", "check", "subject"), FAULTS)
async def test_a_fault_is_found(
    database_urls: DatabaseUrls, fault: str, check: Check, subject: str
) -> None:
    """The finding names the object, says what is wrong and how to mend it."""
    async with session(database_urls.owner_url) as owner:
        await owner.execute(fault)

    found = await doctor.diagnose(database_urls.app_url)

    named = [item for item in found if (item.check, item.subject) == (check, subject)]
    assert named, found
    assert all(item.problem and item.mend for item in named)
    assert not any("{" in item.problem + item.mend for item in found)


async def test_temporary_tables_are_found(database_urls: DatabaseUrls) -> None:
    """A clone of a database forgets who may make what in it."""
    async with session(database_urls.superuser_url) as superuser:
        await superuser.execute(f"grant temporary on database {database_urls.name} to public")

    found = await doctor.diagnose(database_urls.app_url)

    assert [(item.check, item.subject) for item in found] == [
        (Check.DDL, f"database {database_urls.name}")
    ]
    assert found[0].mend.startswith(
        f"revoke temporary on database {database_urls.name} from public"
    )


@pytest.mark.parametrize(
    ("role", "setting"),
    [
        pytest.param("app", "row_security", id="row security off in new sessions"),
        pytest.param("app", "search_path", id="other tables in the app's new sessions"),
        pytest.param("owner", "search_path", id="other tables in everybody's new sessions"),
    ],
)
async def test_a_setting_of_new_sessions_is_found(
    database_urls: DatabaseUrls, role: str, setting: str
) -> None:
    """A role may change its own defaults, so a session of one tenant could poison later ones."""
    url = database_urls.app_url if role == "app" else database_urls.owner_url
    subject = f"role {APP}" if role == "app" else f"database {database_urls.name}"
    async with session(url) as somebody:
        await somebody.execute(f"alter {subject} set {setting} = off")
        try:
            found = await doctor.diagnose(database_urls.app_url)
        finally:
            await somebody.execute(f"alter {subject} reset {setting}")

    named = [item for item in found if item.check is Check.SETTING]
    assert [item.subject for item in named] == [subject]
    assert named[0].mend == f"alter {subject} reset {setting}"


async def test_a_mend_that_is_a_statement_mends(database_urls: DatabaseUrls) -> None:
    """What the doctor prescribes for a right too many or too few can be run as it stands."""
    async with session(database_urls.owner_url) as owner:
        await owner.execute(f"grant truncate, references on heads to {APP}")
        await owner.execute(f"revoke execute on function read_head from {APP}")
        await owner.execute("alter table events no force row level security")
        found = await doctor.diagnose(database_urls.app_url)
        for item in found:
            await owner.execute(item.mend)

    assert [item.subject for item in found] == ["events", "heads", "read_head"]
    assert await doctor.diagnose(database_urls.app_url) == ()


def test_every_check_is_broken_here_once() -> None:
    """A check whose fault nobody makes could be deleted unseen."""
    broken = Counter(param.values[1] for param in FAULTS)

    assert {symptom.check for symptom in SYMPTOMS} <= {*broken, Check.SETTING}
    assert {Check.CONTEXT, Check.GRANT} <= set(broken)


async def test_the_rights_are_those_of_the_tables(database_urls: DatabaseUrls) -> None:
    """What is listed for the app's role names tables and functions that exist, and all of them."""
    async with connected(database_urls.app_url) as connection:
        tables = await connection.scalars(
            text(
                "select relname from pg_class where relkind = 'r' "
                "and relnamespace = 'public'::regnamespace"
            )
        )

    assert set(tables) == set(rights.GRANTS)
    assert set(rights.GRANTS) >= rights.APPEND_ONLY
    assert not any("update" in rights.GRANTS[table] for table in rights.APPEND_ONLY)
    assert {table for table in rights.APPEND_ONLY if "delete" in rights.GRANTS[table]} == {
        "audit_records",
        "gates",
        "outcomes",
        "snapshots",
        "versions",
    }
