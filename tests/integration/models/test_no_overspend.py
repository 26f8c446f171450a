"""Two hundred questions at once, at the limits of nested budgets, take no more than there is."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from decimal import Decimal

from typing_extensions import override

from runtime.domain.errors import ModelBudgetError
from runtime.ports.chat_model import ChatRequest, Completion, TokenUsage
from runtime.ports.model_reference import Price
from runtime.services.models.asking import Asked
from runtime.store.session import Database
from tests.model_world import World, a_world
from tests.models.scripted import ScriptedModel, calling

AT_ONCE = 200
PRICE = Price(prompt=Decimal(1), completion=Decimal(3))


class Honest(ScriptedModel):
    """Answer after others had their turn, and take as much as was asked for at most."""

    def __init__(self) -> None:
        """Answer any number of requests."""
        super().__init__(answers=ScriptedModel.of().answers)

    @override
    async def complete(self, request: ChatRequest) -> Completion:
        """Set the counter."""
        self.requests.append(request)
        await asyncio.sleep(0)
        answer = calling("counter_set", value=3)
        usage = TokenUsage(prompt=200, completion=request.max_tokens)
        return Completion(
            text="",
            tool_calls=answer.tool_calls,
            finish_reason="tool_calls",
            usage=usage,
            cost_micros=PRICE.micros(usage),
            model="m",
        )


async def test_nobody_overspends_together(database: Database) -> None:
    """Tokens and money, of the organization and of the project, with refusals that say so."""
    model = Honest()
    async with AsyncExitStack() as stack:
        world = await a_world(database, stack, {"test/own": model}, prices={"test/own": PRICE})
        await world.say(max_tokens=100, daily_tokens=20_000)
        await world.say_of_project(max_tokens=100, daily_cost_micros=30_000)

        results = await all_asked(world)

        answered = [result for result in results if isinstance(result, Asked)]
        refused = [result for result in results if isinstance(result, ModelBudgetError)]
        tokens, micros, *reserved = await world.used()
    assert len(answered) + len(refused) == AT_ONCE
    assert answered
    assert refused
    assert tokens <= 20_000
    assert micros <= 30_000
    assert reserved == [0, 0]
    assert tokens == 300 * len(answered)
    assert micros == 500 * len(answered)
    assert len(model.requests) == len(answered)
    assert all(error.used + error.needs > error.limit for error in refused)


async def all_asked(world: World) -> list[Asked | BaseException]:
    """Ask as many questions as there are, at once."""
    results: list[Asked | BaseException] = []

    async def ask() -> None:
        try:
            results.append(await world.ask())
        except ModelBudgetError as error:
            results.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(ask())
    return results
