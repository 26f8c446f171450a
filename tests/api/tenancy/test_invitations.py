"""Invitations over HTTP."""

from __future__ import annotations

import pytest

from runtime.domain.invitation_text import parse_invitation
from runtime.domain.member import ProjectRole
from runtime.kit.json_value import JsonObject
from tests.api.app_builder import TenancyApp
from tests.tenants import Tenant, a_person, a_project, an_identity, rows_in

BODY = {"email": "New@People.example"}


async def test_an_invitation_is_made_listed_and_revoked(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """Its text is in the first answer only."""
    project, call = await a_project(tenant), tenancy_app.call
    body = {**BODY, "project_id": project, "role": "operator", "expires_in_s": 3600}

    made = await call(tenant.owner, "POST", "/v1/invitations", body, key="k")
    again = await call(tenant.owner, "POST", "/v1/invitations", body, key="k")
    listed = await call(tenant.owner, "GET", f"/v1/invitations?project_id={project}")
    revoked = await call(tenant.owner, "POST", f"/v1/invitations/{made.json['id']}:revoke")

    document = {key: value for key, value in made.json.items() if key != "text"}
    assert (made.status, parse_invitation(made.json["text"]).organization_id) == (201, tenant.id)
    assert again.json == {**document, "text": None}
    assert listed.json == {"items": [document], "next_cursor": None}
    assert document == {
        "id": made.json["id"],
        "email": "new@people.example",
        "organization_role": "member",
        "project": project,
        "role": "operator",
        "created_at": "2026-01-05T12:00:00Z",
        "created_by": tenant.owner_id,
        "expires_at": "2026-01-05T13:00:00Z",
        "accepted_at": None,
        "revoked_at": None,
    }
    assert revoked.json == {**document, "revoked_at": "2026-01-05T12:00:00Z"}


async def test_an_accepted_invitation_says_so(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """And can't be revoked any more."""
    made = (await tenancy_app.call(tenant.owner, "POST", "/v1/invitations", BODY)).json["id"]
    identity = an_identity("new@people.example", tenant.id)
    assert await tenancy_app.tenancy.invitations.accept_by_email(identity)

    listed = await tenancy_app.call(tenant.owner, "GET", "/v1/invitations")
    refused = await tenancy_app.call(tenant.owner, "POST", f"/v1/invitations/{made}:revoke")

    assert [item["accepted_at"] for item in listed.json["items"]] == ["2026-01-05T12:00:00Z"]
    assert (refused.status, refused.code) == (409, "wrong_time")


async def test_an_admin_invites_to_their_project_only(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """Everything else is an owner's."""
    project, call = await a_project(tenant), tenancy_app.call
    admin = await a_person(tenant, "ada", project=project, project_role=ProjectRole.ADMIN)
    to_project = {**BODY, "project_id": project, "role": "admin"}

    allowed = await call(admin, "POST", "/v1/invitations", to_project)
    refused = [
        await call(admin, "POST", "/v1/invitations", body)
        for body in (BODY, {**to_project, "organization_role": "owner"})
    ]
    listed = await call(admin, "GET", "/v1/invitations")

    assert allowed.status == 201
    assert {answer.status for answer in (*refused, listed)} == {403}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nobody"),
        pytest.param({"email": "nobody"}, id="no address"),
        pytest.param({"email": "a\x1bb@x"}, id="a control character inside"),
        pytest.param({**BODY, "role": "viewer"}, id="a role nowhere"),
        pytest.param({**BODY, "project_id": "prj_1"}, id="a project without a role"),
        pytest.param({**BODY, "expires_in_s": 30 * 24 * 3600 + 1}, id="more than 30 days"),
        pytest.param({**BODY, "expires_in_s": 0}, id="no time at all"),
        pytest.param({**BODY, "expires_in_s": "1h"}, id="no number"),
        pytest.param({**BODY, "created_by": "mem_1"}, id="somebody else's"),
    ],
)
async def test_an_offer_that_is_none_is_refused(
    tenancy_app: TenancyApp, tenant: Tenant, body: JsonObject
) -> None:
    """Nothing is stored."""
    refused = await tenancy_app.call(tenant.owner, "POST", "/v1/invitations", body)

    assert (refused.status, refused.code) == (422, "request_invalid")
    assert await rows_in(tenant, "invitations") == 0
