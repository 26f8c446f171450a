"""What an organization uses of its limits is told to whom it concerns."""

from __future__ import annotations

from tests.abuse.execution.real_app import moved
from tests.api.tenancy.limited import LIMITS, Site, by_kind, site
from tests.execution import redis_url

__all__ = ["redis_url", "site"]


async def test_what_projects_used_together_is_told(site: Site) -> None:
    """Each budget and rate with its use, share and renewal, to owners of everybody."""
    await site.put(LIMITS)
    for project in (site.first, site.first, site.second):
        assert (await site.execute(project))["status"] == "done"
    await site.execute(site.first, site.member)

    usage = (await site.get("/usage")).json

    budgets, rates = by_kind(usage["budgets"]), by_kind(usage["rates"])
    assert budgets == {
        ("units_a_day", "organization", None): (4, 100),
        ("actions_a_month", "project", site.first): (3, 50),
        ("actions_a_month", "project", site.second): (1, 50),
        ("actions_a_day", "principal", site.owner.member): (3, 40),
        ("actions_a_day", "principal", site.member.member): (1, 40),
        ("units_a_day", "action", "counter.increment"): (4, 30),
    }
    assert rates == {
        ("per_minute", "organization", None): (4, 7),
        ("per_hour", "project", site.first): (3, 100),
        ("per_hour", "project", site.second): (1, 100),
        ("per_hour", "principal", site.owner.member): (3, 90),
    }
    (whole,) = [use for use in usage["budgets"] if use["scope"] == "organization"]
    assert (whole["percent"], whole["left"], whole["status"]) == (4, 96, "ok")
    assert whole["burn_rate_per_hour"] > 0
    assert (usage["number"], usage["zone"], usage["currency"]) == (1, "Europe/Berlin", "EUR")


async def test_members_are_told_of_their_own_part(site: Site) -> None:
    """What all share, their own use, and that of projects that they are members of."""
    await site.put(LIMITS)
    for project in (site.first, site.second):
        await site.execute(project)

    usage = (await site.get("/usage", site.member)).json
    rolled_up = (await site.get("/usage:projects", site.member)).json

    assert by_kind(usage["budgets"]) == {
        ("units_a_day", "organization", None): (2, 100),
        ("actions_a_month", "project", site.first): (1, 50),
        ("actions_a_day", "principal", site.member.member): (0, 40),
        ("units_a_day", "action", "counter.increment"): (2, 30),
    }
    assert by_kind(usage["rates"]) == {
        ("per_minute", "organization", None): (2, 7),
        ("per_hour", "project", site.first): (1, 100),
        ("per_hour", "principal", site.member.member): (0, 90),
    }
    assert [item["project"] for item in rolled_up["items"]] == [site.first]
    assert site.owner.member not in str(usage)


async def test_the_use_of_projects_is_rolled_up_page_by_page(site: Site) -> None:
    """Each project's own limits, in the order of their ids."""
    for project in (site.first, site.second, site.second):
        await site.execute(project)

    page = (await site.get("/usage:projects?limit=1")).json
    rest = (await site.get(f"/usage:projects?limit=1&cursor={page['next_cursor']}")).json

    assert rest["next_cursor"] is None
    told = {item["name"]: by_kind(item["limits"]) for item in page["items"] + rest["items"]}
    assert [item["project"] for item in page["items"] + rest["items"]] == sorted(
        [site.first, site.second]
    )
    assert told["first"]["actions_a_day", "project", None][0] == 1
    assert told["second"]["actions_a_day", "project", None][0] == 2


async def test_a_rate_refuses_over_http_with_its_figures(site: Site) -> None:
    """A simulation says so before; readiness tells that rates are counted."""
    await site.put({"rates": [{"scope": "organization", "per": "hour", "most": 2}]})
    for project in (site.first, site.second):
        await site.execute(project)

    simulated = await site.app.made(
        f"/v1/projects/{site.first}/plans:simulate", moved(1), token=site.owner.token
    )
    refused = await site.execute(site.first)
    ready = await site.app.call("GET", "/v1/readyz", token=site.owner.token)

    assert simulated["refusal"]["limit"]["used"] == 2
    assert refused["refusal"]["code"] == "rate_limited"
    assert {**refused["refusal"]["limit"], "resets_at": None} == {
        "scope": "organization",
        "subject": None,
        "measure": "per_hour",
        "limit": 2,
        "used": 2,
        "wanted": 1,
        "resets_at": None,
    }
    assert ready.json["dependencies"]["rates"]["status"] == "up"
