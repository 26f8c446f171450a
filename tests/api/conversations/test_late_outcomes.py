"""Prove that a plan is executed once, however late a request learns of its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from typing_extensions import override

from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.conversations.consenting import Consent, Consenting
from runtime.services.execution.changes import Executed
from runtime.services.execution.plans import PlanRequest, Plans
from runtime.store.session import Database
from tests.api.conversations.test_turns import ONE_MORE, a_step, counter
from tests.audited import recorded
from tests.talking import Talk, as_context, calls


class SlowPlans(Plans):
    """Execute plans, and tell of it only when the test lets it."""

    def __init__(self, plans: Plans) -> None:
        """Execute them by those of the app."""
        self.done = asyncio.Event()
        self.told = asyncio.Event()
        self._real = plans

    @override
    async def execute(self, context: Context, project_id: str, *, asked: PlanRequest) -> Executed:
        """Execute one."""
        executed = await self._real.execute(context, project_id, asked=asked)
        self.done.set()
        await self.told.wait()
        return executed


@pytest.fixture
def plans(talk: Talk) -> SlowPlans:
    """Make plans of which one request hears late."""
    return SlowPlans(talk.app.app.state.services.plans)


@pytest_asyncio.fixture
async def late(talk: Talk, plans: SlowPlans) -> AsyncIterator[Consenting]:
    """Let another process of the platform execute turns."""
    database = await Database.opened(talk.app.urls.app_url)
    yield Consenting(database=database, ids=Ids(SystemClock()), plans=plans)
    await database.close()


async def refused_twice(
    talk: Talk, late: Consenting, plans: SlowPlans
) -> tuple[JsonObject, asyncio.Task[Executed]]:
    """Have a turn refused by two clicks of which the first is told late; it is confirmed next."""
    one = await talk.turn(ONE_MORE)
    await talk.done(one, "execute")
    turn = await talk.turn(calls(("counter_reset", {}), ("counter_increment", {"by": 2})))
    first = asyncio.create_task(
        late.execute(
            as_context(talk.who),
            talk.project_id,
            talk.conversation,
            turn_id=turn["id"],
            consent=Consent(atomic=True),
        )
    )
    await plans.done.wait()
    second = await talk.done(turn, "execute", atomic=True)
    assert second["refusal"] is not None or second["steps"][0]["refusal"] is not None
    return turn, first


async def test_a_late_refusal_lets_nobody_execute_again(
    talk: Talk, late: Consenting, plans: SlowPlans
) -> None:
    """What was confirmed meanwhile is what became of the turn; all of it is on record."""
    turn, first = await refused_twice(talk, late, plans)
    shown = await talk.done(turn, "simulate")
    confirmed = await talk.done(turn, "execute", confirm=shown["plan_digest"], atomic=True)

    plans.told.set()
    await first
    shown = await talk.done(turn, "simulate")
    again = await talk.call(
        "POST", f"/{turn['id']}:execute", {"confirm": shown["plan_digest"], "atomic": True}
    )

    found = await talk.read(turn)
    kinds = [record.kind for record in await recorded(talk.app.urls.superuser_url)]
    assert confirmed["status"] == "done"
    assert (found["status"], found["outcome"]) == ("executed", confirmed["id"])
    assert (again.status, again.code) == (409, "wrong_time")
    assert await counter(talk) == 2
    assert kinds.count("turn.executed") == 4


@pytest.mark.parametrize(
    ("verb", "parts", "status"),
    [
        pytest.param("reject", {"reason": "no"}, "rejected", id="rejected"),
        pytest.param("edit", {"plan": {"steps": [a_step(4)]}}, "proposed", id="edited"),
    ],
)
async def test_a_late_refusal_takes_back_no_decision(
    talk: Talk,
    late: Consenting,
    plans: SlowPlans,
    *,
    verb: str,
    parts: JsonObject,
    status: str,
) -> None:
    """What the owner decided meanwhile stays."""
    turn, first = await refused_twice(talk, late, plans)
    await talk.done(turn, verb, **parts)

    plans.told.set()
    await first

    found = await talk.read(turn)
    assert (found["status"], found["outcome"]) == (
        status,
        None if verb == "edit" else found["outcome"],
    )
