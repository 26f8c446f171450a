"""Rules of an organization are kept by version, and those that are activated hold."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from runtime.domain.errors import (
    KeyReusedError,
    NotFoundError,
    PolicyRefusedError,
    PolicyUncheckableError,
    WrongTimeError,
)
from runtime.domain.policy_unit import revision_of
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.store.session import Database
from tests.policies import PolicySite, a_policy_site, a_policy_world, an_upload, some_modules
from tests.tenants import a_project, a_tenant, keyed, rows_in

ORGANIZATION: Final = ORGANIZATION_SCOPE


@pytest.fixture
async def site(database: Database) -> PolicySite:
    """Make an organization."""
    return await a_policy_site(database)


async def test_an_upload_is_kept_and_does_not_hold_yet(site: PolicySite) -> None:
    """It is the next version, recorded once, and nothing that was judged is outdated."""
    before = await site.settings()

    answers = [
        await site.world.policies.upload(
            site.owner, ORGANIZATION, some_modules(), note=f"note {number}"
        )
        for number in (1, 2)
    ]

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[1].document == {
        "scope": ORGANIZATION,
        "version": 2,
        "digest": revision_of(some_modules()),
        "note": "note 2",
        "created_at": "2026-01-05T12:00:00Z",
        "created_by": site.tenant.owner_id,
        "tests": 1,
        "covered_share": 0.5,
        "activation": None,
    }
    assert await site.recorded() == ["policy.uploaded", "policy.uploaded"]
    assert (await site.holds(ORGANIZATION), await site.settings()) == (None, before)


async def test_an_upload_that_is_activated_holds_from_the_same_commit(site: PolicySite) -> None:
    """Both are recorded, and what was judged before fails."""
    before = await site.settings()

    answer = await site.world.policies.upload(
        site.owner, ORGANIZATION, some_modules(), note="now", activate=True
    )

    assert answer.document["activation"]["number"] == 1
    assert await site.holds(ORGANIZATION) == 1
    assert await site.recorded() == ["policy.uploaded", "policy.activated"]
    assert await site.settings() == (before[0] + 1, before[1] + 1)


async def test_rules_of_a_project_outdate_that_project_only(site: PolicySite) -> None:
    """Activated and taken away; an upload outdates nothing."""
    before = await site.settings()

    version = await an_upload(site.world, site.tenant, site.first)
    uploaded = await site.settings()
    await site.world.policies.activate(site.owner, site.first, version=version, reason="go")
    activated = await site.settings()
    await site.world.policies.deactivate(site.owner, site.first, reason="stop")
    deactivated = await site.settings()

    assert uploaded == before
    assert activated == (before[0] + 1, before[1])
    assert deactivated == (before[0] + 2, before[1])
    assert await site.recorded() == ["policy.uploaded", "policy.activated", "policy.deactivated"]


async def test_an_earlier_version_holds_again(site: PolicySite) -> None:
    """Going back is an activation like any other, with the next number."""
    for _ in range(2):
        await an_upload(site.world, site.tenant, activate=True)

    back = await site.world.policies.activate(site.owner, ORGANIZATION, version=1, reason="back")
    activations = await site.world.policies.activations(
        site.owner, ORGANIZATION, before=None, limit=9
    )

    assert (back.document["number"], back.document["version"]) == (3, 1)
    assert [(item.number, item.version) for item in activations] == [(3, 1), (2, 2), (1, 1)]


async def test_nothing_can_be_taken_away_where_nothing_holds(site: PolicySite) -> None:
    """Neither before the first activation nor twice."""
    with pytest.raises(WrongTimeError, match="inactive"):
        await site.world.policies.deactivate(site.owner, ORGANIZATION, reason="x")
    await an_upload(site.world, site.tenant, activate=True)
    await site.world.policies.deactivate(site.owner, ORGANIZATION, reason="x")
    with pytest.raises(WrongTimeError, match="inactive"):
        await site.world.policies.deactivate(site.owner, ORGANIZATION, reason="x")

    assert await site.holds(ORGANIZATION) is None
    assert await rows_in(site.tenant, "policy_activations") == 2


@pytest.mark.parametrize("scope", [ORGANIZATION, "project"])
async def test_a_version_that_is_none_can_not_hold(site: PolicySite, scope: str) -> None:
    """Nor that of another scope."""
    await an_upload(site.world, site.tenant, ORGANIZATION if scope == "project" else site.first)
    where = ORGANIZATION if scope == ORGANIZATION else site.first

    with pytest.raises(NotFoundError, match="no policy version '1'"):
        await site.world.policies.activate(site.owner, where, version=1, reason="x")
    with pytest.raises(NotFoundError, match="no policy version '1'"):
        await site.world.policies.read(site.owner, where, version=1)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"mark": "# broken: here"}, "refunds.rego:1: broken here", id="no Rego"),
        pytest.param({"passes": False}, "test_refund failed: it is not true", id="a failed test"),
        pytest.param({"tests": False}, "there is no test", id="no test"),
        pytest.param({"scope": "prj_1"}, "package", id="the package of another scope"),
    ],
)
@pytest.mark.parametrize("activate", [False, True])
async def test_rules_that_are_not_right_are_not_kept(
    site: PolicySite, changes: dict[str, Any], problem: str, *, activate: bool
) -> None:
    """All problems are told, nothing is stored."""
    with pytest.raises(PolicyRefusedError) as refused:
        await site.world.policies.upload(
            site.owner, ORGANIZATION, some_modules(**changes), note="x", activate=activate
        )

    assert any(problem in item for item in refused.value.problems)
    assert await rows_in(site.tenant, "policy_versions") == 0
    assert await site.recorded() == []


async def test_rules_that_take_too_long_are_not_kept(site: PolicySite) -> None:
    """That they could not be tried is another answer than that they are wrong."""
    with pytest.raises(PolicyUncheckableError, match=r"policy_slow.*nothing was changed"):
        await site.world.policies.upload(
            site.owner, ORGANIZATION, some_modules(mark="# explodes"), note="x"
        )

    assert await rows_in(site.tenant, "policy_versions") == 0


async def test_activations_at_once_are_numbered_without_gaps(site: PolicySite) -> None:
    """Whatever their scope, and on however many replicas; each of them is done."""
    for scope in (site.first, site.second):
        await an_upload(site.world, site.tenant, scope)
    replicas = [a_policy_world(site.tenant.tenancy).policies for _ in range(4)]

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(replica.activate(site.owner, scope, version=1, reason="x"))
            for replica in replicas
            for scope in (site.first, site.second)
        ]
    numbers = sorted(task.result().document["number"] for task in tasks)

    assert numbers == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_uploads_on_several_replicas_are_versions_without_gaps(site: PolicySite) -> None:
    """Each of them is kept."""
    replicas = [a_policy_world(site.tenant.tenancy) for _ in range(4)]

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(an_upload(replica, site.tenant, site.first)) for replica in replicas
        ]

    assert sorted(task.result() for task in tasks) == [1, 2, 3, 4]


async def test_uploads_at_once_are_versions_without_gaps(site: PolicySite) -> None:
    """The same modules twice are two versions, unless they bring the same key."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                site.world.policies.upload(
                    keyed(site.owner, f"k-{number % 4}"), ORGANIZATION, some_modules(), note="x"
                )
            )
            for number in range(8)
        ]
    versions = sorted(task.result().document["version"] for task in tasks)

    assert versions == [1, 1, 2, 2, 3, 3, 4, 4]
    assert await rows_in(site.tenant, "policy_versions") == 4


