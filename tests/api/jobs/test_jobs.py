"""Jobs over HTTP: listed, read, cancelled and tried again; queues: read, paused and bounded."""

from __future__ import annotations

from typing import TypeAlias

import asyncpg
import pytest

from runtime.kit.json_value import JsonObject
from tests.api.execution.conftest import Api, increment
from tests.api.jobs.conftest import Work

NOWHERE = "job_01KDVDNA000000000000000000"
Superuser: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def a_job(api: Api) -> JsonObject:
    """Queue a plan, and return its job."""
    answer = await api.call(
        "POST", "{p}/plans:execute?mode=queued", {"plan": {"steps": [increment()]}}
    )
    found: JsonObject = answer.json
    return found


async def organization(api: Api) -> str:
    """Return the path of the caller's organization."""
    return f"/v1/organizations/{(await api.call('GET', '/v1/me')).json['organization']['id']}"


async def given_up(superuser: Superuser, job: JsonObject, status: str = "dead") -> None:
    """Let a job have ended without being done."""
    await superuser.execute("delete from outbox where job_id = $1", job["id"])
    await superuser.execute(
        "update jobs set status = $2, ended_at = now(), reason = 'no', cause = 'error' "
        "where id = $1",
        job["id"],
        status,
    )


async def test_jobs_are_listed_without_results_and_paged(api: Api, work: Work) -> None:
    """The newest first, each on one page."""
    jobs = [await a_job(api) for _ in range(3)]
    await work(jobs[0]["id"])

    first = await api.call("GET", "{p}/jobs?limit=2")
    second = await api.call("GET", f"{{p}}/jobs?limit=2&cursor={first.json['next_cursor']}")

    items = [*first.json["items"], *second.json["items"]]
    assert [item["id"] for item in items] == [job["id"] for job in reversed(jobs)]
    assert all("result" not in item for item in items)
    assert second.json["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("status=waiting", 1),
        ("status=dead", 1),
        ("status=done", 0),
        ("kind=plan", 2),
        ("kind=effect", 0),
        ("name=plan.execute", 2),
        ("name=mail.send", 0),
        ("cause=error", 1),
        ("cause=crashed", 0),
    ],
)
async def test_a_list_is_of_what_is_asked_for(
    api: Api, superuser: Superuser, query: str, count: int
) -> None:
    """Each word of the query on its own."""
    await a_job(api)
    await given_up(superuser, await a_job(api))

    found = await api.call("GET", f"{{p}}/jobs?{query}")

    assert len(found.json["items"]) == count


async def test_a_list_is_of_an_outcome(api: Api) -> None:
    """What is no id of one is refused."""
    job = await a_job(api)
    await a_job(api)

    found = await api.call("GET", f"{{p}}/jobs?outcome={job['outcome']}")
    none = await api.call("GET", "{p}/jobs?outcome=prj_1")

    assert [item["id"] for item in found.json["items"]] == [job["id"]]
    assert none.code == "request_invalid"


async def test_what_an_organization_gave_up_is_listed_for_its_owner(
    api: Api, superuser: Superuser
) -> None:
    """Of all projects, and nothing that waits or is done."""
    dead, aside, _ = [await a_job(api) for _ in range(3)]
    await given_up(superuser, dead)
    await given_up(superuser, aside, "quarantined")
    place = await organization(api)

    found = await api.call("GET", f"{place}/jobs")
    by_cause = await api.call("GET", f"{place}/jobs?cause=crashed")
    elsewhere = await api.call("GET", "/v1/organizations/org_01KDVDNA000000000000000000/jobs")

    assert [item["id"] for item in found.json["items"]] == [aside["id"], dead["id"]]
    assert [item["id"] for item in by_cause.json["items"]] == [aside["id"]]
    assert elsewhere.status == 404


async def test_a_job_is_cancelled_and_tried_again(api: Api, work: Work) -> None:
    """Each answers with the job as it is then; one that nobody has is not found."""
    job = await a_job(api)
    place = f"{{p}}/jobs/{job['id']}"

    cancelled = await api.call("POST", f"{place}:cancel", {"reason": "not needed"})
    ran = await work(job["id"])
    again = await api.call("POST", f"{place}:redrive")
    await work(job["id"])
    late = await api.call("POST", f"{place}:cancel")
    nobody = [
        await api.call("POST", f"{{p}}/jobs/{NOWHERE}:{verb}") for verb in ("cancel", "redrive")
    ]

    assert (cancelled.json["status"], cancelled.json["reason"], ran) == (
        "cancelled",
        "not needed",
        0,
    )
    assert (again.json["status"], again.json["attempts"]) == ("waiting", 0)
    assert (late.status, late.code) == (409, "wrong_time")
    assert [answer.status for answer in nobody] == [404, 404]
    assert (await api.call("GET", place)).json["status"] == "done"


