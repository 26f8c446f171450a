"""Schedules over HTTP: made, read, changed, paused, ended, and executed by the running platform."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest
from sqlalchemy import text

from runtime.kit.json_value import JsonObject
from tests.api.app_builder import Answered
from tests.api.execution.conftest import Api, increment
from tests.database import FreshDatabase

WITHIN_S: Final = 30.0
NOWHERE: Final = "sch_01KDVDNA000000000000000000"


def a_body(**given: Any) -> JsonObject:  # noqa: ANN401  # whatever matters
    """Build a request for a schedule of each night in Berlin."""
    return {
        "name": "nightly",
        "cron": "30 2 * * *",
        "zone": "Europe/Berlin",
        "plan": {"steps": [increment()]},
        **given,
    }


async def made(api: Api, **given: Any) -> JsonObject:  # noqa: ANN401  # whatever matters
    """Make a schedule, and return its document."""
    answer = await api.call("POST", "{p}/schedules", a_body(**given))
    assert answer.status == 201, answer.body
    found: JsonObject = answer.json
    return found


async def test_a_schedule_is_made_and_read(api: Api) -> None:
    """What is made is what is read, alone and in the list; what was left out is filled in."""
    schedule = await made(api)

    read = await api.call("GET", f"{{p}}/schedules/{schedule['id']}")
    listed = await api.call("GET", "{p}/schedules")

    assert read.json == schedule
    assert listed.json == {"items": [schedule], "next_cursor": None}
    assert {key: schedule[key] for key in ("cron", "zone", "jitter_s", "catch_up", "atomic")} == {
        "cron": "30 2 * * *",
        "zone": "Europe/Berlin",
        "jitter_s": 0,
        "catch_up": "last",
        "atomic": False,
    }
    assert schedule["plan"] == {"steps": [increment()]}
    assert schedule["next_at"][11:] in {"00:30:00Z", "01:30:00Z", "01:00:00Z"}


async def test_its_service_is_a_member_of_the_project(api: Api) -> None:
    """What it may do is read and changed where that of all members is."""
    grant = {"role": "viewer", "extra_roles": ["finance"], "mode": "interactive"}
    schedule = await made(api, grant=grant)

    listed = await api.call("GET", "{p}/members")
    changed = await api.call("PUT", f"{{p}}/members/{schedule['principal']}", {"role": "operator"})

    (member,) = [item for item in listed.json["items"] if item["member"] == schedule["principal"]]
    assert {key: member[key] for key in grant} == grant
    assert changed.json["role"] == "operator"


async def test_lists_are_paged(api: Api) -> None:
    """Every schedule is on one page, in the order in which they were made."""
    names = [f"schedule {number}" for number in range(3)]
    for name in names:
        await made(api, name=name)

    first = await api.call("GET", "{p}/schedules?limit=2")
    second = await api.call("GET", f"{{p}}/schedules?limit=2&cursor={first.json['next_cursor']}")

    found = [*first.json["items"], *second.json["items"]]
    assert [item["name"] for item in found] == names
    assert second.json["next_cursor"] is None


async def test_a_schedule_is_changed_paused_resumed_and_deleted(api: Api) -> None:
    """Each answers with the schedule as it is then; what is deleted is not found."""
    place = f"{{p}}/schedules/{(await made(api))['id']}"

    changed = await api.call(
        "PATCH", place, {"cron": "0 6 * * mon-fri", "plan": {"steps": [increment(2)]}}
    )
    paused = await api.call("POST", f"{place}:pause")
    resumed = await api.call("POST", f"{place}:resume")
    deleted = await api.call("DELETE", place)
    gone = await api.call("GET", place)

    assert (changed.status, changed.json["cron"]) == (200, "0 6 * * MON-FRI")
    assert changed.json["plan"] == {"steps": [increment(2)]}
    assert (paused.json["next_at"], paused.json["paused_at"] is None) == (None, False)
    assert (resumed.json["next_at"] is None, resumed.json["paused_at"]) == (False, None)
    assert (deleted.status, gone.status, gone.json["code"]) == (200, 404, "not_found")


async def test_a_repeated_request_makes_one_schedule(api: Api) -> None:
    """The same key, the same answer, one schedule."""
    headers = {"idempotency-key": "once"}

    first = await api.call("POST", "{p}/schedules", a_body(), headers=headers)
    second = await api.call("POST", "{p}/schedules", a_body(), headers=headers)

    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json
    assert second.header("idempotency-replayed") == "true"
    assert len((await api.call("GET", "{p}/schedules")).json["items"]) == 1


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        pytest.param({"cron": "every night"}, "/cron", id="no expression"),
        pytest.param({"cron": "0 0 31 2 *"}, "/cron", id="never"),
        pytest.param({"cron": "* " * 500}, "/cron", id="too long"),
        pytest.param({"cron": None}, "/cron", id="no time"),
        pytest.param({"zone": "Europe/Atlantis"}, "/zone", id="no zone"),
        pytest.param({"zone": "../../etc/passwd"}, "/zone", id="a path"),
        pytest.param({"zone": "localtime"}, "/zone", id="a machine's own zone"),
        pytest.param({"jitter_s": -1}, "/jitter_s", id="before its time"),
        pytest.param({"jitter_s": 3_601}, "/jitter_s", id="too late"),
        pytest.param({"jitter_s": "1e9"}, "/jitter_s", id="no number"),
        pytest.param({"catch_up": "some"}, "/catch_up", id="no policy"),
        pytest.param({"plan": {"steps": []}}, "/plan", id="no steps"),
        pytest.param({"plan": {"steps": [increment()] * 101}}, "/plan/steps", id="too many steps"),
        pytest.param(
            {"plan": {"steps": [{"action": "a", "inputs": {"text": "x" * 70_000}}]}}, "/plan",
            id="a plan too long",
        ),
        pytest.param({"name": "\u0007"}, "/name", id="a name of nothing"),
        pytest.param({"grant": {"role": "owner"}}, "/grant/role", id="no role of a project"),
        pytest.param({"grant": {"member": "mem_1"}}, "/grant/member", id="somebody else's"),
        pytest.param({"principal": "mem_1"}, "/principal", id="somebody else"),
        pytest.param({"organization": "org_1"}, "/organization", id="another organization"),
    ],
)  # fmt: skip
async def test_what_can_not_be_is_refused_by_its_place(
    api: Api, given: JsonObject, pointer: str
) -> None:
    """A body that does not fit is answered with 422 and the place; nothing is made."""
    answer = await api.call("POST", "{p}/schedules", a_body(**given))

    assert (answer.status, answer.json["code"]) == (422, "request_invalid")
    assert pointer in {fault["pointer"] for fault in answer.json["errors"]}
    assert (await api.call("GET", "{p}/schedules")).json["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"name": None}, id="nothing, spelled out"),
        pytest.param({"cron": "every night"}, id="no expression"),
        pytest.param({"grant": {"role": "admin"}}, id="its grant, which has its own route"),
        pytest.param({"plan": {"steps": []}}, id="no steps"),
    ],
)
async def test_a_change_that_can_not_be_is_refused(api: Api, body: JsonObject) -> None:
    """And the schedule stays."""
    schedule = await made(api)

    answer = await api.call("PATCH", f"{{p}}/schedules/{schedule['id']}", body)

    assert answer.status == 422
    assert (await api.call("GET", f"{{p}}/schedules/{schedule['id']}")).json == schedule


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        pytest.param({"grant": {"role": "operator", "extra_roles": ["owner"]}}, 422,
                     "role_reserved", id="a reserved role"),
        pytest.param({"name": "taken"}, 409, "name_taken", id="a name that is taken"),
    ],
)  # fmt: skip
async def test_refusals_have_their_codes(
    api: Api, given: JsonObject, status: int, code: str
) -> None:
    """What a schedule can't be is said with a stable code."""
    await made(api, name="taken")

    answer = await api.call("POST", "{p}/schedules", a_body(**given))

    assert (answer.status, answer.json["code"]) == (status, code)


