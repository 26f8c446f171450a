"""Whoever may execute a plan may queue it; what is taken then is one job for one key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime.domain.errors import (
    JobTooLargeError,
    KeyReusedError,
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.job import MOST_BYTES, PlanOrder
from runtime.domain.member import MemberKind
from runtime.domain.plan import Plan, Step
from runtime.domain.scope import Scope
from runtime.services.execution.plans import PlanRequest
from runtime.services.jobs.queueing import QueuedPlans
from tests.execution import a_key
from tests.jobs import Shop
from tests.queued import a_request, queued


async def test_a_repeated_request_is_answered_with_the_same_job(shop: Shop) -> None:
    """One key, one job; another body under it is refused."""
    first = await queued(shop, key="k")
    second = await queued(shop, key="k")

    assert second.document == first.document
    assert (first.replayed, second.replayed) == (False, True)
    assert len(await shop.jobs()) == 1
    with pytest.raises(KeyReusedError):
        await QueuedPlans(
            database=shop.world.database, ids=shop.world.ids, wake=shop.relay.wake
        ).put(
            replace(shop.world.context, key=a_key("k", "other")),
            shop.world.project_id,
            asked=a_request(2),
        )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"member_kind": MemberKind.SERVICE}, id="a service"),
        pytest.param({"scopes": frozenset({Scope.PLANS_EXECUTE})}, id="a credential without it"),
    ],
)
async def test_who_can_not_confirm_queues_no_confirmation(
    shop: Shop, changes: dict[str, Any]
) -> None:
    """A job would have the right that its caller lacks."""
    caller = replace(shop.world.caller, **changes)

    with pytest.raises(NotAllowedError):
        await queued(shop, a_request(confirms="sha256:0"), caller=caller)

    assert await shop.jobs() == ()


async def test_who_may_not_execute_queues_nothing(shop: Shop) -> None:
    """Simulating does not imply it."""
    caller = replace(shop.world.caller, scopes=frozenset({Scope.PLANS_SIMULATE}))

    with pytest.raises(NotAllowedError):
        await queued(shop, caller=caller)


async def test_who_is_nobody_in_the_project_queues_nothing(shop: Shop) -> None:
    """A project that they may not see is none."""
    caller = replace(shop.world.caller, member_id=shop.world.ids.new("mem"))

    with pytest.raises(NotFoundError):
        await queued(shop, caller=caller)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        pytest.param(
            "update projects set archived_at = now()", ProjectArchivedError, id="the project"
        ),
        pytest.param(
            "update organizations set archived_at = now()", WrongTimeError, id="the organization"
        ),
    ],
)
async def test_nothing_is_queued_where_nothing_runs(
    shop: Shop, statement: str, error: type[Exception]
) -> None:
    """What is archived takes no plans."""
    await shop.superuser.execute(statement)

    with pytest.raises(error):
        await queued(shop)


def _request_of(size_bytes: int) -> PlanRequest:
    """Build a request whose order has so many bytes."""
    empty = PlanOrder(plan=_noted("")).model_dump_json(exclude={"gate"})  # none is named
    return PlanRequest(plan=_noted("x" * (size_bytes - len(empty))))


def _noted(note: str) -> Plan:
    return Plan(steps=(Step(action="box.note@1", inputs={"note": note}),))


async def test_the_largest_plan_is_taken_and_a_larger_one_is_not(shop: Shop) -> None:
    """The bound is that of the table, to the byte; who is beyond it is told both figures."""
    await queued(shop, _request_of(MOST_BYTES))

    with pytest.raises(JobTooLargeError, match=f"takes {MOST_BYTES + 1} bytes") as refused:
        await queued(shop, _request_of(MOST_BYTES + 1))

    assert refused.value.most_bytes == MOST_BYTES
    assert len(await shop.jobs()) == 1
