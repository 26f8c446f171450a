"""Organizations over HTTP: made by the platform's credential, kept by their owners."""

from __future__ import annotations

from sqlalchemy import text

from runtime.domain.token import parse_token
from tests.api.app_builder import TenancyApp
from tests.tenants import Tenant, a_person, an_operator

BODY = {"name": "Acme", "owner": {"display_name": "Olive", "email": "Olive@Acme.example"}}


async def test_the_platforms_credential_makes_an_organization(tenancy_app: TenancyApp) -> None:
    """The owner's token is in the answer, and once it was used in no later one."""
    operator = an_operator(tenancy_app.tenancy.ids.new("org"))

    made = await tenancy_app.call(operator, "POST", "/v1/organizations", BODY, key="k")
    async with tenancy_app.tenancy.database.transaction(made.json["organization"]["id"]) as used:
        await used.execute(text("update tokens set last_used_at = now()"))
    again = await tenancy_app.call(operator, "POST", "/v1/organizations", BODY, key="k")

    assert (made.status, again.status) == (201, 201)
    assert made.json["owner"]["email"] == "olive@acme.example"
    assert (
        parse_token(made.json["token"]["text"]).organization_id == made.json["organization"]["id"]
    )
    assert again.json == {**made.json, "token": {**made.json["token"], "text": None}}
    assert again.header("idempotency-replayed") == "true"
    assert made.header("idempotency-replayed") is None


async def test_an_answer_that_got_lost_is_given_again_with_a_token_that_opens(
    tenancy_app: TenancyApp,
) -> None:
    """Nobody else could ever make one."""
    operator = an_operator(tenancy_app.tenancy.ids.new("org"))

    lost = await tenancy_app.call(operator, "POST", "/v1/organizations", BODY, key="k")
    again = await tenancy_app.call(operator, "POST", "/v1/organizations", BODY, key="k")

    assert (again.status, again.header("idempotency-replayed")) == (201, "true")
    assert again.json["owner"] == lost.json["owner"]
    assert again.json["token"]["text"] not in {None, lost.json["token"]["text"]}


async def test_an_owner_does_not_make_organizations(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """Whatever their token may do."""
    refused = await tenancy_app.call(tenant.owner, "POST", "/v1/organizations", BODY)

    assert (refused.status, refused.code) == (403, "not_allowed")


async def test_a_credential_lists_its_own_organization(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """A page of one, with nothing after it."""
    member = await a_person(tenant, "mo")

    listed = await tenancy_app.call(member, "GET", "/v1/organizations")
    read = await tenancy_app.call(member, "GET", f"/v1/organizations/{tenant.id}")

    assert listed.json == {"items": [read.json], "next_cursor": None}
    assert read.json == {
        "id": tenant.id,
        "name": "Acme",
        "created_at": "2026-01-05T12:00:00Z",
        "archived_at": None,
    }


async def test_an_organization_is_renamed_archived_and_restored(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """Each answer is what the next reader reads."""
    path = f"/v1/organizations/{tenant.id}"

    renamed = await tenancy_app.call(tenant.owner, "PATCH", path, {"name": "  Acme 🏭 "})
    archived = await tenancy_app.call(tenant.owner, "POST", f"{path}:archive")
    read = await tenancy_app.call(tenant.owner, "GET", path)
    refused = await tenancy_app.call(tenant.owner, "PATCH", path, {"name": "Other"})
    restored = await tenancy_app.call(tenant.owner, "POST", f"{path}:restore")

    assert renamed.json["name"] == "Acme 🏭"
    assert archived.json == read.json
    assert archived.json["archived_at"] == "2026-01-05T12:00:00Z"
    assert (refused.status, refused.code) == (409, "wrong_time")
    assert (restored.status, restored.json["archived_at"]) == (200, None)
