"""Every route of rules against every role; what is another organization's looks like nothing.

The table is checked against the routers: a route that is not in it fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from fastapi.routing import APIRoute

from runtime.domain.member import ProjectRole
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.entrypoints.rest import organization_policies, policies
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from tests.api.policy.app import REASON, PolicyApp, an_upload_body, spelled
from tests.policies import an_upload, some_modules
from tests.tenants import a_person, a_project, a_tenant, kinds_of

PLACES: Final = {
    "organization": "/v1/organizations/{organization_id}",
    "project": "/v1/projects/{project_id}",
}
CHANGES: Final = (
    ("POST", "/policies"),
    ("POST", "/policies:deactivate"),
    ("POST", "/policies/{version}:activate"),
)
TRIAL: Final = ("POST", "/policies:check")
READS: Final = (
    ("GET", "/policies"),
    ("GET", "/policies:active"),
    ("GET", "/policies:activations"),
    ("GET", "/policies/{version}"),
)
ROUTES: Final = (*CHANGES, TRIAL, *READS)
WHO: Final = ("owner", "admin", "operator", "viewer", "stranger")
ALLOWED: Final = {
    ("organization", "change"): {"owner": 200},
    ("project", "change"): {"owner": 200, "admin": 200, "stranger": 404},
    ("organization", "read"): dict.fromkeys(WHO, 200),
    ("project", "read"): {**dict.fromkeys(WHO, 200), "stranger": 404},
}


def body_of(level: str, route: tuple[str, str], scope: str) -> JsonObject | None:
    """Return what a route is sent."""
    if route[0] == "GET":
        return None
    if route == ("POST", "/policies"):
        return an_upload_body(scope)
    return {"modules": spelled(some_modules(scope))} if route == TRIAL else REASON


@pytest.fixture
async def active_app(policy_app: PolicyApp) -> PolicyApp:
    """Let rules hold in both scopes."""
    for scope in (ORGANIZATION_SCOPE, policy_app.site.first):
        await an_upload(policy_app.site.world, policy_app.site.tenant, scope, activate=True)
    return policy_app


def declared() -> Iterator[tuple[str, str]]:
    """Yield method and template of each route."""
    for router in (policies.router, organization_policies.router):
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield from ((method, route.path) for method in sorted(route.methods or ()))


def test_every_route_is_in_the_table() -> None:
    """And the table names no other."""
    expected = [(method, f"{place}{path}") for place in PLACES.values() for method, path in ROUTES]

    assert sorted(declared()) == sorted(expected)


async def as_(app: PolicyApp, who: str) -> Context:
    """Return how somebody asks: by their role in the first project, a stranger has none there."""
    site = app.site
    if who == "owner":
        return site.owner
    if who == "stranger":
        return await a_person(site.tenant, who, project=site.second, project_role=ProjectRole.ADMIN)
    return await a_person(site.tenant, who, project=site.first, project_role=ProjectRole(who))


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("level", PLACES)
async def test_each_route_against_each_role(active_app: PolicyApp, level: str, who: str) -> None:
    """Owners and admins change, members read; whoever may not changes nothing."""
    site = active_app.site
    scope = ORGANIZATION_SCOPE if level == "organization" else site.first
    place = PLACES[level].format(organization_id=site.tenant.id, project_id=site.first)
    asking = await as_(active_app, who)
    before = await kinds_of(site.tenant)

    found, expected = dict[str, int](), dict[str, int]()
    for route in ROUTES:
        method, template = route
        path = f"{place}{template.format(version=1)}"
        body = body_of(level, route, scope)
        answered = await active_app.served.call(asking, method, path, body)
        kind = "read" if route in READS else "change"
        usual = ALLOWED[level, kind].get(who, 403)
        expected[template + method] = 201 if (usual, template, method) == (
            200, "/policies", "POST",
        ) else usual  # fmt: skip
        found[template + method] = answered.status

    assert found == expected
    changed = 200 in ALLOWED[level, "change"].values() and ALLOWED[level, "change"].get(who) == 200
    assert (await kinds_of(site.tenant) != before) is changed


@pytest.mark.parametrize("level", PLACES)
@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_what_is_anothers_looks_like_what_is_not_there(
    active_app: PolicyApp, level: str, route: tuple[str, str]
) -> None:
    """Same status, same body but for the id, and nothing is tried or recorded."""
    site = active_app.site
    other = await a_tenant(site.tenant.tenancy, "Globex")
    foreign = {"organization": other.id, "project": await a_project(other)}[level]
    prefix = {"organization": "org", "project": "prj"}[level]
    before = [await kinds_of(site.tenant), await kinds_of(other)]
    site.world.checker.tried.clear()

    answers = set()
    for identifier in (foreign, site.tenant.tenancy.ids.new(prefix), "nonsense", "organization"):
        place = PLACES[level].format(organization_id=identifier, project_id=identifier)
        path = f"{place}{route[1].format(version=1)}"
        scope = ORGANIZATION_SCOPE if level == "organization" else site.first
        answered = await active_app.served.call(
            site.owner, route[0], path, body_of(level, route, scope)
        )
        shown = answered.body.replace(f"'{identifier}'".encode(), b"ID")
        answers.add((int(answered.status), shown))

    assert len(answers) == 1, answers
    assert answers.pop()[0] == 404
    assert site.world.checker.tried == []
    assert [await kinds_of(site.tenant), await kinds_of(other)] == before


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_ids_of_the_other_kind_open_nothing(
    active_app: PolicyApp, route: tuple[str, str]
) -> None:
    """A project is no organization, and the other way round."""
    site = active_app.site
    crossed = {
        "organization": PLACES["organization"].format(organization_id=site.first),
        "project": PLACES["project"].format(project_id=site.tenant.id),
    }

    for level, place in crossed.items():
        path = f"{place}{route[1].format(version=1)}"
        scope = ORGANIZATION_SCOPE if level == "organization" else site.first
        answered = await active_app.served.call(
            site.owner, route[0], path, body_of(level, route, scope)
        )
        assert answered.status == 404
