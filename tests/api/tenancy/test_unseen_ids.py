"""An id of another organization is answered like one that does not exist, on every route.

The table is checked against the router: a route that names something and is not in it fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

import pytest
from fastapi.routing import APIRoute

from runtime.domain.member import ProjectRole
from runtime.entrypoints.rest import (
    exports,
    invitations,
    members,
    memberships,
    organizations,
    projects,
)
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from tests.api.app_builder import TenancyApp
from tests.tenants import Tenant, a_person, a_project, a_tenant, an_offer, kinds_of

NO_BODY: Final[JsonObject] = {}
BODIES: Final[dict[tuple[str, str], JsonObject]] = {
    ("GET", "/v1/organizations/{organization_id}"): NO_BODY,
    ("PATCH", "/v1/organizations/{organization_id}"): {"name": "Mine"},
    ("POST", "/v1/organizations/{organization_id}:archive"): NO_BODY,
    ("POST", "/v1/organizations/{organization_id}:restore"): NO_BODY,
    ("GET", "/v1/organizations/{organization_id}:export"): NO_BODY,
    ("GET", "/v1/projects/{project_id}"): NO_BODY,
    ("PATCH", "/v1/projects/{project_id}"): {"name": "Mine"},
    ("POST", "/v1/projects/{project_id}:archive"): NO_BODY,
    ("POST", "/v1/projects/{project_id}:restore"): NO_BODY,
    ("POST", "/v1/projects/{project_id}:purge"): {"confirm": "First"},
    ("GET", "/v1/projects/{project_id}/members"): NO_BODY,
    ("PUT", "/v1/projects/{project_id}/members/{member_id}"): {"role": "admin"},
    ("DELETE", "/v1/projects/{project_id}/members/{member_id}"): NO_BODY,
    ("GET", "/v1/members/{member_id}"): NO_BODY,
    ("PATCH", "/v1/members/{member_id}"): {"organization_role": "member"},
    ("POST", "/v1/members/{member_id}:remove"): NO_BODY,
    ("POST", "/v1/invitations/{invitation_id}:revoke"): NO_BODY,
}
PREFIXES: Final = {
    "organization_id": "org",
    "project_id": "prj",
    "member_id": "mem",
    "invitation_id": "inv",
}
ROUTERS: Final = (
    exports.router,
    invitations.router,
    members.router,
    memberships.router,
    organizations.router,
    projects.router,
)


def routes_with_ids() -> Iterator[tuple[str, str]]:
    """Yield method and template of each route of tenancy that names something."""
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and "{" in route.path:
                yield from ((method, route.path) for method in sorted(route.methods or ()))


def places() -> Iterator[tuple[str, str, str]]:
    """Yield each route with each id in its path."""
    for (method, template), name in product(BODIES, PREFIXES):
        if f"{{{name}}}" in template:
            yield method, template, name


def test_every_route_that_names_something_is_in_the_table() -> None:
    """And the table names no other."""
    assert sorted(routes_with_ids()) == sorted(BODIES)


@pytest.mark.parametrize(("method", "template", "unseen"), list(places()))
async def test_an_id_of_another_organization_looks_like_none(
    tenancy_app: TenancyApp, tenant: Tenant, method: str, template: str, unseen: str
) -> None:
    """Same status, same body but for the id; and nothing happens on either side."""
    other = await a_tenant(tenancy_app.tenancy, "Globex")
    own, foreign = await _things(tenant), await _things(other)
    before = [await kinds_of(tenant), await kinds_of(other)]

    answers = []
    for identifier in (
        foreign[unseen],
        tenancy_app.tenancy.ids.new(PREFIXES[unseen]),
        "nonsense",
    ):
        path = template.format(**{**own, unseen: identifier})
        answered = await tenancy_app.call(
            tenant.owner, method, path, BODIES[method, template] or None
        )
        answers.append((answered.status, answered.body.replace(identifier.encode(), b"ID")))

    assert len(set(answers)) == 1, answers
    assert answers[0][0] == 404
    assert [await kinds_of(tenant), await kinds_of(other)] == before


@pytest.mark.parametrize(
    ("method", "template"), [pair for pair in BODIES if "{project_id}" in pair[1]]
)
async def test_a_project_of_ones_own_organization_is_unseen_without_a_role(
    tenancy_app: TenancyApp, tenant: Tenant, method: str, template: str
) -> None:
    """To a member who has no role there it looks like a free id, whatever they have elsewhere."""
    things = await _things(tenant)
    elsewhere = await a_project(tenant, "Elsewhere")
    member = await a_person(tenant, "mo", project=elsewhere, project_role=ProjectRole.ADMIN)
    body = BODIES[method, template] or None

    answers = [
        await _stripped(
            tenancy_app, member, (method, template), {**things, "project_id": project}, body
        )
        for project in (things["project_id"], tenancy_app.tenancy.ids.new("prj"))
    ]

    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_an_id_in_a_body_or_a_query_is_no_better(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """Inviting to a foreign project, and listing its invitations, are answered as for a free id."""
    other = await a_tenant(tenancy_app.tenancy, "Globex")
    foreign = await a_project(other)

    answers = set()
    for project in (foreign, tenancy_app.tenancy.ids.new("prj"), "nonsense"):
        body = {"email": "a@x", "project_id": project, "role": "viewer"}
        for answered in (
            await tenancy_app.call(tenant.owner, "POST", "/v1/invitations", body),
            await tenancy_app.call(tenant.owner, "GET", f"/v1/invitations?project_id={project}"),
        ):
            answers.add((int(answered.status), answered.body.replace(project.encode(), b"ID")))

    assert len(answers) == 1
    assert answers.pop()[0] == 404


async def _things(tenant: Tenant) -> dict[str, str]:
    """Return an id of each kind in an organization, all of them real."""
    project = await a_project(tenant)
    made = await tenant.tenancy.invitations.create(tenant.owner, offer=an_offer())
    person = await a_person(tenant, "pat", project=project)
    return {
        "organization_id": tenant.id,
        "project_id": project,
        "member_id": person.caller.member_id,
        "invitation_id": made.document["id"],
    }


async def _stripped(
    app: TenancyApp,
    context: Context,
    route: tuple[str, str],
    things: dict[str, str],
    body: JsonObject | None,
) -> tuple[int, bytes]:
    method, template = route
    answered = await app.call(context, method, template.format(**things), body)
    return int(answered.status), answered.body.replace(things["project_id"].encode(), b"ID")
