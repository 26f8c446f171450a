"""`mode=queued` answers at once, with a job that is read until it says what came of the plan."""

from __future__ import annotations

import asyncpg
import pytest

from runtime.domain.job import MOST_BYTES
from runtime.kit.json_value import JsonObject
from tests.api.app_builder import Answered
from tests.api.execution.conftest import Api, increment
from tests.api.jobs.conftest import Work


async def queued(
    api: Api, *steps: JsonObject, query: str = "?mode=queued", **parts: object
) -> Answered:
    """Queue a plan of these steps, or of one that moves the counter."""
    headers = parts.pop("headers", None)
    return await api.call(
        "POST",
        f"{{p}}/plans:execute{query}",
        {"plan": {"steps": list(steps) or [increment()]}, **parts},
        headers=headers,  # type: ignore[arg-type]
    )


async def test_a_queued_plan_is_answered_with_its_job(api: Api, work: Work) -> None:
    """Where it is read stands in a header; once it ran, its outcome is there."""
    answer = await queued(api)
    job = answer.json
    place = answer.header("location") or ""
    waiting = await api.call("GET", place)
    before = await api.call("GET", f"{{p}}/outcomes/{job['outcome']}")

    assert await work(job["id"]) == 1

    done = await api.call("GET", place)
    outcome = await api.call("GET", f"{{p}}/outcomes/{job['outcome']}")
    assert (answer.status, waiting.json, before.status) == (202, job, 404)
    assert place == f"/v1/projects/{api.project}/jobs/{job['id']}"
    assert (job["kind"], job["status"], job["result"]) == ("plan", "waiting", None)
    assert (done.json["status"], done.json["result"]) == (
        "done",
        {"outcome": job["outcome"], "status": "done", "approval": None, "reasons": []},
    )
    assert (outcome.status, outcome.json["status"]) == (200, "done")
    assert outcome.json["principal"] == job["principal"]


async def test_a_refusal_stands_in_the_result(api: Api, work: Work) -> None:
    """The job is done, and says why the plan was not."""
    job = (await queued(api, {"action": "counter.explode", "inputs": {}})).json

    await work(job["id"])

    found = (await api.call("GET", f"{{p}}/jobs/{job['id']}")).json
    assert (found["status"], found["cause"]) == ("done", None)
    assert (found["result"]["status"], found["result"]["reasons"]) == (
        "refused",
        ["action_unknown"],
    )


async def test_a_repetition_is_the_same_job(api: Api) -> None:
    """One key, one job, and it is marked; the same key without the mode is something else."""
    key = {"idempotency-key": "k"}

    first = await queued(api, headers=key)
    second = await queued(api, headers=key)
    direct = await queued(api, query="", headers=key)
    listed = await api.call("GET", "{p}/jobs")

    assert (second.status, second.json) == (202, first.json)
    assert second.header("idempotency-replayed") == "true"
    assert second.header("location") == first.header("location")
    assert direct.code == "idempotency_key_reused"
    assert len(listed.json["items"]) == 1


async def test_a_key_of_an_execution_is_no_key_of_a_job(api: Api) -> None:
    """The other way round."""
    key = {"idempotency-key": "k"}
    direct = await queued(api, query="", headers=key)

    after = await queued(api, headers=key)

    assert (direct.status, after.code) == (200, "idempotency_key_reused")


@pytest.mark.parametrize("query", ["?mode=direct", "?mode=", "?mode=queued&mode=queued"])
async def test_another_mode_is_refused(api: Api, query: str) -> None:
    """Whoever asks for what there is not is told, instead of waiting."""
    answer = await queued(api, query=query)

    assert (answer.status, answer.code) == (422, "request_invalid")
    assert "expected 'queued'" in answer.json["detail"]


async def test_other_words_of_a_query_mean_nothing(api: Api) -> None:
    """As they always did."""
    assert (await queued(api, query="?trace=1")).status == 200


async def test_a_plan_that_no_job_holds_is_refused(api: Api) -> None:
    """With a code of its own; executed directly it may be as long as any body."""
    step = {"action": "counter.increment", "inputs": {"by": 1, "note": "x" * MOST_BYTES}}

    answer = await queued(api, step)
    direct = await queued(api, step, query="")

    assert (answer.status, answer.code) == (413, "job_too_large")
    assert direct.status == 200


async def test_a_body_that_is_no_plan_is_refused_now(api: Api) -> None:
    """What will never fit is not queued."""
    answer = await api.call("POST", "{p}/plans:execute?mode=queued", {"plan": {"steps": 3}})

    assert (answer.status, answer.code) == (422, "request_invalid")
    assert (await api.call("GET", "{p}/jobs")).json["items"] == []


async def test_what_a_version_or_a_time_bounds_is_kept_of_it(
    api: Api, work: Work, superuser: asyncpg.Connection[asyncpg.Record]
) -> None:
    """`If-Match` is compared when the job runs; `Plangate-Timeout` is how long it may wait."""
    moved = (await queued(api, headers={"if-match": '"7"'})).json
    late = (await queued(api, headers={"plangate-timeout": "2"})).json
    await superuser.execute("update jobs set not_before = not_before - interval '1 minute'")

    await work(moved["id"])
    await work(late["id"])

    found = {
        job["id"]: (job["status"], job["cause"])
        for job in (await api.call("GET", "{p}/jobs")).json["items"]
    }
    assert found == {moved["id"]: ("dead", "permanent"), late["id"]: ("dead", "expired")}
