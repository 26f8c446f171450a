"""An organization's limits are set by its owners, hold in all of its projects, and are told of."""

from __future__ import annotations

import asyncio

import pytest

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting
from tests.api.tenancy.limited import LIMITS, Site, site
from tests.database import session
from tests.execution import redis_url

__all__ = ["redis_url", "site"]


async def test_an_organization_begins_without_limits(site: Site) -> None:
    """Number 0, which a first change may name."""
    read = await site.get("/limits")
    usage = await site.get("/usage")

    assert (read.status, read.header("etag")) == (200, '"0"')
    assert read.json == {
        "organization": site.owner.organization,
        "number": 0,
        "limits": {"budgets": [], "rates": [], "zone": "UTC", "currency": "USD"},
        "set_by": None,
        "set_at": None,
    }
    assert (usage.json["number"], usage.json["budgets"], usage.json["rates"]) == (0, [], [])


async def test_limits_are_set_and_read(site: Site) -> None:
    """What was sent is what is read, by members as well; the record names who set it."""
    put = await site.put(LIMITS, headers={"If-Match": '"0"'})
    read = await site.get("/limits", site.member)

    assert (put.status, put.header("etag"), put.json) == (200, '"1"', read.json)
    assert read.json["number"] == 1
    assert read.json["set_by"] == site.owner.member
    assert [item["most"] for item in read.json["limits"]["budgets"]] == [100, 50, 40, 30]
    async with session(site.app.urls.superuser_url) as superuser:
        kinds = await superuser.fetch(
            "select kind, principal_id from audit_records where kind = 'limits.replaced'"
        )
        events = await superuser.fetchval(
            "select count(*) from events where type = 'limits.replaced'"
        )
    assert [tuple(row) for row in kinds] == [("limits.replaced", site.owner.member)]
    assert events == 1


async def test_the_same_limits_again_are_no_new_version(site: Site) -> None:
    """And nothing is recorded; other limits are the next number."""
    first = await site.put(LIMITS)
    again = await site.put(LIMITS)
    other = await site.put({**LIMITS, "zone": "UTC"})

    assert again.json == first.json
    assert other.json["number"] == 2


async def test_limits_that_another_has_replaced_are_not(site: Site) -> None:
    """If-Match names the limits that were read."""
    await site.put(LIMITS)

    late = await site.put({}, headers={"If-Match": '"0"'})
    nonsense = await site.put({}, headers={"If-Match": "newest"})
    read = await site.get("/limits")

    assert (late.status, late.code) == (412, "version_mismatch")
    assert (nonsense.status, nonsense.code) == (422, "request_invalid")
    assert read.json["number"] == 1


async def test_a_repeated_request_is_answered_as_before(site: Site) -> None:
    """Even when others have been set since."""
    key = {"Idempotency-Key": "limits"}
    first = await site.put(LIMITS, headers=key)
    await site.put({})

    again = await site.put(LIMITS, headers=key)
    other = await site.put({"zone": "Asia/Tokyo"}, headers=key)

    assert (again.json, again.header("etag")) == (first.json, '"1"')
    assert again.header("idempotency-replayed") == "true"
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert (await site.get("/limits")).json["number"] == 2


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param({"budgets": [{"scope": "organization"}]}, "required", id="incomplete"),
        pytest.param({"zone": "Mars/Olympus"}, "no time zone", id="a zone that is none"),
        pytest.param({"currency": "euro"}, "pattern", id="a currency that is none"),
        pytest.param(
            {"rates": [{"scope": "action", "per": "hour", "most": 1}]},
            "actions have no rate",
            id="a rate of an action",
        ),
        pytest.param(
            {"budgets": [{**LIMITS["budgets"][0], "most": -1}]}, "greater", id="less than nothing"
        ),
        pytest.param(
            {"budgets": [{**LIMITS["budgets"][0], "most": 2**53}]}, "less", id="more than JSON has"
        ),
        pytest.param({"budgets": [LIMITS["budgets"][0]] * 2}, "twice", id="one budget twice"),
        pytest.param(
            {"budgets": [{**LIMITS["budgets"][1], "subject": "a b"}]},
            "printable",
            id="a subject that is no id",
        ),
        pytest.param({"spending": 3}, "Extra", id="an unknown part"),
    ],
)
async def test_limits_that_mean_nothing_are_refused(
    site: Site, document: JsonObject, said: str
) -> None:
    """Each with what is wrong about it; nothing changes."""
    refused = await site.put(document)

    assert (refused.status, refused.code) == (422, "request_invalid")
    assert said in str(refused.json["errors"])
    assert (await site.get("/limits")).json["number"] == 0


