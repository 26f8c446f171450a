"""Rules are tried with those that they are asked with, and hold only beside those."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import pytest

from runtime.domain.errors import (
    PolicyMovedError,
    PolicyRefusedError,
    PolicyUncheckableError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.services.policies.surroundings import AT_ONCE, MOST_PROBLEMS, Surroundings
from runtime.services.policies.trials import Trials
from runtime.store.policies import ActiveVersion
from runtime.store.session import Database
from tests.policies import PolicySite, a_policy_site, a_policy_world, an_upload, some_modules
from tests.tenants import rows_in

ORGANIZATION: Final = ORGANIZATION_SCOPE


@pytest.fixture
async def site(database: Database) -> PolicySite:
    """Make an organization."""
    return await a_policy_site(database)


async def test_a_projects_rules_are_tried_with_the_organizations(site: PolicySite) -> None:
    """With those that hold, without their tests; other projects' are not there."""
    await an_upload(site.world, site.tenant, activate=True)
    await an_upload(site.world, site.tenant)  # which does not hold
    await an_upload(site.world, site.tenant, site.second, activate=True)
    site.world.checker.tried.clear()

    await an_upload(site.world, site.tenant, site.first)

    assert site.world.checker.tried == [
        (
            "plangate/decision.rego",
            "organization/refunds.rego",
            "project/refunds.rego",
            "project/refunds_test.rego",
        )
    ]


async def test_rules_of_an_organization_are_tried_with_each_projects(site: PolicySite) -> None:
    """When they begin to hold, and once for equal rules; a project that fails is named."""
    policies = site.world.policies
    needing = some_modules(site.first, mark="# needs: base")
    based = some_modules(mark="# is_base")
    await policies.upload(site.owner, ORGANIZATION, based, note="base", activate=True)
    for project in (site.first, site.second):
        await policies.upload(site.owner, project, needing, note="needs", activate=True)
    site.world.checker.tried.clear()

    kept = await policies.upload(site.owner, ORGANIZATION, some_modules(), note="without base")
    assert len(site.world.checker.tried) == 1
    with pytest.raises(PolicyRefusedError) as activated:
        await policies.activate(site.owner, ORGANIZATION, version=2, reason="x")
    assert len(site.world.checker.tried) == 3
    with pytest.raises(PolicyRefusedError) as uploaded:
        await policies.upload(site.owner, ORGANIZATION, some_modules(), note="x", activate=True)
    with pytest.raises(PolicyRefusedError) as deactivated:
        await policies.deactivate(site.owner, ORGANIZATION, reason="x")

    assert kept.document["version"] == 2
    for refused in (activated, uploaded, deactivated):
        assert refused.value.problems == tuple(
            f"project {project}: project/refunds.rego:1: needs base"
            for project in sorted((site.first, site.second))
        )
    assert await site.holds(ORGANIZATION) == 1


async def test_an_archived_projects_rules_are_in_nobodys_way(site: PolicySite) -> None:
    """They are tried when they are activated anew."""
    policies = site.world.policies
    hating = some_modules(site.first, mark="# hates: strict")
    await policies.upload(site.owner, site.first, hating, note="x", activate=True)
    strict = some_modules(mark="# is_strict")
    with pytest.raises(PolicyRefusedError):
        await policies.upload(site.owner, ORGANIZATION, strict, note="x", activate=True)

    await site.tenant.tenancy.projects.archive(site.owner, site.first)
    await policies.upload(site.owner, ORGANIZATION, strict, note="x", activate=True)

    assert await site.holds(ORGANIZATION) == 1


@pytest.mark.parametrize("act", ["upload", "activate"])
async def test_what_was_tried_with_rules_that_hold_no_more_is_refused(
    site: PolicySite, act: str
) -> None:
    """The organization's changed while a project's were tried."""
    policies, checker = site.world.policies, site.world.checker
    await an_upload(site.world, site.tenant)
    await an_upload(site.world, site.tenant, site.first)
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "upload": lambda: policies.upload(
            site.owner, site.first, some_modules(site.first), note="x"
        ),
        "activate": lambda: policies.activate(site.owner, site.first, version=1, reason="x"),
    }

    task = await _stopped_at_trial(site, acts[act])
    other = a_policy_world(site.tenant.tenancy)
    await other.policies.activate(site.owner, ORGANIZATION, version=1, reason="meanwhile")
    checker.open.set()

    with pytest.raises(PolicyMovedError, match="those for 'organization' changed"):
        await task
    assert await site.holds(site.first) is None
    assert await rows_in(site.tenant, "policy_versions") == 2


