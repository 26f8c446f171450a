"""Rules are kept by version and scope, and the newest activation says which hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.policy_unit import PolicyModule, revision_of
from runtime.domain.policy_version import (
    ORGANIZATION_SCOPE,
    PolicyActivation,
    PolicyRules,
    PolicyVersion,
)
from runtime.store.organizations import add_organization
from runtime.store.policies import (
    ActiveVersion,
    activations_before,
    active_in_projects,
    active_version,
    add_activation,
    add_version,
    find_rules,
    newest_activation,
    newest_number,
    next_version,
    versions_before,
)
from runtime.store.projects import add_project, archive_project, begin_purge, delete_project
from runtime.store.session import Database
from tests.unit.runtime.store.rows import (
    NOW,
    ORGANIZATION,
    OTHER,
    a_project,
    an_id,
    an_organization,
)

FIRST, SECOND = an_id("prj", 1), an_id("prj", 2)
MODULES = (
    PolicyModule(path="b.rego", text='package tenant.project\n\nx := "é"\n'),
    PolicyModule(path="a.rego", text="package tenant.project\n"),
)


def some_rules(scope: str, version: int, *, organization_id: str = ORGANIZATION) -> PolicyRules:
    """Build a version."""
    described = PolicyVersion(
        organization_id=organization_id,
        scope=scope,
        version=version,
        digest=revision_of(MODULES),
        note=f"version {version}",
        created_at=NOW,
        created_by=an_id("mem"),
    )
    return PolicyRules(version=described, modules=MODULES)


def an_activation(scope: str, number: int, *, version: int | None) -> PolicyActivation:
    """Build an activation."""
    return PolicyActivation(
        organization_id=ORGANIZATION,
        number=number,
        scope=scope,
        version=version,
        reason=f"number {number}",
        activated_at=NOW,
        activated_by=an_id("mem"),
    )


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store two versions in each scope of an organization, and one of another organization."""
    async with database.transaction(ORGANIZATION) as connection:
        await add_organization(connection, an_organization())
        for number in (1, 2):
            await add_project(connection, a_project(number))
        for scope in (ORGANIZATION_SCOPE, FIRST, SECOND):
            for version in (1, 2):
                await add_version(connection, some_rules(scope, version))
    async with database.transaction(OTHER) as connection:
        await add_organization(connection, an_organization(id=OTHER))
        await add_version(connection, some_rules(ORGANIZATION_SCOPE, 1, organization_id=OTHER))
    return database


async def activate(connection: AsyncConnection, *activations: PolicyActivation) -> None:
    """Store activations."""
    for activation in activations:
        await add_activation(connection, activation)


async def test_versions_of_a_scope_are_counted_on_their_own(stored: Database) -> None:
    """The first is 1, and another scope's or organization's don't count."""
    async with stored.transaction(ORGANIZATION) as connection:
        assert await next_version(connection, FIRST) == 3
        assert await next_version(connection, an_id("prj", 9)) == 1
    async with stored.transaction(OTHER) as connection:
        assert await next_version(connection, ORGANIZATION_SCOPE) == 2
        assert await next_version(connection, FIRST) == 1


async def test_a_version_is_found_as_it_was_stored(stored: Database) -> None:
    """Its modules in their order, byte for byte."""
    async with stored.transaction(ORGANIZATION) as connection:
        assert await find_rules(connection, FIRST, version=2) == some_rules(FIRST, 2)
        assert await find_rules(connection, FIRST, version=3) is None
    async with stored.transaction(OTHER) as connection:
        assert await find_rules(connection, FIRST, version=2) is None


async def test_versions_are_listed_from_the_newest(stored: Database) -> None:
    """A page ends where it is told to, the next begins below a number."""
    async with stored.transaction(ORGANIZATION) as connection:
        first = await versions_before(connection, FIRST, before=None, limit=1)
        rest = await versions_before(connection, FIRST, before=2, limit=5)

    assert (first, rest) == ((some_rules(FIRST, 2).version,), (some_rules(FIRST, 1).version,))


