"""People cancel jobs that wait, and ask those to end that run; every such word is a record."""

from __future__ import annotations

import asyncio

import pytest

from runtime.domain.errors import WrongTimeError
from runtime.domain.job import EndCause, JobStatus
from tests.gates import Gate
from tests.jobs import Shop
from tests.redriving import dead, records, redriving


async def test_a_waiting_job_is_cancelled_with_a_reason(shop: Shop) -> None:
    """Said again it is no news; it says who did not want it where no reason was given."""
    await shop.put(times=2, value=1)
    first, second = [job.id for job in await shop.jobs()]
    use_case, project = redriving(shop), shop.world.project_id

    answer = await use_case.cancel(shop.world.context, project, first, reason="not needed")
    again = await use_case.cancel(shop.world.context, project, first, reason="once more")
    bare = await use_case.cancel(shop.world.context, project, second, reason="")

    assert answer.document == again.document
    assert (answer.document["status"], answer.document["cause"], answer.document["reason"]) == (
        "cancelled",
        "cancelled",
        "not needed",
    )
    assert bare.document["reason"] == f"cancelled by {shop.world.caller.member_id}"
    assert [kind for kind, _ in await records(shop)] == ["job.cancelled", "job.cancelled"]


async def test_a_running_job_is_asked_to_end(shop: Shop) -> None:
    """It is not cancelled before its worker says so; asked twice, that is one record."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    worker = shop.worker()
    running = asyncio.create_task(shop.deliver(worker))
    await gate.begun.wait()
    job_id = (await shop.job()).id

    answer = await redriving(shop).cancel(
        shop.world.context, shop.world.project_id, job_id, reason=""
    )
    await redriving(shop).cancel(
        shop.world.context, shop.world.project_id, job_id, reason="once more"
    )
    await worker.beat()
    await running

    assert answer.document["status"] == "running"
    assert answer.document["cancel_asked_at"] is not None
    job = await shop.job()
    assert (job.status, job.cause) == (JobStatus.CANCELLED, EndCause.CANCELLED)
    assert [kind for kind, _ in await records(shop)] == ["job.cancelled"]


async def test_what_its_principal_may_not_do_any_more_is_cancelled_already(shop: Shop) -> None:
    """To cancel it as well is no news."""
    await shop.put("box.risky@1", value=1)
    await shop.superuser.execute("update memberships set role = 'viewer'")
    await shop.deliver(shop.worker())
    await shop.superuser.execute("update memberships set role = 'operator'")

    answer = await redriving(shop).cancel(
        shop.world.context, shop.world.project_id, (await shop.job()).id, reason="unwanted"
    )

    assert (answer.document["status"], answer.document["cause"]) == ("cancelled", "denied")
    assert await records(shop) == []


async def test_what_ended_otherwise_is_not_cancelled(shop: Shop) -> None:
    """Who cancels is told that it is too late."""
    (job_id,) = await dead(shop)

    with pytest.raises(WrongTimeError, match="is dead"):
        await redriving(shop).cancel(shop.world.context, shop.world.project_id, job_id, reason="")

    assert await records(shop) == []