@pytest.mark.parametrize("act", ["upload", "activate", "deactivate"])
async def test_rules_of_an_organization_are_not_moved_past_a_projects(
    site: PolicySite, act: str
) -> None:
    """A project's began to hold while the organization's were tried with the others."""
    policies, checker = site.world.policies, site.world.checker
    await an_upload(site.world, site.tenant, activate=True)
    await an_upload(site.world, site.tenant, site.second, activate=True)
    await an_upload(site.world, site.tenant, site.first)
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "upload": lambda: policies.upload(
            site.owner, ORGANIZATION, some_modules(), note="x", activate=True
        ),
        "activate": lambda: policies.activate(site.owner, ORGANIZATION, version=1, reason="x"),
        "deactivate": lambda: policies.deactivate(site.owner, ORGANIZATION, reason="x"),
    }

    task = await _stopped_at_trial(site, acts[act])
    other = a_policy_world(site.tenant.tenancy)
    await other.policies.activate(site.owner, site.first, version=1, reason="meanwhile")
    checker.open.set()

    with pytest.raises(PolicyMovedError, match=site.first):
        await task
    assert await rows_in(site.tenant, "policy_activations") == 3


@pytest.mark.parametrize("scope", ["organization", "project"])
@pytest.mark.parametrize("act", ["upload", "activate"])
async def test_no_transaction_is_open_while_rules_are_tried(
    site: PolicySite, act: str, scope: str
) -> None:
    """What others archive meanwhile takes nothing any more."""
    policies, tenancy = site.world.policies, site.tenant.tenancy
    await an_upload(site.world, site.tenant, site.first)
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "upload": lambda: policies.upload(
            site.owner, site.first, some_modules(site.first), note="x"
        ),
        "activate": lambda: policies.activate(site.owner, site.first, version=1, reason="x"),
    }

    task = await _stopped_at_trial(site, acts[act])
    async with asyncio.timeout(5):
        if scope == "project":
            await tenancy.projects.archive(site.owner, site.first)
        else:
            await tenancy.organizations.archive(site.owner, site.tenant.id)
    site.world.checker.open.set()

    with pytest.raises(ProjectArchivedError if scope == "project" else WrongTimeError):
        await task
    assert await rows_in(site.tenant, "policy_versions") == 1
    assert await site.holds(site.first) is None


async def test_more_projects_than_can_be_tried_are_refused(site: PolicySite) -> None:
    """None is tried then; nobody is told that it fits."""
    world = site.world
    surroundings = Surroundings(
        database=site.tenant.tenancy.database,
        trials=Trials(checker=world.checker, shipped=lambda: ()),
    )
    many = tuple(
        ActiveVersion(scope=f"prj_{number}", version=1, digest="d") for number in range(1_001)
    )

    with pytest.raises(PolicyUncheckableError, match="more than 1000 projects"):
        await surroundings.require_fits_projects(site.tenant.id, (), together=many)
    assert world.checker.tried == []


async def test_no_more_problems_are_gathered_than_are_told(site: PolicySite) -> None:
    """The first projects that fail are named, the others are not tried."""
    hating = some_modules(site.first, mark="# needs: base")
    await site.world.policies.upload(
        site.owner, ORGANIZATION, some_modules(mark="# is_base"), note="x", activate=True
    )
    await site.world.policies.upload(site.owner, site.first, hating, note="x", activate=True)
    surroundings = Surroundings(
        database=site.tenant.tenancy.database,
        trials=Trials(checker=site.world.checker, shipped=lambda: ()),
    )
    active = ActiveVersion(scope=site.first, version=1, digest="d")
    site.world.checker.tried.clear()

    with pytest.raises(PolicyRefusedError) as refused:
        await surroundings.require_fits_projects(
            site.tenant.id,
            (),
            together=(
                *(active for _ in range(30)),
                *(replace(active, digest=f"other {number}") for number in range(AT_ONCE)),
            ),
        )

    assert len(refused.value.problems) == MOST_PROBLEMS
    assert len(site.world.checker.tried) == AT_ONCE


async def _stopped_at_trial(
    site: PolicySite, act: Callable[[], Awaitable[object]]
) -> asyncio.Task[object]:
    """Begin something, and let it wait in its trial."""
    checker = site.world.checker
    checker.begun.clear()
    checker.open.clear()
    task = asyncio.ensure_future(act())
    async with asyncio.timeout(10):
        await checker.begun.wait()
    return task
