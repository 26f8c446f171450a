"""Give tests plans that callers don't wait for."""

from __future__ import annotations

from typing import Any

import orjson

from runtime.domain.caller import Caller
from runtime.domain.job import Job, JobKind
from runtime.domain.plan import Plan, Step
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.execution.plans import PlanRequest
from runtime.services.jobs.queueing import QueuedPlans
from runtime.services.unit_of_work import Answer
from tests.execution import a_key
from tests.jobs import Shop


def a_request(value: int = 1, **asked: Any) -> PlanRequest:  # noqa: ANN401  # whatever matters
    """Ask for a value to be put into the box."""
    plan = Plan(steps=(Step(action="box.put@1", inputs={"value": value}),))
    return PlanRequest(plan=plan, **asked)


async def queued(
    shop: Shop,
    asked: PlanRequest | None = None,
    *,
    key: str | None = None,
    caller: Caller | None = None,
    within_s: float | None = None,
) -> Answer:
    """Queue a plan."""
    plans = QueuedPlans(database=shop.world.database, ids=shop.world.ids, wake=shop.relay.wake)
    context = Context(caller=caller or shop.world.caller, key=None if key is None else a_key(key))
    return await plans.put(
        context, shop.world.project_id, asked=asked or a_request(), start_within_s=within_s
    )


async def plan_job(shop: Shop) -> Job:
    """Return the only job that executes a plan."""
    (found,) = [job for job in await shop.jobs() if job.kind is JobKind.PLAN]
    return found


def result_of(job: Job) -> JsonObject:
    """Read what came of a job."""
    found: JsonObject = orjson.loads(job.result or "null")
    return found