async def test_an_organization_that_sends_many_has_one_trial_at_a_time(site: PolicySite) -> None:
    """The next trial is another organization's, however many came before."""
    other = await a_tenant(site.tenant.tenancy, "Globex")
    project, checker = await a_project(other), site.world.checker
    checker.open.clear()

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(an_upload(site.world, site.tenant))
        await checker.begun.wait()
        checker.begun.clear()
        group.create_task(an_upload(site.world, other, project))
        await checker.begun.wait()
        tried = list(checker.tried)
        checker.open.set()

    assert ["project/refunds.rego" in paths for paths in tried] == [False, True]


async def test_a_repeated_request_is_answered_without_a_trial(site: PolicySite) -> None:
    """As it was, even if the rules would not pass any more; another body is refused."""
    asked = keyed(site.owner)
    first = await site.world.policies.upload(asked, ORGANIZATION, some_modules(), note="x")
    site.world.checker.tried.clear()

    again = await site.world.policies.upload(asked, ORGANIZATION, some_modules(), note="x")

    assert (again.document, again.status, again.replayed) == (first.document, 201, True)
    assert site.world.checker.tried == []
    with pytest.raises(KeyReusedError):
        await site.world.policies.upload(
            keyed(site.owner, body="other"), ORGANIZATION, some_modules(), note="x"
        )
    asked = keyed(site.owner, "activate")
    answers = [
        await site.world.policies.activate(asked, ORGANIZATION, version=1, reason="x")
        for _ in range(2)
    ]
    asked = keyed(site.owner, "deactivate")
    answers += [
        await site.world.policies.deactivate(asked, ORGANIZATION, reason="x") for _ in range(2)
    ]
    assert [answer.replayed for answer in answers] == [False, True, False, True]
    assert [answer.document["number"] for answer in answers] == [1, 1, 2, 2]


async def test_a_trial_run_tells_everything_and_keeps_nothing(site: PolicySite) -> None:
    """Problems, tests, and of what the tests did not reach only the modules' own."""
    fine = await site.world.policies.check(site.owner, site.first, some_modules(site.first))
    wrong = await site.world.policies.check(
        site.owner, site.first, some_modules(site.first, mark="# broken: x", passes=False)
    )
    foreign = await site.world.policies.check(site.owner, site.first, some_modules())

    assert [(test.name, test.passed) for test in fine.tests] == [
        ("tenant.project_test.test_refund", True)
    ]
    assert [path for path, _ in fine.uncovered] == [
        "project/refunds.rego",
        "project/refunds_test.rego",
    ]
    assert wrong.problems == ("project/refunds.rego:1: broken x",)
    assert foreign.problems
    assert foreign.covered_share == 0.0
    assert await rows_in(site.tenant, "policy_versions") == 0