async def test_dead_letters_are_tried_again_by_filter(api: Api, superuser: Superuser) -> None:
    """A dry run first: the ids are the same."""
    jobs = [await a_job(api) for _ in range(2)]
    for job in jobs:
        await given_up(superuser, job)
    wanted = {"cause": "error", "ended_after": "2020-01-01T00:00:00Z"}

    dry = await api.call("POST", "{p}/jobs:redrive", {**wanted, "dry_run": True})
    done = await api.call("POST", "{p}/jobs:redrive", wanted)

    ids = [job["id"] for job in jobs]
    assert dry.json == {"found": 2, "more": False, "redriven": 0, "jobs": ids}
    assert done.json == {"found": 2, "more": False, "redriven": 2, "jobs": ids}
    waiting = await api.call("GET", "{p}/jobs?status=waiting")
    assert len(waiting.json["items"]) == 2


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"status": ["done"]}, id="what is done"),
        pytest.param({"status": []}, id="nothing"),
        pytest.param({"most": 0}, id="none"),
        pytest.param({"most": 501}, id="too many"),
        pytest.param({"ended_after": "2020-01-01T00:00:00"}, id="a time of no zone"),
        pytest.param({"cause": "bad luck"}, id="a cause that there is not"),
        pytest.param({"names": "x"}, id="another word"),
    ],
)
async def test_a_filter_that_can_not_be_is_refused(api: Api, document: JsonObject) -> None:
    """Nothing is tried again by mistake."""
    answer = await api.call("POST", "{p}/jobs:redrive", document)

    assert (answer.status, answer.code) == (422, "request_invalid")


async def test_a_paused_queue_starts_nothing(api: Api, work: Work) -> None:
    """Of the project, and of the organization; it says by whom and why."""
    job = await a_job(api)
    for place in ("{p}", await organization(api)):
        paused = await api.call("POST", f"{place}/queue:pause", {"why": "it burns"})
        ran = await work(job["id"])
        shown = await api.call("GET", f"{place}/queue")
        resumed = await api.call("POST", f"{place}/queue:resume")

        assert (paused.status, resumed.status, ran) == (200, 200, 0)
        assert (shown.json["paused_why"], shown.json["paused_by"]) == ("it burns", job["principal"])
        assert shown.json["jobs"]["waiting"] == 1
        assert resumed.json["paused_at"] is None

    assert await work(job["id"]) == 1


async def test_a_queue_is_bounded(api: Api) -> None:
    """What is left out is as usual; both are replaced."""
    for place in ("{p}", await organization(api)):
        first = await api.call("PUT", f"{place}/queue", {"at_once": 3, "per_minute": 60})
        second = await api.call("PUT", f"{place}/queue", {"per_minute": 5})

        assert (first.json["at_once"], first.json["per_minute"]) == (3, 60)
        assert (second.json["at_once"], second.json["per_minute"]) == (None, 5)


@pytest.mark.parametrize(
    "document",
    [{"at_once": 0}, {"at_once": 10_001}, {"per_minute": 0}, {"per_minute": 600_001}, {"x": 1}],
)
async def test_a_bound_that_can_not_be_is_refused(api: Api, document: JsonObject) -> None:
    """Before storage has to."""
    answer = await api.call("PUT", "{p}/queue", document)

    assert (answer.status, answer.code) == (422, "request_invalid")


async def test_a_token_needs_the_scopes(api: Api) -> None:
    """To read is one thing, to change another; executing implies neither."""
    job = await a_job(api)
    place = f"{{p}}/jobs/{job['id']}"
    made = await api.call("POST", "/v1/tokens", {"name": "t", "scopes": ["jobs:read"]})
    reader = made.json["text"]
    made = await api.call("POST", "/v1/tokens", {"name": "u", "scopes": ["plans:execute"]})
    executor = made.json["text"]

    assert (await api.call("GET", place, token=reader)).status == 200
    assert (await api.call("GET", "{p}/queue", token=reader)).status == 200
    for method, path, document in (
        ("POST", f"{place}:cancel", None),
        ("POST", f"{place}:redrive", None),
        ("POST", "{p}/jobs:redrive", {}),
        ("PUT", "{p}/queue", {}),
        ("POST", "{p}/queue:pause", {"why": "x"}),
        ("POST", "{p}/queue:resume", None),
    ):
        answer = await api.call(method, path, document, token=reader)
        assert (answer.status, answer.code) == (403, "not_allowed"), path
    for path in (place, "{p}/jobs", "{p}/queue"):
        assert (await api.call("GET", path, token=executor)).status == 403, path
