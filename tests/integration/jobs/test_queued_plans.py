"""Plans that callers don't wait for are executed by a job: as them, judged then, and once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from http import HTTPStatus

import orjson
import pytest

from runtime.domain.caller import CredentialKind
from runtime.domain.job import EndCause, JobKind, JobStatus
from runtime.domain.plan import Plan, Step
from runtime.services.execution.plans import PlanRequest
from runtime.services.jobs.plans import PlanRunner
from runtime.services.jobs.runner import Cleared
from runtime.store.jobs import reopen_jobs
from tests.job_calls import begin_jobs
from tests.jobs import Shop
from tests.queued import a_request, plan_job, queued, result_of


async def test_a_queued_plan_is_executed_by_its_job(shop: Shop) -> None:
    """Nothing happens before; its outcome has the id that the job told from the start."""
    answer = await queued(shop)
    before = await shop.world.count("outcomes")

    await shop.deliver(shop.worker())

    job = await plan_job(shop)
    assert (answer.status, answer.document["status"]) == (HTTPStatus.ACCEPTED, "waiting")
    assert (before, await shop.world.count("outcomes")) == (0, 1)
    assert (job.status, job.outcome_id) == (JobStatus.DONE, answer.document["outcome"])
    assert result_of(job) == {
        "outcome": job.outcome_id,
        "status": "done",
        "approval": None,
        "reasons": [],
    }
    assert (await shop.world.states.current(shop.world.context, shop.world.project_id)).version == 1


async def test_what_follows_a_queued_plan_runs_as_well(shop: Shop) -> None:
    """Its steps have their effects, which name its outcome."""
    answer = await queued(shop)

    await shop.deliver(shop.worker())
    await shop.deliver(shop.worker())

    assert [call.outcome_id for call in shop.receiver.calls] == [answer.document["outcome"]]
    assert await shop.statuses() == {JobStatus.DONE: 2}


async def test_a_refused_plan_is_a_job_that_is_done(shop: Shop) -> None:
    """It is judged when it runs; that it was refused is its outcome."""
    plan = Plan(steps=(Step(action="box.explode", inputs={}),))
    await queued(shop, PlanRequest(plan=plan))

    await shop.deliver(shop.worker())

    job = await plan_job(shop)
    assert (job.status, job.cause) == (JobStatus.DONE, None)
    assert (result_of(job)["status"], result_of(job)["reasons"]) == ("refused", ["action_unknown"])


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param("delete from idempotency_keys", id="its key is long forgotten"),
        pytest.param("delete from memberships", id="its principal left"),
        pytest.param("update projects set archived_at = now()", id="its project is archived"),
    ],
)
async def test_an_execution_whose_worker_died_is_not_done_again(shop: Shop, meanwhile: str) -> None:
    """Storage keeps one outcome of an id; what was executed is done, whatever happened since."""
    await queued(shop)
    worker = shop.worker()
    await shop.deliver(worker)
    done = await plan_job(shop)
    await shop.superuser.execute(meanwhile)
    await shop.superuser.execute(
        "update jobs set status = 'quarantined', result = null where kind = 'plan'"
    )

    async with shop.world.database.transaction(shop.organization) as connection:
        await reopen_jobs(connection, [done.id], organization_id=shop.organization)
    await shop.deliver(shop.worker())

    again = await plan_job(shop)
    assert (again.status, again.attempt, again.result) == (JobStatus.DONE, 2, done.result)
    assert await shop.world.count("outcomes") == 1


async def test_two_who_execute_it_at_once_make_one_outcome(shop: Shop) -> None:
    """A worker that froze comes back while another one does its work, on another machine."""
    await queued(shop)
    replica = await shop.world.replica()
    found = await begin_jobs(
        shop.world.database,
        [(await plan_job(shop)).id],
        organization_id=shop.organization,
        worker="w",
        lease_s=60.0,
    )
    caller = replace(shop.world.caller, credential_kind=CredentialKind.JOB)
    cleared = Cleared(caller=caller, principal=shop.world.principal)

    async with asyncio.TaskGroup() as group:
        both = [
            group.create_task(PlanRunner(plans).run(found[0], cleared))
            for plans in (shop.world.plans, replica.plans)
        ]

    assert both[0].result().document == both[1].result().document
    assert await shop.world.count("outcomes") == 1


async def test_an_outcome_is_kept_once_though_no_key_says_so(shop: Shop) -> None:
    """Its id alone is enough: here nothing but it tells that the plan was executed."""
    await queued(shop)
    (job,) = await begin_jobs(
        shop.world.database,
        [(await plan_job(shop)).id],
        organization_id=shop.organization,
        worker="w",
        lease_s=60.0,
    )
    cleared = Cleared(caller=shop.world.caller, principal=shop.world.principal)
    first = await PlanRunner(shop.world.plans).run(job, cleared)
    await shop.superuser.execute("delete from idempotency_keys")

    second = await PlanRunner(shop.world.plans).run(job, cleared)

    assert (first.document, first.stored, second.stored) == (second.document, True, False)
    assert await shop.world.count("outcomes") == 1


async def test_who_left_meanwhile_executes_nothing(shop: Shop) -> None:
    """What the principal may is asked when the job runs."""
    await queued(shop)
    await shop.superuser.execute("delete from memberships")

    await shop.deliver(shop.worker())

    job = await plan_job(shop)
    assert (job.status, job.cause) == (JobStatus.CANCELLED, EndCause.DENIED)
    assert await shop.world.count("outcomes") == 0


async def test_who_may_only_look_by_now_is_refused(shop: Shop) -> None:
    """The rules judge the roles of then."""
    await queued(
        shop, PlanRequest(plan=Plan(steps=(Step(action="box.risky@1", inputs={"value": 1}),)))
    )
    await shop.superuser.execute("update memberships set role = 'viewer'")

    await shop.deliver(shop.worker())

    assert result_of(await plan_job(shop))["status"] == "refused"


async def test_a_version_that_passed_is_a_dead_letter(shop: Shop) -> None:
    """Nothing was done, and no further attempt would help."""
    await queued(shop, a_request(expects=7))

    await shop.deliver(shop.worker())

    job = await plan_job(shop)
    assert (job.status, job.cause, job.attempt) == (JobStatus.DEAD, EndCause.PERMANENT, 1)
    assert (job.reason or "").startswith("version_mismatch: ")


async def test_a_plan_that_comes_too_late_is_not_executed(shop: Shop) -> None:
    """Who waits for so long only says so."""
    await queued(shop, within_s=1.0)
    await shop.superuser.execute("update jobs set not_before = now() - interval '5 s'")

    await shop.deliver(shop.worker())

    job = await plan_job(shop)
    assert (job.status, job.cause) == (JobStatus.DEAD, EndCause.EXPIRED)
    assert await shop.world.count("outcomes") == 0


async def test_a_confirmation_goes_with_the_plan(shop: Shop) -> None:
    """Who confirmed it when they asked has confirmed it when it runs."""
    shop.world.rules.adds["box.put"] = [{"kind": "confirm"}]
    plans = shop.world.plans
    seen = await plans.simulate(shop.world.context, shop.world.project_id, asked=a_request())
    digest = orjson.loads(seen.document)["plan_digest"]

    await queued(shop, a_request())
    await queued(shop, a_request(confirms=digest))
    await shop.deliver(shop.worker())

    found = [result_of(job) for job in await shop.jobs() if job.kind is JobKind.PLAN]
    assert [(item["status"], item["reasons"]) for item in found] == [
        ("refused", ["confirmation_required"]),
        ("done", []),
    ]


async def test_an_order_of_a_newer_release_waits_for_one(shop: Shop) -> None:
    """What can't be read here may be read by who comes next."""
    await queued(shop)
    await shop.superuser.execute("""update jobs set payload = '{"plan": 3}'""")

    await shop.deliver(shop.worker())

    job = await plan_job(shop)
    assert (job.status, job.errors) == (JobStatus.WAITING, 1)


@pytest.mark.parametrize(
    ("kind", "revoked", "status"),
    [
        pytest.param("api", True, JobStatus.CANCELLED, id="revoked"),
        pytest.param("api", False, JobStatus.DONE, id="over by itself"),
        pytest.param("session", True, JobStatus.DONE, id="logged out"),
    ],
)
async def test_a_revoked_token_executes_nothing_that_it_queued(
    shop: Shop, *, kind: str, revoked: bool, status: JobStatus
) -> None:
    """Whoever stole it loses what waits as well; who logs out does not."""
    await shop.superuser.execute(
        "insert into tokens (organization_id, id, member_id, kind, name, hash, scopes, created_at, "
        "created_by, revoked_at, expires_at) "
        "select organization_id, $1, id, $2, 'own', '', '{}', now(), id, "
        "case when $3 then now() end, case when not $3 then now() end from members",
        shop.world.caller.credential_id,
        kind,
        revoked,
    )
    await queued(shop)

    await shop.deliver(shop.worker())

    job = await plan_job(shop)
    assert (job.status, job.status is JobStatus.DONE) == (status, job.cause is None)
