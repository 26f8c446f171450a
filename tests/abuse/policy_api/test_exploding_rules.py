"""Rules that explode when they are tried harm nobody: they are tried in a child with its caps."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.kit.json_value import JsonObject
from tests.api.policy.app import PolicyApp, an_upload_body, spelled
from tests.tenants import a_tenant, rows_in

HEAD: Final = "package tenant.organization\n\nimport rego.v1\n\n"
TEST: Final = (
    "package tenant.organization_test\n\nimport rego.v1\n\n"
    "test_it if {\n\tcount(data.tenant.organization.found) >= 0\n}\n"
)
LONG: Final = (
    "found contains x if {\n\tsome a in numbers.range(1, 100000)\n"
    "\tsome b in numbers.range(1, 100000)\n\tx := a + b\n\tx < 0\n}\n"
)


def exploding(rules: str) -> JsonObject:
    """Build an upload of rules that somebody's test asks for."""
    modules = (
        PolicyModule(path="rules.rego", text=HEAD + rules),
        PolicyModule(path="rules_test.rego", text=TEST),
    )
    return an_upload_body(modules=spelled(modules))


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        pytest.param(LONG, "policy_uncheckable", id="runs for hours"),
        pytest.param(
            "found := numbers.range(1, 1000000000)\n", "policy_uncheckable", id="takes all memory"
        ),
        pytest.param(
            'found contains x if {\n\tsome a in numbers.range(1, 100000)\n\tx := sprintf("%s%d", '
            '[concat("", [y | some n in numbers.range(1, 10000); y := "long"]), a])\n}\n',
            "policy_uncheckable",
            id="takes all memory in texts",
        ),
        pytest.param(
            "found := " + "[" * 30_000 + "]" * 30_000 + "\n",
            "policy_refused",
            id="is nested deeply",
        ),
        pytest.param(
            "found contains x if {\n\tx := found\n}\n", "policy_refused", id="needs itself"
        ),
        pytest.param(
            "f(x) := f(x + 1)\n\nfound contains x if {\n\tx := f(1)\n}\n",
            "policy_refused",
            id="calls itself",
        ),
        pytest.param("found := " + "1 + " * 15_000 + "1\n", "policy_refused", id="a long chain"),
    ],
)
async def test_rules_that_explode_are_refused(trying_app: PolicyApp, rules: str, code: str) -> None:
    """In words, and the next upload is tried as if nothing had been."""
    path, owner = trying_app.places[ORGANIZATION_SCOPE], trying_app.site.owner

    answered = await trying_app.served.call(owner, "POST", path, exploding(rules))
    after = await trying_app.served.call(owner, "POST", path, an_upload_body())

    assert answered.status == {"policy_refused": 422, "policy_uncheckable": 503}[code]
    assert answered.code == code, answered.json
    assert after.status == 201, after.body


async def test_the_api_answers_while_rules_explode(trying_app: PolicyApp) -> None:
    """Its own process does nothing of it."""
    path, owner = trying_app.places[ORGANIZATION_SCOPE], trying_app.site.owner
    call = trying_app.served.call

    async with asyncio.TaskGroup() as group:
        task = group.create_task(call(owner, "POST", path, exploding(LONG)))
        for _ in range(20):
            async with asyncio.timeout(3):
                answered = await call(owner, "GET", path)
            assert answered.status == 200
        answered_meanwhile = not task.done()

    assert answered_meanwhile
    assert (task.result().status, task.result().code) == (503, "policy_uncheckable")
    assert await rows_in(trying_app.site.tenant, "policy_versions") == 0


async def test_an_organization_that_sends_many_keeps_others_waiting_for_one_only(
    trying_app: PolicyApp,
) -> None:
    """Each has its turn; the rest of the many wait behind it."""
    path, owner = trying_app.places[ORGANIZATION_SCOPE], trying_app.site.owner
    other = await a_tenant(trying_app.site.tenant.tenancy, "Globex")
    theirs = f"/v1/organizations/{other.id}/policies"
    call = trying_app.served.call

    async with asyncio.TaskGroup() as group:
        many = [group.create_task(call(owner, "POST", path, exploding(LONG))) for _ in range(3)]
        fine = await call(other.owner, "POST", theirs, an_upload_body())
        left = [task for task in many if not task.done()]

    assert fine.status == 201, fine.body
    assert len(left) >= 1
    assert {task.result().code for task in many} == {"policy_uncheckable"}


async def test_real_rules_are_tried_with_the_shipped_ones(trying_app: PolicyApp) -> None:
    """And with those of the organization, which a project's may read."""
    owner, call = trying_app.site.owner, trying_app.served.call
    base = HEAD + "limit := 100\n\nfound := [1]\n"
    organization = an_upload_body(
        modules=spelled(
            (
                PolicyModule(path="rules.rego", text=base),
                PolicyModule(path="rules_test.rego", text=TEST),
            )
        ),
        activate=True,
    )
    reading = (
        HEAD.replace("organization", "project") + "half := data.tenant.organization.limit / 2\n"
    )
    test = TEST.replace("organization", "project").replace(
        "count(data.tenant.project.found) >= 0", "data.tenant.project.half == 50"
    )
    project = an_upload_body(
        modules=spelled(
            (
                PolicyModule(path="rules.rego", text=reading),
                PolicyModule(path="rules_test.rego", text=test),
            )
        ),
        activate=True,
    )
    place = trying_app.places[trying_app.site.first]

    early = await call(owner, "POST", place, project)
    first = await call(owner, "POST", trying_app.places[ORGANIZATION_SCOPE], organization)
    second = await call(owner, "POST", place, project)
    without = await call(
        owner, "POST", f"{trying_app.places[ORGANIZATION_SCOPE]}:deactivate", {"reason": "x"}
    )

    assert (early.status, early.code) == (422, "policy_refused")
    assert (first.status, second.status) == (201, 201), second.body
    assert second.json["covered_share"] > 0
    assert (without.status, without.code) == (422, "policy_refused")
    assert trying_app.site.first in without.json["detail"]
