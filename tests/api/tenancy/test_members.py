"""Members and their roles over HTTP."""

from __future__ import annotations

import asyncio

import pytest

from runtime.domain.organization import OrganizationRole
from runtime.kit.json_value import JsonObject
from tests.api.app_builder import TenancyApp
from tests.tenants import Tenant, a_person, a_project

BOT = {"kind": "service", "display_name": "deploy bot"}


async def test_a_service_is_added_read_listed_and_removed(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """Each answer is what the next reader reads."""
    call, owner = tenancy_app.call, tenant.owner

    made = await call(owner, "POST", "/v1/members", BOT)
    path = f"/v1/members/{made.json['id']}"
    read = await call(owner, "GET", path)
    listed = await call(owner, "GET", "/v1/members")
    removed = await call(owner, "POST", f"{path}:remove")
    later = await call(owner, "GET", path)
    left = await call(owner, "GET", "/v1/members")

    assert (made.status, made.json) == (201, read.json)
    assert made.json == {
        "id": made.json["id"],
        "kind": "service",
        "display_name": "deploy bot",
        "email": None,
        "logs_in": False,
        "organization_role": "member",
        "created_at": "2026-01-05T12:00:00Z",
        "removed_at": None,
    }
    assert [item["id"] for item in listed.json["items"]] == sorted(
        [tenant.owner_id, made.json["id"]]
    )
    assert removed.json == later.json
    assert removed.json["removed_at"] == "2026-01-05T12:00:00Z"
    assert [item["id"] for item in left.json["items"]] == [tenant.owner_id]


async def test_a_member_becomes_an_owner(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """And the last owner stays one."""
    person = (await a_person(tenant, "pat")).caller.member_id
    call, owner = tenancy_app.call, tenant.owner

    last = await call(
        owner, "PATCH", f"/v1/members/{tenant.owner_id}", {"organization_role": "member"}
    )
    promoted = await call(owner, "PATCH", f"/v1/members/{person}", {"organization_role": "owner"})

    assert (last.status, last.code) == (409, "wrong_time")
    assert (promoted.status, promoted.json["organization_role"]) == (200, "owner")
    assert promoted.json["logs_in"] is True


async def test_two_owners_who_step_down_at_once_leave_one(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """Over HTTP too: one is answered 200, the other 409."""
    other = await a_person(tenant, "pat", role=OrganizationRole.OWNER)

    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(
                tenancy_app.call(
                    owner,
                    "PATCH",
                    f"/v1/members/{owner.caller.member_id}",
                    {"organization_role": "member"},
                )
            )
            for owner in (tenant.owner, other)
        ]

    assert sorted(item.result().status for item in tries) == [200, 409]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"kind": "person", "display_name": "Pat"}, id="people are invited"),
        pytest.param({"display_name": "bot"}, id="no kind"),
        pytest.param({**BOT, "organization_role": "owner"}, id="a role at once"),
        pytest.param({**BOT, "id": "mem_1"}, id="an id"),
        pytest.param({**BOT, "organization_id": "org_1"}, id="another organization"),
    ],
)
async def test_only_services_are_added(
    tenancy_app: TenancyApp, tenant: Tenant, body: JsonObject
) -> None:
    """A body says neither who acts nor where."""
    refused = await tenancy_app.call(tenant.owner, "POST", "/v1/members", body)

    assert (refused.status, refused.code) == (422, "request_invalid")


async def test_a_role_in_a_project_is_put_listed_and_deleted(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """What is left out of a later grant is taken away."""
    project, pat = await a_project(tenant), await a_person(tenant, "pat")
    folder = f"/v1/projects/{project}/members"
    path, call = f"{folder}/{pat.caller.member_id}", tenancy_app.call
    full = {"role": "operator", "extra_roles": ["finance"], "mode": "autonomous"}

    given = await call(tenant.owner, "PUT", path, full)
    listed = await call(pat, "GET", folder)
    lessened = await call(tenant.owner, "PUT", path, {"role": "viewer"})
    deleted = await call(tenant.owner, "DELETE", path)
    gone = await call(tenant.owner, "DELETE", path)

    assert given.json == {
        "project": project,
        "member": pat.caller.member_id,
        **full,
        "created_at": "2026-01-05T12:00:00Z",
    }
    assert listed.json == {"items": [given.json], "next_cursor": None}
    assert (lessened.json["extra_roles"], lessened.json["mode"]) == ([], "assisted")
    assert deleted.json == lessened.json
    assert (gone.status, gone.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"role": "owner"}, "request_invalid", id="no role of projects"),
        pytest.param({}, "request_invalid", id="no role"),
        pytest.param({"role": "viewer", "mode": "free"}, "request_invalid", id="no mode"),
        pytest.param(
            {"role": "viewer", "extra_roles": ["owner"]}, "role_reserved", id="owner by the way"
        ),
        pytest.param(
            {"role": "viewer", "extra_roles": ["admin"]}, "role_reserved", id="admin by the way"
        ),
        pytest.param(
            {"role": "viewer", "extra_roles": ["Owner"]}, "request_invalid", id="capitals"
        ),
        pytest.param(
            {"role": "viewer", "extra_roles": ["a\n"]}, "request_invalid", id="a line break"
        ),
        pytest.param(
            {"role": "viewer", "extra_roles": ["r"] * 21}, "request_invalid", id="too many"
        ),
    ],
)
async def test_a_grant_that_is_none_is_refused(
    tenancy_app: TenancyApp, tenant: Tenant, body: JsonObject, code: str
) -> None:
    """With what is wrong with it."""
    project, pat = await a_project(tenant), await a_person(tenant, "pat")
    path = f"/v1/projects/{project}/members/{pat.caller.member_id}"

    refused = await tenancy_app.call(tenant.owner, "PUT", path, body)

    assert (refused.status, refused.code) == (422, code)
