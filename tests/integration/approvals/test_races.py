"""One approval is good for one execution, however many try at once, in however many processes."""

from __future__ import annotations

import asyncio

import pytest

from runtime.domain.approval_request import ApprovalStatus
from runtime.domain.errors import DomainError
from runtime.domain.plan import Plan
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.execution.plans import PlanRequest
from tests.approvals import ONE, ApprovalSite, a_move, a_setting
from tests.execution import World, document_of

AT_ONCE = 50


async def tried(world: World, plan: Plan, approval_id: str) -> JsonObject:
    """Execute a plan with an approval."""
    asked = PlanRequest(plan=plan, approval=approval_id)
    return document_of(await world.plans.execute(world.context, world.project_id, asked=asked))


@pytest.mark.parametrize("plan", [a_move(1), a_setting(0)], ids=["changes", "changes nothing"])
async def test_fifty_executions_with_one_approval_run_once(site: ApprovalSite, plan: Plan) -> None:
    """Also where the state does not move, and so the plan stays the one that was approved."""
    approval_id = await site.granted(plan)

    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        tasks = [group.create_task(tried(site.world, plan, approval_id)) for _ in range(AT_ONCE)]

    outcomes = [task.result() for task in tasks]
    done = [outcome for outcome in outcomes if outcome["status"] == "done"]
    refusals = {outcome["refusal"]["code"] for outcome in outcomes if outcome not in done}
    assert len(done) == 1
    assert refusals == {"approval_required"}
    assert (await site.stored(approval_id)).used_by == done[0]["id"]


async def test_two_processes_use_one_approval_once(site: ApprovalSite) -> None:
    """The commit compares, whoever holds the lease."""
    plan, replica = a_setting(0), await site.world.replica(clock=site.clock, linger_s=0.0)
    replica.rules.adds.update(site.world.rules.adds)
    approval_id = await site.granted(plan)

    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(tried(world, plan, approval_id))
            for _ in range(10)
            for world in (site.world, replica)
        ]

    assert sorted(task.result()["status"] for task in tasks).count("done") == 1


async def test_an_equal_request_at_once_is_one(site: ApprovalSite) -> None:
    """Whoever asks the same in one breath waits for the same people."""
    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        tasks = [group.create_task(site.requested(a_move())) for _ in range(20)]

    assert len({task.result() for task in tasks}) == 1
    found = await site.approvals.after(
        site.world.context, site.world.project_id, None, limit=200, status=None
    )
    assert len(found) == 1


@pytest.mark.parametrize("ending", ["deny", "withdraw"])
async def test_an_end_and_a_use_at_once_leave_one(site: ApprovalSite, ending: str) -> None:
    """What is used was not ended, and what is ended was not used."""
    endings = set[str]()
    for value in range(20):
        plan = a_setting(value)
        approval_id, opponent = await site.granted(plan), await site.colleague()

        async def end(approval_id: str = approval_id, opponent: Context = opponent) -> None:
            try:
                if ending == "deny":
                    await site.vote(approval_id, opponent, no=True)
                else:
                    await site.approvals.withdraw(
                        site.world.context, site.world.project_id, approval_id
                    )
            except DomainError:
                pass

        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            execution = group.create_task(tried(site.world, plan, approval_id))
            group.create_task(end())

        status = (await site.stored(approval_id)).status
        assert (execution.result()["status"] == "done") is (status is ApprovalStatus.USED)
        endings.add(status.value)
    assert endings


async def test_votes_at_once_are_all_counted(site: ApprovalSite) -> None:
    """Two people who say yes at once are two, and one who says it twice is one."""
    site.demand({**ONE, "count": 2})
    approval_id = await site.requested(a_move())
    first, second = await site.colleague(), await site.colleague()

    async def voted(voter: Context) -> bool:
        try:
            await site.vote(approval_id, voter)
        except DomainError:
            return False
        return True

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        tasks = [group.create_task(voted(voter)) for voter in (first, first, second, second)]

    assert sum(task.result() for task in tasks) == 2
    assert (await site.stored(approval_id)).status is ApprovalStatus.GRANTED