async def test_the_newest_activation_of_a_scope_says_what_holds(stored: Database) -> None:
    """Before the first, and after one of no version, nothing does."""
    async with stored.transaction(ORGANIZATION) as connection:
        assert await newest_activation(connection, FIRST) is None
        assert await active_version(connection, FIRST) is None
        assert await newest_number(connection) == 0
        await activate(
            connection,
            an_activation(FIRST, 1, version=2),
            an_activation(FIRST, 2, version=1),
            an_activation(SECOND, 3, version=None),
        )

        assert await active_version(connection, FIRST) == ActiveVersion(
            scope=FIRST, version=1, digest=revision_of(MODULES)
        )
        assert await newest_activation(connection, FIRST) == an_activation(FIRST, 2, version=1)
        assert await active_version(connection, SECOND) is None
        assert await newest_number(connection) == 3
    async with stored.transaction(OTHER) as connection:
        assert await newest_number(connection) == 0


async def test_activations_are_listed_from_the_newest(stored: Database) -> None:
    """Those of one scope, in pages."""
    async with stored.transaction(ORGANIZATION) as connection:
        await activate(
            connection,
            an_activation(FIRST, 1, version=2),
            an_activation(SECOND, 2, version=1),
            an_activation(FIRST, 3, version=None),
        )
        first = await activations_before(connection, FIRST, before=None, limit=1)
        rest = await activations_before(connection, FIRST, before=3, limit=5)

    assert [item.number for item in first] == [3]
    assert [item.number for item in rest] == [1]


async def test_what_holds_in_projects_leaves_out_those_without_rules(stored: Database) -> None:
    """And the organization's own, and archived projects, and what held before."""
    async with stored.transaction(ORGANIZATION) as connection:
        await activate(
            connection,
            an_activation(ORGANIZATION_SCOPE, 1, version=1),
            an_activation(FIRST, 2, version=1),
            an_activation(SECOND, 3, version=1),
            an_activation(FIRST, 4, version=2),
        )
        both = await active_in_projects(connection, limit=9)
        one = await active_in_projects(connection, limit=1)
        await add_activation(connection, an_activation(SECOND, 5, version=None))
        left = await active_in_projects(connection, limit=9)
        await archive_project(connection, FIRST, at=NOW)
        none = await active_in_projects(connection, limit=9)

    assert [(item.scope, item.version) for item in both] == [(FIRST, 2), (SECOND, 1)]
    assert one == both[:1]
    assert left == both[:1]
    assert none == ()


@pytest.mark.parametrize(
    "statement",
    [
        "update policy_versions set modules = '[]'",
        "update policy_activations set version = 2",
        "delete from policy_versions",
        "delete from policy_activations",
    ],
)
async def test_what_was_written_stays(stored: Database, statement: str) -> None:
    """The app's role may only add."""
    with pytest.raises(DBAPIError, match="permission denied"):
        async with stored.transaction(ORGANIZATION) as connection:
            await connection.execute(text(statement))


@pytest.mark.parametrize(
    "activation",
    [
        pytest.param(an_activation(FIRST, 1, version=9), id="a version that is none"),
        pytest.param(an_activation(an_id("prj", 9), 1, version=None), id="a project that is none"),
        pytest.param(
            replace(an_activation(FIRST, 1, version=1), organization_id=OTHER), id="another's"
        ),
    ],
)
async def test_only_a_version_that_is_there_can_hold(
    stored: Database, activation: PolicyActivation
) -> None:
    """The database refuses the rest."""
    with pytest.raises(DBAPIError):
        async with stored.transaction(ORGANIZATION) as connection:
            await add_activation(connection, activation)


async def test_no_number_is_given_twice(stored: Database) -> None:
    """Neither to versions nor to activations."""
    async with stored.transaction(ORGANIZATION) as connection:
        await add_activation(connection, an_activation(FIRST, 1, version=1))
    with pytest.raises(IntegrityError):
        async with stored.transaction(ORGANIZATION) as connection:
            await add_activation(connection, an_activation(SECOND, 1, version=1))
    with pytest.raises(IntegrityError):
        async with stored.transaction(ORGANIZATION) as connection:
            await add_version(connection, some_rules(FIRST, 2))


async def test_rules_of_a_project_go_with_it(stored: Database) -> None:
    """Those of others stay."""
    async with stored.transaction(ORGANIZATION) as connection:
        await add_activation(connection, an_activation(FIRST, 1, version=1))
        await add_activation(connection, an_activation(SECOND, 2, version=1))
        await archive_project(connection, FIRST, at=NOW)
        await begin_purge(connection, FIRST, at=later())
        await delete_project(connection, FIRST)

        assert await versions_before(connection, FIRST, before=None, limit=9) == ()
        assert await newest_activation(connection, FIRST) is None
        assert await active_version(connection, SECOND) is not None


def later() -> datetime:
    """Return an instant after the others."""
    return NOW.replace(hour=13)