@pytest.mark.parametrize("named", [NOWHERE, "sch_", "x", "%00", "..%2f"])
async def test_what_is_not_there_is_not_found(api: Api, named: str) -> None:
    """Whatever is asked of it, and however its id looks."""
    asked: list[Answered] = [
        await api.call("GET", f"{{p}}/schedules/{named}"),
        await api.call("GET", f"{{p}}/schedules/{named}/firings"),
        await api.call("PATCH", f"{{p}}/schedules/{named}", {"name": "other"}),
        await api.call("DELETE", f"{{p}}/schedules/{named}"),
        await api.call("POST", f"{{p}}/schedules/{named}:pause"),
        await api.call("POST", f"{{p}}/schedules/{named}:resume"),
    ]

    assert {answer.status for answer in asked} == {404}


async def test_the_platform_executes_what_comes_due(api: Api, database: FreshDatabase) -> None:
    """With nobody asking: the plan runs under the schedule's service, and the firing says so."""
    schedule = await made(api, cron="* * * * *", zone="UTC")
    organization = (await api.call("GET", "/v1/me")).json["organization"]["id"]
    async with database.transaction(organization) as connection:
        await connection.execute(
            text("update schedules set seen_until = now() - interval '61 seconds'")
        )
        await connection.execute(text("update schedule_alarms set rings_at = now()"))

    firing = await _ended(api, schedule)
    outcome = await api.call("GET", f"{{p}}/outcomes/{firing['outcome']}")

    assert firing["status"] == "done"
    assert firing["schedule"] == schedule["id"]
    assert outcome.json["principal"] == schedule["principal"]


async def _ended(api: Api, schedule: JsonObject) -> JsonObject:
    """Return the first firing that has ended, as soon as there is one."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            listed = await api.call("GET", f"{{p}}/schedules/{schedule['id']}/firings")
            for item in listed.json["items"]:
                if item["ended_at"] is not None:
                    found: JsonObject = item
                    return found
