"""Projects over HTTP, from the first to the last request of one."""

from __future__ import annotations

import asyncio
import json

import pytest

from runtime.domain.member import ProjectRole
from runtime.kit.json_value import JsonObject
from tests.api.app_builder import TenancyApp
from tests.tenants import Tenant, a_person, a_project, rows_in

BODY = {"name": "Furnace", "environment": "box"}
LIMITS = {
    "per_minute": 5,
    "per_hour": None,
    "budgets": {"project": 100},
    "quotas": {"action": 20},
    "windows": [{"days": [0, 1], "zone": "Europe/Berlin", "start": "08:00:00", "end": "17:30:00"}],
    "day_zone": "Europe/Berlin",
}


async def test_the_life_of_a_project(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """Made, read, changed, archived, purged; each answer is what the next reader reads."""
    owner, call = tenant.owner, tenancy_app.call

    made = await call(owner, "POST", "/v1/projects", {**BODY, "limits": LIMITS})
    path = f"/v1/projects/{made.json['id']}"
    read = await call(owner, "GET", path)
    changed = await call(owner, "PATCH", path, {"name": "Oven"})
    archived = await call(owner, "POST", f"{path}:archive")
    purged = await call(owner, "POST", f"{path}:purge", {"confirm": "Oven"})
    gone = await call(owner, "GET", path)

    assert (made.status, made.json) == (201, read.json)
    assert (made.json["limits"], made.json["created_by"]) == (LIMITS, tenant.owner_id)
    assert changed.json == {**made.json, "name": "Oven"}
    assert archived.json == {**changed.json, "archived_at": "2026-01-05T12:00:00Z"}
    assert (purged.status, purged.json["versions"]) == (200, 1)
    assert (purged.json["purged"], purged.json["remaining"]) == (True, 0)
    assert (gone.status, gone.code) == (404, "not_found")


async def test_projects_are_listed_in_pages(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """A cursor leads from one to the next until there is none."""
    made = {await a_project(tenant, f"P{number}") for number in range(5)}
    seen, cursor, sizes = list[str](), "", list[int]()
    while True:
        page = (await tenancy_app.call(tenant.owner, "GET", f"/v1/projects?limit=2{cursor}")).json
        seen += [item["id"] for item in page["items"]]
        sizes.append(len(page["items"]))
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == sorted(made)
    assert sizes == [2, 2, 1]


async def test_one_key_makes_one_project_however_often_it_is_sent(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """At once and later; the answers differ in the header that says so only."""
    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(tenancy_app.call(tenant.owner, "POST", "/v1/projects", BODY, key="k"))
            for _ in range(4)
        ]
    later = await tenancy_app.call(tenant.owner, "POST", "/v1/projects", BODY, key="k")
    other = await tenancy_app.call(
        tenant.owner, "POST", "/v1/projects", {**BODY, "name": "Oven"}, key="k"
    )

    answers = [*(item.result() for item in tries), later]
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) <= 2  # one spelled anew, the others as stored
    assert all(answer.json == later.json for answer in answers)
    assert [answer.header("idempotency-replayed") for answer in answers].count("true") == 4
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert await rows_in(tenant, "projects") == 1


async def test_a_taken_name_is_a_conflict(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """Spelled in another way it is the same name."""
    await tenancy_app.call(tenant.owner, "POST", "/v1/projects", {**BODY, "name": "Zo\u00eb"})

    refused = await tenancy_app.call(
        tenant.owner, "POST", "/v1/projects", {**BODY, "name": " Zoe\u0308 "}
    )

    assert (refused.status, refused.code) == (409, "name_taken")


async def test_an_unknown_environment_is_answered_with_the_known_ones(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """It is a fault of the body."""
    refused = await tenancy_app.call(
        tenant.owner, "POST", "/v1/projects", {**BODY, "environment": "bx"}
    )

    assert (refused.status, refused.code) == (422, "environment_not_installed")
    assert "there are: box" in refused.json["detail"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"name": None, "limits": None}, id="null alone"),
        pytest.param({"environment": "box"}, id="what never changes"),
        pytest.param({"archived_at": None}, id="what has a verb of its own"),
        pytest.param({"organization_id": "org_1", "name": "x"}, id="whose it is"),
    ],
)
async def test_a_change_that_changes_nothing_is_refused(
    tenancy_app: TenancyApp, tenant: Tenant, body: JsonObject
) -> None:
    """Name and limits are all that changes."""
    project = await a_project(tenant)

    refused = await tenancy_app.call(tenant.owner, "PATCH", f"/v1/projects/{project}", body)

    assert (refused.status, refused.code) == (422, "request_invalid")


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"per_minute": -1}, id="below zero"),
        pytest.param({"per_minute": 2**53}, id="beyond what JSON keeps"),
        pytest.param({"per_hour": 10**30}, id="beyond any column"),
        pytest.param({"budgets": {"project": -5}}, id="a budget below zero"),
        pytest.param({"budgets": {"planet": 5}}, id="a scope that is none"),
        pytest.param({"windows": [{"start": "08:00", "end": "09:00"}] * 51}, id="many windows"),
        pytest.param({"per_day": 5}, id="a limit that is none"),
    ],
)
async def test_limits_that_can_not_be_kept_are_refused(
    tenancy_app: TenancyApp, tenant: Tenant, limits: JsonObject
) -> None:
    """With a 422, never a fault of ours."""
    body = loosely_spelled({**BODY, "limits": limits})

    refused = await tenancy_app.call(tenant.owner, "POST", "/v1/projects", body=body)

    assert refused.status in {400, 422}
    assert await rows_in(tenant, "projects") == 0


async def test_a_purge_is_confirmed_by_the_exact_name(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """And only what is archived is purged."""
    project = await a_project(tenant, "Furnace")
    path, call = f"/v1/projects/{project}", tenancy_app.call

    early = await call(tenant.owner, "POST", f"{path}:purge", {"confirm": "Furnace"})
    await call(tenant.owner, "POST", f"{path}:archive")
    unconfirmed = await call(tenant.owner, "POST", f"{path}:purge", {"confirm": "furnace"})
    bare = await call(tenant.owner, "POST", f"{path}:purge")

    assert (early.status, early.code) == (409, "wrong_time")
    assert (unconfirmed.status, unconfirmed.code) == (422, "not_confirmed")
    assert bare.status in {415, 422}
    assert await rows_in(tenant, "projects") == 1


async def test_a_viewer_reads_and_changes_nothing(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """They are told what it takes."""
    project = await a_project(tenant)
    viewer = await a_person(tenant, "vic", project=project, project_role=ProjectRole.VIEWER)
    path = f"/v1/projects/{project}"

    read = await tenancy_app.call(viewer, "GET", path)
    refused = await tenancy_app.call(viewer, "PATCH", path, {"name": "Mine"})
    made = await tenancy_app.call(viewer, "POST", "/v1/projects", BODY)

    assert read.status == 200
    assert (refused.status, refused.code) == (403, "not_allowed")
    assert (made.status, made.code) == (403, "not_allowed")


def loosely_spelled(document: JsonObject) -> bytes:
    """Spell a document with numbers that no JSON of ours would hold."""
    return json.dumps(document).encode()
