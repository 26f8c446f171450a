"""Whatever happens to an organization while its rules change, numbers stay whole and nobody hangs.

Two replicas change rules of three scopes while others rename, archive, restore, grant and purge:
the server would end one of two transactions that wait for each other, which no use case declares.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from sqlalchemy import text

from runtime.domain.errors import DomainError, StorageUnavailableError
from runtime.domain.member import ProjectRole
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.services.tenancy.memberships import Grant
from runtime.store.session import Database
from tests.policies import PolicySite, a_policy_site, a_policy_world, an_upload, some_modules
from tests.tenants import a_person, rows_in

ROUNDS: Final = 15
AT_ONCE: Final = 6
Act = Callable[[], Awaitable[object]]


@pytest.mark.parametrize("seed", range(2))
async def test_acts_at_once_end_in_an_answer(database: Database, seed: int) -> None:
    """Each is done or refused; versions and activations are numbered without gaps."""
    choice = random.Random(seed)
    site = await a_policy_site(database)
    await a_person(site.tenant, "ada", project=site.first, project_role=ProjectRole.ADMIN)
    for scope in (ORGANIZATION_SCOPE, site.first, site.second):
        await an_upload(site.world, site.tenant, scope)

    for _ in range(ROUNDS):
        acts = [_act(choice, site) for _ in range(AT_ONCE)]
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for act in acts:
                group.create_task(_done_or_refused(act))
    await site.tenant.tenancy.projects.restore(site.owner, site.first)

    numbers, versions = await _numbers(site), await _versions(site)
    assert len(numbers) > AT_ONCE
    assert numbers == list(range(1, len(numbers) + 1))
    for of_scope in versions.values():
        assert of_scope == list(range(1, len(of_scope) + 1))


async def test_rules_go_with_a_project_and_records_of_them_stay(database: Database) -> None:
    """A purge takes versions and activations of its project and of no other."""
    site = await a_policy_site(database)
    for scope in (ORGANIZATION_SCOPE, site.first, site.second):
        await an_upload(site.world, site.tenant, scope, activate=True)
    recorded = await site.recorded()
    projects = site.tenant.tenancy.projects

    await projects.archive(site.owner, site.first)
    await projects.purge(site.owner, site.first, confirm="First")

    assert sorted(await _versions(site)) == sorted([ORGANIZATION_SCOPE, site.second])
    assert await rows_in(site.tenant, "policy_activations") == 2
    assert await site.recorded() == recorded
    assert await site.holds(site.second) == 1


def _act(choice: random.Random, site: PolicySite) -> Act:
    tenancy, owner = site.tenant.tenancy, site.owner
    policies = choice.choice((a_policy_world(tenancy), site.world)).policies
    scope = choice.choice((ORGANIZATION_SCOPE, site.first, site.second))
    project, name = choice.choice((site.first, site.second)), f"P{choice.randrange(3)}"
    grant = Grant(role=choice.choice(list(ProjectRole)))
    rules: list[Act] = [
        lambda: policies.upload(owner, scope, some_modules(scope), note="x"),
        lambda: policies.upload(owner, scope, some_modules(scope), note="x", activate=True),
        lambda: policies.activate(owner, scope, version=1, reason="x"),
        lambda: policies.deactivate(owner, scope, reason="x"),
    ]
    others: list[Act] = [
        lambda: tenancy.projects.change(owner, project, name=name, limits=None),
        lambda: tenancy.projects.archive(owner, site.first),
        lambda: tenancy.projects.restore(owner, site.first),
        lambda: tenancy.organizations.rename(owner, site.tenant.id, name=name),
        lambda: tenancy.memberships.put(
            owner, project, member_id=owner.caller.member_id, grant=grant
        ),
    ]
    return choice.choice((*rules, *rules, *others))


async def _done_or_refused(act: Act) -> None:
    try:
        await act()
    except StorageUnavailableError:
        raise
    except DomainError:
        return


async def _numbers(site: PolicySite) -> list[int]:
    asked = text("select number from policy_activations order by number")
    async with site.tenant.tenancy.database.transaction(site.tenant.id) as connection:
        return [int(number) for number in await connection.scalars(asked)]


async def _versions(site: PolicySite) -> dict[str, list[int]]:
    asked = text("select scope, version from policy_versions order by scope, version")
    found = dict[str, list[int]]()
    async with site.tenant.tenancy.database.transaction(site.tenant.id) as connection:
        for row in await connection.execute(asked):
            found.setdefault(row.scope, []).append(int(row.version))
    return found
