"""All rules that hold in an organization are read at once, and what tells them from others."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.policy_unit import PolicyModule, revision_of
from runtime.domain.policy_version import (
    ORGANIZATION_SCOPE,
    PolicyActivation,
    PolicyRules,
    PolicyVersion,
)
from runtime.store.organizations import add_organization
from runtime.store.policies import add_activation, add_version
from runtime.store.policy_bundles import (
    RulesInForce,
    RulesStamp,
    modules_in_force,
    of_organization,
    rules_in_force,
    rules_stamp,
)
from runtime.store.projects import add_project, archive_project
from runtime.store.session import Database
from tests.unit.runtime.store.rows import (
    NOW,
    ORGANIZATION,
    OTHER,
    a_project,
    an_id,
    an_organization,
)

FIRST, SECOND, THIRD = (an_id("prj", number) for number in (1, 2, 3))
SCOPES = (ORGANIZATION_SCOPE, FIRST, SECOND, THIRD)


async def a_version(connection: AsyncConnection, scope: str, *, version: int = 1) -> None:
    """Store rules."""
    modules = (PolicyModule(path="a.rego", text=f"package {scope}.v{version}\n"),)
    described = PolicyVersion(
        organization_id=ORGANIZATION,
        scope=scope,
        version=version,
        digest=revision_of(modules),
        note="n",
        created_at=NOW,
        created_by=an_id("mem"),
    )
    await add_version(connection, PolicyRules(version=described, modules=modules))


async def activate(
    connection: AsyncConnection, scope: str, number: int, *, version: int | None = 1
) -> None:
    """Let rules hold, or none."""
    activation = PolicyActivation(
        organization_id=ORGANIZATION,
        number=number,
        scope=scope,
        version=version,
        reason="r",
        activated_at=NOW,
        activated_by=an_id("mem"),
    )
    await add_activation(connection, activation)


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store a version in each scope of an organization, and nothing in another organization."""
    async with database.transaction(ORGANIZATION) as connection:
        await add_organization(connection, an_organization())
        for number in (1, 2, 3):
            await add_project(connection, a_project(number))
        for scope in SCOPES:
            await a_version(connection, scope)
    async with database.transaction(OTHER) as connection:
        await add_organization(connection, an_organization(id=OTHER))
    return database


def in_force(scope: str, number: int, version: int | None = 1) -> RulesInForce:
    """Build what holds."""
    return RulesInForce(scope=scope, number=number, version=version)


async def test_what_holds_is_the_newest_of_each_scope(stored: Database) -> None:
    """The organization's first; projects where nothing holds, or that are archived, have none."""
    async with stored.transaction(ORGANIZATION) as connection:
        await a_version(connection, FIRST, version=2)
        for number, scope in enumerate((SECOND, FIRST, THIRD, ORGANIZATION_SCOPE), start=1):
            await activate(connection, scope, number)
        await activate(connection, FIRST, 5, version=2)
        await activate(connection, SECOND, 6, version=None)
        await archive_project(connection, THIRD, at=NOW)

        found = await rules_in_force(connection, limit=10)
        first = await rules_in_force(connection, limit=1)

    assert found == (in_force(ORGANIZATION_SCOPE, 4), in_force(FIRST, 5, 2))
    assert first == found[:1]


async def test_an_organization_whose_rules_were_taken_away_keeps_their_number(
    stored: Database,
) -> None:
    """It is that of the change which took them."""
    async with stored.transaction(ORGANIZATION) as connection:
        await activate(connection, ORGANIZATION_SCOPE, 1)
        await activate(connection, ORGANIZATION_SCOPE, 2, version=None)
        found = await rules_in_force(connection, limit=10)

    assert of_organization(found) == in_force(ORGANIZATION_SCOPE, 2, None)


async def test_before_the_first_activation_nothing_holds(stored: Database) -> None:
    """Number 0 stands for the shipped rules alone."""
    async with stored.transaction(ORGANIZATION) as connection:
        found = await rules_in_force(connection, limit=10)

        assert found == ()
        assert of_organization(found) == in_force(ORGANIZATION_SCOPE, 0, None)
        assert await modules_in_force(connection, [of_organization(found)]) == {}


async def test_modules_are_read_for_many_at_once(stored: Database) -> None:
    """Each under the folder of its scope, however many statements that takes."""
    async with stored.transaction(ORGANIZATION) as connection:
        for number, scope in enumerate(SCOPES, start=1):
            await activate(connection, scope, number)
        rules = await rules_in_force(connection, limit=10)
        found = await modules_in_force(connection, rules, at_once=2)

    assert {scope: modules[0].path for scope, modules in found.items()} == {
        ORGANIZATION_SCOPE: "organization/a.rego",
        **dict.fromkeys((FIRST, SECOND, THIRD), "project/a.rego"),
    }
    assert found[SECOND][0].text == f"package {SECOND}.v1\n"


async def test_the_stamp_changes_with_what_is_served(stored: Database) -> None:
    """An activation, a project archived, a project restored; not with what another one does."""
    stamps = [await rules_stamp(stored, ORGANIZATION)]
    async with stored.transaction(ORGANIZATION) as connection:
        await activate(connection, FIRST, 1)
    stamps.append(await rules_stamp(stored, ORGANIZATION))
    for at in (NOW, None):
        async with stored.transaction(ORGANIZATION) as connection:
            await archive_project(connection, FIRST, at=at)
        stamps.append(await rules_stamp(stored, ORGANIZATION))

    assert stamps == [
        RulesStamp(number=0, archived=0, archived_at=None),
        RulesStamp(number=1, archived=0, archived_at=None),
        RulesStamp(number=1, archived=1, archived_at=NOW),
        RulesStamp(number=1, archived=0, archived_at=None),
    ]
    assert await rules_stamp(stored, OTHER) == RulesStamp(number=0, archived=0, archived_at=None)
