"""Models that jobs ask are charged as those that turns ask, to the job's principal."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from runtime.domain.principal import Principal
from runtime.ports.chat_model import ChatModel, ChatRequest, Completion, ModelError, ModelFault
from runtime.ports.effect import EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.model_reference import Price
from runtime.services.models.effect_charges import MOST_REQUESTS, ChargeParts, EffectCharges
from runtime.services.models.spending import Spending
from tests.effects import TableSecrets, a_call
from tests.egress import an_egress
from tests.model_world import NewWorld, Shelf, World
from tests.models.scripted import ScriptedModel, saying
from tests.unit.runtime.services.models.test_asking import PRICE, Hanging, failing, records

JOB = "job_01KDVDNA00ADB7E3Q4XN5M6WZT"
REQUEST = ChatRequest(messages=({"role": "user", "content": "Hello"},), max_tokens=100)


class Job:
    """Ask the model `writer` as effects do."""

    def __init__(self, world: World, model: ChatModel, *, price: Price | None = PRICE) -> None:
        """Hold a project, and a model for effects."""
        self.world = world
        self.model = model
        shelf = Shelf(models={}, prices={"test/own": price})
        self.charges = EffectCharges(
            ChargeParts(
                references={"writer": "test/own"},
                price=shelf.price,
                terms=world.terms,
                spending=Spending(database=world.database, ids=world.tenant.tenancy.ids),
                measures=world.heard,
                clock=world.clock,
            )
        )

    async def models(self, stack: AsyncExitStack, *, attempt: int = 1) -> ChatModel:
        """Return the model that one try gets, which the owner of the organization pays for."""
        organization = self.world.tenant.id
        owner = Principal(id=self.world.tenant.owner_id, organization=organization, roles=())
        tools = EffectTools(
            clock=self.world.clock,
            egress=await stack.enter_async_context(an_egress()),
            secrets=TableSecrets(),
            models={"writer": self.model},
        )
        call = a_call(
            {},
            job_id=JOB,
            organization=organization,
            project=self.world.project,
            principal=owner,
            attempt=attempt,
        )
        stack.push_async_callback(self.charges.close)
        return self.charges.charged(call, tools).models["writer"]

    async def ask(self, *, times: int = 1, attempt: int = 1) -> list[Completion]:
        """Ask in one try."""
        async with AsyncExitStack() as stack:
            model = await self.models(stack, attempt=attempt)
            return [await model.complete(REQUEST) for _ in range(times)]


async def test_a_request_is_charged_to_all_budgets_and_recorded(new_world: NewWorld) -> None:
    """Of the organization, the project, the principal and the model, by its job's name."""
    world = await new_world({})

    await Job(world, ScriptedModel.of(saying("Hi"))).ask()

    tallies = await world.rows(
        "select subject, tokens, cost_micros, reserved_tokens from model_tallies"
    )
    owner, project = f"member:{world.tenant.owner_id}", f"project:{world.project}"
    assert {tuple(row) for row in tallies} == {
        (subject, 13, 10, 0)
        for subject in (
            "organization", owner, "model:test/own", project, f"{project}/{owner}",
            f"{project}/model:test/own",
        )
    }  # fmt: skip
    [(document, who, place)] = await records(world)
    assert (who, place) == (world.tenant.owner_id, world.project)
    assert (document["job"], document["model"], document["tokens"]) == (JOB, "test/own", 13)
    assert "turn" not in document
    assert world.heard.results == [("test/own", "answered")]


async def test_each_request_of_each_try_is_charged(new_world: NewWorld) -> None:
    """None stands in the way of another."""
    world = await new_world({})
    job = Job(world, ScriptedModel.of(*[saying("Hi")] * 3))

    await job.ask(times=2)
    await job.ask(attempt=2)

    assert await world.used() == (39, 30, 0, 0)


@pytest.mark.parametrize(
    ("whose", "limits"),
    [
        pytest.param("say", {"daily_tokens": 50}, id="organization"),
        pytest.param("say", {"member_daily_tokens": 50}, id="principal"),
        pytest.param("say_of_project", {"daily_cost_micros": 50}, id="project"),
        pytest.param("say_of_project", {"model_daily_tokens": 50}, id="model"),
    ],
)
async def test_where_a_budget_is_spent_the_job_waits_until_it_renews(
    new_world: NewWorld, whose: str, limits: dict[str, int]
) -> None:
    """The model is not asked; the worker tries again at midnight of UTC, which is far."""
    world, model = await new_world({}), ScriptedModel.of()
    await getattr(world, whose)(**limits)

    with pytest.raises(RetryableError, match="it renews at 2026-01-06T00:00:00Z") as told:
        await Job(world, model).ask()

    assert told.value.after_s == 12 * 60 * 60
    assert model.requests == []
    assert await world.used() == (0, 0, 0, 0)


async def test_turns_and_jobs_share_budgets(new_world: NewWorld) -> None:
    """What a turn reserved a job can't take."""
    hanging = Hanging()
    world = await new_world({"test/own": hanging})
    turn = asyncio.create_task(world.ask())
    await hanging.waited_for.wait()
    _, _, reserved, _ = await world.used()
    await world.say(daily_tokens=reserved + 100)

    with pytest.raises(RetryableError, match="budget of tokens"):
        await Job(world, ScriptedModel.of()).ask()

    turn.cancel()
    await asyncio.wait([turn])


async def test_without_a_price_no_budget_of_money_is_kept(new_world: NewWorld) -> None:
    """No try will succeed before somebody names one."""
    world, model = await new_world({}), ScriptedModel.of()
    await world.say(daily_cost_micros=1_000_000)

    with pytest.raises(PermanentError, match="no price of the model 'test/own' is known"):
        await Job(world, model, price=None).ask()

    assert model.requests == []


@pytest.mark.parametrize(
    ("fault", "charged"),
    [(ModelFault.RATE_LIMITED, False), (ModelFault.TIMEOUT, True), (ModelFault.MALFORMED, True)],
)
async def test_a_fault_is_charged_if_the_provider_may_have_worked(
    new_world: NewWorld, fault: ModelFault, *, charged: bool
) -> None:
    """As those of turns are."""
    world = await new_world({})

    with pytest.raises(ModelError):
        await Job(world, failing(fault)).ask()

    tokens, _, *reserved = await world.used()
    assert (tokens > 100, reserved) == (charged, [0, 0])
    assert world.heard.results == [("test/own", fault.value)]


async def test_a_job_that_is_ended_while_it_waits_pays(new_world: NewWorld) -> None:
    """The provider may want to be paid; nothing stays reserved."""
    hanging = Hanging()
    world = await new_world({})
    asking = asyncio.create_task(Job(world, hanging).ask())
    await hanging.waited_for.wait()

    asking.cancel()
    await asyncio.wait([asking])

    tokens, _, *reserved = await world.used()
    assert (tokens > 100, reserved) == (True, [0, 0])


async def test_the_requests_of_one_try_are_bounded(new_world: NewWorld) -> None:
    """A handler that asks in a loop ends."""
    world = await new_world({})
    model = ScriptedModel.of(*[saying("Hi")] * (MOST_REQUESTS + 1))

    with pytest.raises(PermanentError, match="in one try"):
        await Job(world, model).ask(times=MOST_REQUESTS + 1)

    assert len(model.requests) == MOST_REQUESTS
