"""Roles can do what they are for, and their passwords are the only way in."""

from __future__ import annotations

from collections.abc import Iterator

import asyncpg
import pytest

from runtime.adapters.embedded.postgres import EmbeddedPostgres, PostgresRole
from tests.servers.postgres_server import postgres_server
from tests.unit.runtime.adapters.embedded.machinery import fetched

ATTRIBUTES = """
    SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolreplication, rolcreatedb
    FROM pg_roles WHERE rolname LIKE 'plangate%' ORDER BY rolname
"""
MEMBERSHIPS = """
    SELECT count(*) FROM pg_auth_members AS held JOIN pg_roles AS role ON role.oid = held.member
    WHERE role.rolname LIKE 'plangate%'
"""


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """Serve while the tests of this module run."""
    with postgres_server() as started:
        yield started


@pytest.mark.parametrize("role", ["owner", "app", "superuser"])
def test_each_role_gets_in_with_its_password_only(
    server: EmbeddedPostgres, role: PostgresRole
) -> None:
    """Neither without, nor with another."""
    url = server.url(role=role)
    login = url.removeprefix("postgresql://").partition("@")[0]
    name, _, password = login.partition(":")

    assert len(password) >= 32
    assert fetched(url, "SELECT current_user::text") == [(name,)]
    for wrong in (name, f"{name}:{password}x"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            fetched(url.replace(login, wrong), "SELECT 1")


def test_no_role_but_the_superuser_passes_by_row_security(server: EmbeddedPostgres) -> None:
    """Owner and app may log in, and the owner of a throw-away server may make databases."""
    attributes = fetched(server.url(role="superuser"), ATTRIBUTES)

    assert attributes == [
        ("plangate_app", True, False, False, False, False, False),
        ("plangate_owner", True, False, False, False, False, True),
    ]
    assert fetched(server.url(role="superuser"), MEMBERSHIPS) == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("CREATE TABLE mine (id int)", id="table"),
        pytest.param("CREATE TEMPORARY TABLE mine (id int)", id="temporary table"),
        pytest.param("CREATE SCHEMA mine", id="schema"),
        pytest.param("CREATE DATABASE mine", id="database"),
        pytest.param("CREATE ROLE mine", id="role"),
        pytest.param("SET ROLE plangate_owner", id="owner's role"),
        pytest.param("COPY (SELECT 1) TO PROGRAM 'true'", id="program"),
    ],
)
def test_the_app_can_not_build_anything(server: EmbeddedPostgres, statement: str) -> None:
    """It gets from the owner's migrations what it may do, and nothing else."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        fetched(server.url(role="app"), statement)


def test_the_owner_builds_what_the_app_may_use(server: EmbeddedPostgres) -> None:
    """The owner migrates the database, without being a superuser."""
    owner, app = server.url(role="owner"), server.url(role="app")
    fetched(owner, "CREATE TABLE box (colour text)")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        fetched(app, "SELECT colour FROM box")
    fetched(owner, "GRANT SELECT, INSERT ON box TO plangate_app")

    assert fetched(app, "INSERT INTO box VALUES ('green') RETURNING colour") == [("green",)]


def test_nobody_else_gets_into_the_database(server: EmbeddedPostgres) -> None:
    """A role that somebody adds needs a grant."""
    fetched(server.url(role="superuser"), "CREATE ROLE stranger LOGIN PASSWORD 'known'")
    address = f"postgresql://stranger:known@127.0.0.1:{server.port}"

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="CONNECT"):
        fetched(f"{address}/plangate", "SELECT 1")
    assert fetched(f"{address}/postgres", "SELECT 1") == [(1,)]


def test_the_owner_of_a_throw_away_server_makes_databases(server: EmbeddedPostgres) -> None:
    """Tests clone a migrated one for each worker."""
    owner = server.url(role="owner")
    fetched(owner, 'CREATE DATABASE "a clone?"')

    name = fetched(server.url(role="owner", database="a clone?"), "SELECT current_database()::text")

    assert name == [("a clone?",)]


def test_sorting_and_case_do_not_depend_on_the_machine(server: EmbeddedPostgres) -> None:
    """The builtin C.UTF-8 is the same everywhere."""
    query = """
        SELECT datlocprovider::text, datlocale, pg_encoding_to_char(encoding), lower('Ä')
        FROM pg_database WHERE datname = 'plangate'
    """

    assert fetched(server.url(role="app"), query) == [("b", "C.UTF-8", "UTF8", "ä")]
