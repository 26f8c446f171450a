"""A budget that is nearly used is told where people talk: once, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson
from typing_extensions import override

from runtime.adapters.egress.client import EgressClient
from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.plan import Plan, Step
from runtime.domain.webhook import EndpointFilter, WebhookFormat
from runtime.kit.clock import FixedClock
from runtime.kit.webhook_signature import verified
from runtime.ports.egress import HttpAnswer, HttpCall
from tests.egress import NOW, an_egress
from tests.execution import World, a_project
from tests.servers.receiver import a_receiver
from tests.webhooks import SECRET, Receiver, WebhookWorld


@dataclass(slots=True)
class ToSlack(Receiver):
    """Send for real, to the local receiver that stands for Slack."""

    client: EgressClient | None = None
    place: str = ""

    @override
    async def send(self, call: HttpCall) -> HttpAnswer:
        """Send a request there."""
        assert self.client is not None
        return await self.client.send(replace(call, url=self.place))


async def test_a_budget_that_crosses_90_percent_makes_one_message_in_slack(world: World) -> None:
    """Plans before and after it, and two more fan-outs, make no second one."""
    limits = Limits(budgets={BudgetScope.PROJECT: 10})
    project = await a_project(world.database, world.caller, limits=limits)
    spending = replace(world, project_id=project)
    async with a_receiver() as slack, an_egress(f"127.0.0.1:{slack.port}") as client:
        place = f"http://127.0.0.1:{slack.port}/services/T0/B0/x"
        webhooks = WebhookWorld(
            database=world.database,
            organization_id=world.caller.organization_id,
            project_id=project,
            member_id=world.caller.member_id,
            clock=FixedClock(datetime.now(UTC)),
            receiver=ToSlack(client=client, place=place),
        )
        await webhooks.endpoint(
            format=WebhookFormat.SLACK,
            filter=EndpointFilter(types=("limit.reached",), condition="event.data.percent == 90"),
        )
        step = Step(action="counter.increment", inputs={"by": 1})
        for count in (4, 4, 1, 1):
            await spending.execute(Plan(steps=(step,) * count))
            await webhooks.drained()
        await webhooks.drained()

    (message,) = slack.received
    body = orjson.loads(message.body)
    assert body["text"].startswith(
        f"90 % of a limit is used: 9 of 10 units_a_day by project {project}"
    )
    assert "blocks" in body
    assert (
        verified(message.body, message.headers, keys=[SECRET], now_s=int(NOW.timestamp())) is None
    )
