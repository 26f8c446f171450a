"""What a project has used of what it may is read over HTTP, by whoever may read the project."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runtime.kit.json_value import JsonObject
from tests.api.execution.conftest import Api, increment

LIMITS: JsonObject = {
    "per_minute": 100,
    "budgets": {"project": 4, "action": 9},
    "quotas": {"principal": 50},
    "day_zone": "Europe/Berlin",
}


async def _limited(api: Api, limits: JsonObject) -> None:
    changed = await api.call("PATCH", "{p}", {"limits": limits})
    assert changed.status == 200, changed.body


def _by_measure(usage: JsonObject) -> dict[tuple[str, str], JsonObject]:
    return {(item["measure"], item["scope"]): item for item in usage["limits"]}


async def test_the_use_of_each_limit_is_told(api: Api) -> None:
    """What is used, left, how fast, until when, and when it renews."""
    await _limited(api, LIMITS)
    for _ in range(4):
        await api.execute(increment())

    answered = await api.call("GET", "{p}/usage")

    usage = answered.json
    found = _by_measure(usage)
    budget, by_action = found["units_a_day", "project"], found["units_a_day", "action"]
    assert answered.status == 200
    assert (budget["used"], budget["left"], budget["status"]) == (4, 0, "exhausted")
    assert budget["exhausted_at"] is not None
    assert budget["burn_rate_per_hour"] > 0
    assert (by_action["subject"], by_action["used"], by_action["left"]) == (
        "counter.increment", 4, 5,
    )  # fmt: skip
    assert (found["per_minute", "project"]["used"], found["per_minute", "project"]["left"]) == (
        4, 96,
    )  # fmt: skip
    assert found["per_hour", "project"]["status"] == "no_limit"
    assert found["actions_a_day", "principal"]["used"] == 4
    assert (usage["day_zone"], usage["open"], usage["opens_at"]) == ("Europe/Berlin", True, None)
    renewal = datetime.fromisoformat(budget["resets_at"])
    assert timedelta(0) < renewal - datetime.now(UTC) <= timedelta(hours=25)
    assert renewal.hour in {22, 23}


async def test_a_shut_window_is_told(api: Api) -> None:
    """And when it opens; one that never does promises nothing."""
    today = datetime.now(UTC).weekday()
    other = {"days": [(today + 3) % 7], "start": "09:00", "end": "17:00"}
    await _limited(api, {"windows": [other]})
    shut = (await api.call("GET", "{p}/usage")).json
    refused = (await api.execute(increment())).json["refusal"]
    await _limited(api, {"windows": [{"start": "09:00", "end": "09:00"}]})
    never = (await api.call("GET", "{p}/usage")).json

    assert shut["open"] is False
    assert refused["limit"]["resets_at"] == shut["opens_at"]
    assert shut["opens_at"].endswith("T09:00:00Z")
    assert (never["open"], never["opens_at"]) == (False, None)


async def test_a_refusal_shows_the_figures_of_its_limit(api: Api) -> None:
    """Over HTTP as in storage, and read again alike."""
    await _limited(api, LIMITS)

    outcome = (await api.execute(*[increment()] * 5)).json

    again = (await api.call("GET", f"{{p}}/outcomes/{outcome['id']}")).json
    told = outcome["refusal"]["limit"]
    assert outcome["refusal"]["code"] == "budget_exceeded"
    assert told == {
        "scope": "project",
        "subject": None,
        "measure": "units_a_day",
        "limit": 4,
        "used": 0,
        "wanted": 5,
        "resets_at": None,
    }
    assert again["refusal"] == outcome["refusal"]


async def test_nobody_else_reads_it(api: Api) -> None:
    """An unknown project and a caller without the right are answered as anywhere."""
    unknown = await api.call("GET", "/v1/projects/prj_01KDVDNA000000000000000000/usage")
    made = await api.call(
        "POST", "/v1/tokens", {"name": "no projects", "scopes": ["outcomes:read"]}
    )
    narrow = await api.call("GET", "{p}/usage", token=made.json["text"])
    nobody = await api.call("GET", "{p}/usage", token="pg_none")  # noqa: S106  # of nobody

    assert (unknown.status, unknown.code) == (404, "not_found")
    assert narrow.status == 403
    assert nobody.status == 401


async def test_limits_that_mean_nothing_are_refused(api: Api) -> None:
    """An unknown zone and a quota out of range leave the project as it was."""
    for wrong in (
        {"day_zone": "Mars/Olympus"},
        {"quotas": {"project": -1}},
        {"quotas": {"project": 2**53}},
        {"windows": [{"start": "09:00", "end": "17:00", "zone": "../localtime"}]},
        {"windows": [{"start": "09:00Z", "end": "17:00", "zone": "Europe/Berlin"}]},
    ):
        answered = await api.call("PATCH", "{p}", {"limits": wrong})
        assert (answered.status, answered.code) == (422, "request_invalid"), wrong