async def test_a_project_can_not_limit_its_organization(site: Site) -> None:
    """The answer says where to set it."""
    for limits in ({"budgets": {"organization": 5}}, {"quotas": {"organization": 5}}):
        refused = await site.app.call(
            "PATCH", f"/v1/projects/{site.first}", {"limits": limits}, token=site.owner.token
        )
        assert (refused.status, refused.code) == (422, "request_invalid")
        assert "set it on the organization" in str(refused.json["errors"])


async def test_only_owners_set_limits(site: Site) -> None:
    """A member, a narrow token, another organization's owner: none of them; nothing changes."""
    foreigner = await site.app.found()
    made = await site.app.made(
        "/v1/tokens", {"name": "n", "scopes": ["organization:read"]}, token=site.owner.token
    )
    narrow = Acting(
        organization=site.owner.organization, member=site.owner.member, token=made["text"]
    )

    by_member = await site.put(LIMITS, site.member)
    by_narrow = await site.put(LIMITS, narrow)
    by_foreigner = await site.put(LIMITS, foreigner)
    unknown = await site.app.call(
        "PUT",
        "/v1/organizations/org_01KDVDNA000000000000000000/limits",
        LIMITS,
        token=foreigner.token,
    )
    by_nobody = await site.app.call("PUT", f"{site.place}/limits", LIMITS, token="pg_none")  # noqa: S106  # of nobody

    assert (by_member.status, by_member.code) == (403, "not_allowed")
    assert (by_narrow.status, by_narrow.code) == (403, "not_allowed")
    assert (by_foreigner.status, by_foreigner.code) == (404, "not_found")
    assert by_foreigner.json == {
        **unknown.json,
        "detail": unknown.json["detail"].replace(
            "org_01KDVDNA000000000000000000", site.owner.organization
        ),
    }
    assert by_nobody.status == 401
    assert (await site.get("/limits")).json["number"] == 0


@pytest.mark.parametrize("path", ["/limits", "/usage", "/usage:projects"])
async def test_another_organization_reads_nothing(site: Site, path: str) -> None:
    """As if it did not exist."""
    await site.put(LIMITS)
    foreigner = await site.app.found()

    read = await site.get(path, foreigner)

    assert (read.status, read.code) == (404, "not_found")


async def test_an_archived_organization_keeps_its_limits(site: Site) -> None:
    """They can be read, and not replaced."""
    await site.put(LIMITS)
    await site.app.made(f"{site.place}:archive", None, token=site.owner.token)

    refused = await site.put({})

    assert (refused.status, refused.code) == (409, "wrong_time")
    assert (await site.get("/limits")).json["number"] == 1


async def test_of_two_changes_at_once_one_is_told_that_it_came_late(site: Site) -> None:
    """Numbers follow each other, and none is given twice."""
    headers = {"If-Match": '"0"'}
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(site.put({**LIMITS, "zone": zone}, headers=headers))
            for zone in ("UTC", "Asia/Tokyo", "America/Lima")
        ]

    assert sorted(task.result().status for task in tasks) == [200, 412, 412]
    assert (await site.get("/limits")).json["number"] == 1


async def test_what_runs_while_limits_change_is_held_by_one_of_them(site: Site) -> None:
    """However they interleave: after the last change, nothing more than it allows is done."""
    await site.put({"budgets": [LIMITS["budgets"][0]]})
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(site.execute(site.first)) for _ in range(8)]
        group.create_task(
            site.put({"rates": [{"scope": "organization", "per": "hour", "most": 0}]})
        )

    after = await site.execute(site.second)

    assert after["refusal"]["guard"] == "within_shared_rate"
    for outcome in (task.result() for task in running):
        assert outcome["status"] == "done" or outcome["refusal"]["code"] == "rate_limited"
