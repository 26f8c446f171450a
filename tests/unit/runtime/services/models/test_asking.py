"""Models are asked in their order, within budgets and time, and each turn is charged once."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from typing_extensions import override

from runtime.domain.errors import (
    GateRequiredError,
    ModelBudgetError,
    ModelFaultError,
    ModelMissingError,
    ModelPriceError,
    ModelTooSlowError,
    WrongTimeError,
)
from runtime.domain.model_use import Keeps, ModelUse
from runtime.kit.canonical_json import digest, parse
from runtime.ports.chat_model import ChatRequest, Completion, ModelError, ModelFault, TokenUsage
from runtime.ports.model_reference import Price
from runtime.services.models.asking import Asked, Asking
from runtime.services.models.breakers import FAILURES, OPEN_S
from runtime.services.models.offers import Offers
from runtime.services.models.spending import Spending
from runtime.store.model_uses import StoredUse, add_use
from runtime.store.session import Database
from tests.audit_log import until
from tests.model_world import KnownGates, NewWorld, World, a_question
from tests.models.scripted import ScriptedModel, calling, saying
from tests.tenants import BEGAN

GOOD = calling("counter_set", value=3)
PRICE = Price(prompt=Decimal(2), completion=Decimal(10))


def failing(fault: ModelFault, *, times: int = 1) -> ScriptedModel:
    """Script a model that fails."""
    error = ModelError(fault, model="test/x", detail="as the test says", retry_after_s=7)
    return ScriptedModel.of(*[error] * times)


class Hanging(ScriptedModel):
    """Answer nobody; say when somebody waits."""

    def __init__(self) -> None:
        super().__init__(answers=ScriptedModel.of().answers)
        self.waited_for = asyncio.Event()

    @override
    async def complete(self, request: ChatRequest) -> Completion:
        """Wait for ever."""
        self.requests.append(request)
        self.waited_for.set()
        await asyncio.Event().wait()
        raise AssertionError


class Held(Hanging):
    """Answer once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    @override
    async def complete(self, request: ChatRequest) -> Completion:
        """Wait, then set the counter."""
        self.waited_for.set()
        await self.let_go.wait()
        return GOOD


async def blocked(world: World) -> bool:
    """Say whether somebody waits for a lock."""
    found = await world.rows(
        "select 1 from pg_stat_activity where datname = current_database() "
        "and wait_event_type = 'Lock'"
    )
    return bool(found)


async def records(world: World) -> list[Any]:
    """Return what the audit log was told of models asked, the oldest first."""
    found = await world.rows(
        "select document, principal_id, project_id from audit_records "
        "where kind = 'model.asked' order by position, turn"
    )
    return [(parse(row.document), row.principal_id, row.project_id) for row in found]


async def test_the_platforms_own_model_answers_where_nobody_says_otherwise(
    new_world: NewWorld,
) -> None:
    """And what it took is charged, recorded and measured."""
    world = await new_world({"test/own": ScriptedModel.of(GOOD)})

    asked = await world.ask()

    assert asked.proposed.proposal is not None
    assert asked.reference == "test/own"
    assert await world.used() == (13, 10, 0, 0)
    assert [(note.stage, note.model, note.attempt) for note in world.notes] == [
        ("asking", "test/own", 1)
    ]
    assert world.heard.results == [("test/own", "answered")]
    assert world.heard.usages == [("test/own", TokenUsage(prompt=10, completion=3, cached=1), 10)]


async def test_what_was_asked_is_recorded_with_the_price_and_without_any_text(
    new_world: NewWorld,
) -> None:
    """The price is told apart from later ones by its digest."""
    world = await new_world({"test/own": ScriptedModel.of(GOOD)}, prices={"test/own": PRICE})

    await world.ask("trn_1")

    [(document, who, project)] = await records(world)
    assert (who, project) == (world.tenant.owner_id, world.project)
    assert document == {
        "turn": "trn_1",
        "attempt": 1,
        "model": "test/own",
        "price": digest({"model": "test/own", "prompt": "2", "completion": "10"}),
        "tokens": 13,
        "cost_micros": 10,
        "prompt_tokens": 10,
        "completion_tokens": 3,
        "cached_tokens": 1,
        "estimated": False,
    }


async def test_a_project_asks_its_own_models_and_an_organization_those_of_its_own(
    new_world: NewWorld,
) -> None:
    """The project's settings take the place of the organization's."""
    models = {"test/a": ScriptedModel.of(GOOD), "test/b": ScriptedModel.of(GOOD)}
    world = await new_world(models)
    await world.say(models=["test/a"], temperature=0.5, max_tokens=100)

    first = await world.ask()
    await world.say_of_project(models=["test/b"], max_tokens=50)
    second = await world.ask()

    assert (first.reference, second.reference) == ("test/a", "test/b")
    [to_a], [to_b] = models["test/a"].requests, models["test/b"].requests
    assert (to_a.max_tokens, to_a.temperature) == (100, 0.5)
    assert (to_b.max_tokens, to_b.temperature) == (50, 0.0)


@pytest.mark.parametrize(
    "fault", [fault for fault in ModelFault if fault is not ModelFault.BAD_REQUEST]
)
async def test_another_model_answers_when_one_fails(new_world: NewWorld, fault: ModelFault) -> None:
    """Whatever its fault, if the request itself is none."""
    world = await new_world({"test/a": failing(fault), "test/b": ScriptedModel.of(GOOD)})
    await world.say(models=["test/a", "test/b"])

    asked = await world.ask()

    assert asked.proposed.proposal is not None
    assert [(note.stage, note.model, note.attempt) for note in world.notes] == [
        ("asking", "test/a", 1),
        ("falling_back", "test/b", 2),
    ]
    assert world.heard.results == [("test/a", fault.value), ("test/b", "answered")]


async def test_a_request_that_is_wrong_goes_to_no_other_model(new_world: NewWorld) -> None:
    """The next one would find the same fault, for money."""
    other = ScriptedModel.of(GOOD)
    world = await new_world({"test/a": failing(ModelFault.BAD_REQUEST), "test/b": other})
    await world.say(models=["test/a", "test/b"])

    with pytest.raises(ModelFaultError, match="bad_request: as the test says"):
        await world.ask()

    assert other.requests == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (ModelFault.CONNECTION, "connection: there is no connection to it, or it broke off"),
        (ModelFault.SERVER, "server: see [address] for more"),
    ],
)
async def test_no_address_of_a_models_server_is_told(
    new_world: NewWorld, fault: ModelFault, told: str
) -> None:
    """It may be the platform's own."""
    error = ModelError(fault, model="test/own", detail="see http://10.0.0.5:8000/v1 for more")
    world = await new_world({"test/own": ScriptedModel.of(error)})

    with pytest.raises(ModelFaultError, match=re.escape(told)) as raised:
        await world.ask()

    assert "10.0.0.5" not in str(raised.value)


@pytest.mark.parametrize("fault", [ModelFault.TIMEOUT, ModelFault.MALFORMED])
async def test_a_fault_after_work_is_charged_by_its_estimate(
    new_world: NewWorld, fault: ModelFault
) -> None:
    """A provider may want to be paid for what never ended."""
    world = await new_world(
        {"test/a": failing(fault), "test/b": ScriptedModel.of(GOOD)},
        prices={"test/a": PRICE},
    )
    await world.say(models=["test/a", "test/b"], max_tokens=100)

    asked = await world.ask()

    usage = asked.proposed.usage
    assert usage.completion == 100 + 3
    assert asked.proposed.cost_micros == (usage.prompt - 10) * 2 + 100 * 10 + 10
    assert await world.used() == (usage.prompt + usage.completion, asked.proposed.cost_micros, 0, 0)
    assert [document["estimated"] for document, _, _ in await records(world)] == [True, False]


@pytest.mark.parametrize(
    "fault",
    [
        ModelFault.RATE_LIMITED,
        ModelFault.SERVER,
        ModelFault.CONNECTION,
        ModelFault.UNAUTHORIZED,
        ModelFault.UNAVAILABLE,
    ],
)
async def test_a_fault_before_work_is_charged_nothing(
    new_world: NewWorld, fault: ModelFault
) -> None:
    """What was reserved is free again."""
    world = await new_world({"test/own": failing(fault)})

    with pytest.raises(ModelFaultError) as told:
        await world.ask()

    assert (told.value.fault, told.value.retry_after_s) == (fault.value, 7)
    assert await world.used() == (0, 0, 0, 0)


async def test_a_repair_is_heard_of_and_charged(new_world: NewWorld) -> None:
    """Both completions count."""
    world = await new_world({"test/own": ScriptedModel.of(saying("I will."), GOOD)})

    asked = await world.ask()

    assert [note.stage for note in world.notes] == ["asking", "repairing"]
    assert asked.proposed.repairs == 1
    assert await world.used() == (26, 20, 0, 0)


async def test_a_turn_is_asked_once(new_world: NewWorld) -> None:
    """Whatever came of it: it would be charged twice."""
    model = ScriptedModel.of(GOOD, GOOD)
    world = await new_world({"test/own": model})
    await world.ask("trn_1")

    with pytest.raises(WrongTimeError, match="send the message as a new turn"):
        await world.ask("trn_1")

    assert len(model.requests) == 1
    assert await world.used() == (13, 10, 0, 0)


BUDGETS = [
    pytest.param("say", {"daily_tokens": 13}, "tokens a day of organization", id="organization"),
    pytest.param("say", {"member_daily_tokens": 13}, "tokens a day of member:", id="member"),
    pytest.param("say", {"model_daily_tokens": 13}, "tokens a day of model:test/own", id="model"),
    pytest.param("say_of_project", {"daily_tokens": 13}, "tokens a day of project:", id="project"),
    pytest.param(
        "say_of_project", {"member_daily_tokens": 13}, ", member:mem_", id="member of a project"
    ),
    pytest.param(
        "say_of_project", {"model_daily_tokens": 13}, "/model:test/own", id="model of a project"
    ),
    pytest.param("say", {"daily_cost_micros": 10}, "cost_micros a day of organization", id="money"),
]


@pytest.mark.parametrize(("whose", "limits", "named"), BUDGETS)
async def test_a_budget_that_does_not_cover_an_answer_refuses_it(
    new_world: NewWorld, whose: str, limits: dict[str, int], named: str
) -> None:
    """The model is not asked, and the refusal says which budget, how much, and until when."""
    model = ScriptedModel.of(GOOD)
    world = await new_world({"test/own": model}, prices={"test/own": PRICE})
    await getattr(world, whose)(**limits)

    with pytest.raises(ModelBudgetError) as told:
        await world.ask()

    error = told.value
    assert named in error.budget
    assert (error.used, error.limit) == (0, next(iter(limits.values())))
    assert error.needs > error.limit
    assert error.resets_at == datetime(2026, 1, 6, tzinfo=UTC)
    assert "it renews at 2026-01-06T00:00:00Z" in str(error)
    assert model.requests == []
    assert await world.used() == (0, 0, 0, 0)


async def test_a_longer_answer_of_the_operators_reference_is_reserved_for(
    new_world: NewWorld,
) -> None:
    """What its options say takes the place of what the settings say."""
    own = "test/own?max_tokens=50000"
    world = await new_world({own: ScriptedModel.of(GOOD)}, offers=Offers(own=(own,)))

    assert await a_need(world) > 50_000


async def test_budgets_renew_at_midnight_of_utc(new_world: NewWorld) -> None:
    """What was used yesterday counts no more."""
    world = await new_world({"test/own": ScriptedModel.of(GOOD, GOOD)})
    probe = await a_need(world)
    await world.say(daily_tokens=probe)
    await world.ask()

    with pytest.raises(ModelBudgetError):
        await world.ask()
    world.clock.advance(timedelta(hours=12))
    asked = await world.ask()

    assert asked.proposed.proposal is not None


async def a_need(world: World) -> int:
    """Return how many tokens one question reserves."""
    await world.say(daily_tokens=0)
    with pytest.raises(ModelBudgetError) as told:
        await world.ask()
    return told.value.needs


async def test_what_is_reserved_is_taken_for_everybody_else(new_world: NewWorld) -> None:
    """Until it is settled: two answers under way never take more than there is."""
    hanging = Hanging()
    world = await new_world({"test/own": hanging})
    need = await a_need(world)
    await world.say(daily_tokens=2 * need - 1)
    first = asyncio.create_task(world.ask())
    await hanging.waited_for.wait()

    with pytest.raises(ModelBudgetError) as told:
        await world.ask()

    assert told.value.used == need
    assert await world.used() == (0, 0, need, 0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await world.asking.close()
    assert await world.used() == (need, 0, 0, 0)


async def test_what_was_taken_is_settled_even_if_whoever_asked_hurries_away(
    new_world: NewWorld,
) -> None:
    """A second cancellation, while the first one's settlement waits, ends neither."""
    hanging = Hanging()
    world = await new_world({"test/own": hanging})
    need = await a_need(world)
    await world.say()
    asked = asyncio.create_task(world.ask())
    await hanging.waited_for.wait()

    async with world.database.transaction(world.tenant.id) as connection:
        await connection.execute(text("select 1 from model_tallies for update"))
        asked.cancel()
        await until(partial(blocked, world))
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    await world.asking.close()

    assert await world.used() == (need, 0, 0, 0)


async def test_an_answer_that_is_being_settled_stays_though_who_asked_is_cancelled(
    new_world: NewWorld,
) -> None:
    """It was paid for: who listens has it, with what it took."""
    held = Held()
    world = await new_world({"test/own": held})
    answers: list[Asked] = []
    question = a_question(world.tenant, world.project, "trn_late")
    asked = asyncio.create_task(
        world.asking.ask(question, progress=world.notes.append, heard=answers.append)
    )
    await held.waited_for.wait()
    async with world.database.transaction(world.tenant.id) as connection:
        await connection.execute(text("select 1 from model_tallies for update"))
        held.let_go.set()
        await until(partial(blocked, world))
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    await world.asking.close()

    assert [(item.reference, item.proposed.usage.prompt) for item in answers] == [("test/own", 10)]
    assert await world.used() == (13, 10, 0, 0)
    assert world.heard.results == [("test/own", "answered")]


async def test_an_answer_whose_settlement_takes_all_the_time_is_in_time(
    new_world: NewWorld,
) -> None:
    """The time of a turn is for answers."""
    held = Held()
    world = await new_world({"test/own": held})
    await world.say(timeout_s=1)
    waiting = asyncio.create_task(world.ask())
    await held.waited_for.wait()
    async with world.database.transaction(world.tenant.id) as connection:
        await connection.execute(text("select 1 from model_tallies for update"))
        held.let_go.set()
        asked = await waiting

    assert asked.proposed.proposal is not None


class Broken(ScriptedModel):
    """Answer, after the tallies were spoilt so that nothing can be settled."""

    def __init__(self) -> None:
        super().__init__(answers=ScriptedModel.of(GOOD).answers)
        self.database: Database | None = None
        self.organization = ""

    @override
    async def complete(self, request: ChatRequest) -> Completion:
        """Take away what was reserved, which no settlement expects."""
        assert self.database is not None
        async with self.database.transaction(self.organization) as connection:
            await connection.execute(text("update model_tallies set reserved_tokens = 0"))
        return await super().complete(request)


async def test_an_answer_that_can_not_be_settled_is_kept(new_world: NewWorld) -> None:
    """Whatever the fault: it is told of, and what was reserved is left to who tidies up."""
    model = Broken()
    world = await new_world({"test/own": model})
    model.database, model.organization = world.database, world.tenant.id

    asked = await world.ask("trn_unsettled")

    assert asked.proposed.proposal is not None
    assert world.heard.failures == ["settle: CheckViolationError"]
    [spend] = await world.rows("select status, reserved_tokens from model_spends")
    assert spend.status == "open"
    async with world.database.transaction(world.tenant.id) as connection:
        await connection.execute(
            text("update model_tallies set reserved_tokens = :was"), {"was": spend.reserved_tokens}
        )
    world.clock.advance(timedelta(minutes=5))
    await Spending(database=world.database, ids=world.tenant.tenancy.ids).tidy(world.tenant.id)
    assert await world.used() == (spend.reserved_tokens, 0, 0, 0)


async def test_a_repair_that_no_budget_covers_ends_the_turn(new_world: NewWorld) -> None:
    """What was answered before is charged; the rest is free again."""
    world = await new_world({"test/own": ScriptedModel.of(saying("I will."), GOOD)})
    need = await a_need(world)
    await world.say(daily_tokens=need)

    with pytest.raises(ModelBudgetError) as told:
        await world.ask()

    assert 0 < told.value.needs < need
    assert await world.used() == (13, 10, 0, 0)


async def test_one_model_with_something_left_is_enough_to_ask(new_world: NewWorld) -> None:
    """Whatever is asked is refused only where the budgets of all of them are used up."""
    models = {"test/a": ScriptedModel.of(GOOD), "test/b": ScriptedModel.of(GOOD)}
    world = await new_world(models)
    whose = {"project_id": world.project, "member_id": world.tenant.owner_id}
    await world.say(models=["test/a"])
    await world.ask()
    await world.say(models=["test/a", "test/b"], model_daily_tokens=13)

    something_left = await world.asking.used_up(world.tenant.id, **whose)
    await world.say(models=["test/a"], model_daily_tokens=13)
    nothing_left = await world.asking.used_up(world.tenant.id, **whose)

    assert something_left is None
    assert nothing_left is not None
    assert nothing_left.budget == "tokens a day of model:test/a"
    assert nothing_left.retry_after_s == 12 * 60 * 60


async def test_money_can_not_be_bounded_without_a_price(new_world: NewWorld) -> None:
    """The model is not asked; without a budget of money it may be."""
    model = ScriptedModel.of(saying("x", cost_micros=None))
    world = await new_world({"test/own": model}, prices={"test/own": None})
    await world.say(daily_cost_micros=1_000_000)

    with pytest.raises(ModelPriceError, match="'test/own'"):
        await world.ask()

    assert model.requests == []


async def test_an_unknown_price_is_recorded_as_unknown(new_world: NewWorld) -> None:
    """Tokens count all the same."""
    answer = calling("counter_set", value=3)
    model = ScriptedModel.of(
        Completion(
            text="",
            tool_calls=answer.tool_calls,
            finish_reason="tool_calls",
            usage=TokenUsage(),
            cost_micros=None,
            model="m",
        )
    )
    world = await new_world({"test/own": model}, prices={"test/own": None})

    asked = await world.ask()

    [(document, _, _)] = await records(world)
    assert (document["price"], document["cost_micros"]) == (None, None)
    assert document["estimated"] is True
    assert document["tokens"] == asked.proposed.usage.prompt + 1024
    assert asked.proposed.cost_micros is None


async def test_a_model_that_is_not_offered_any_more_is_not_asked(new_world: NewWorld) -> None:
    """However it was set: what an operator takes back is gone."""
    world = await new_world({"test/own": ScriptedModel.of(GOOD)}, offers=Offers(own=("other/own",)))
    use = StoredUse(
        number=1, use=ModelUse(models=("test/own",)), principal_id="m", created_at=BEGAN
    )
    async with world.database.transaction(world.tenant.id) as connection:
        await add_use(connection, use, organization_id=world.tenant.id, project_id=None)

    with pytest.raises(ModelMissingError, match="not offered any more"):
        await world.ask()


async def test_without_any_model_it_is_said_what_to_do(new_world: NewWorld) -> None:
    """Neither the platform, the organization nor the project names one."""
    world = await new_world({}, offers=Offers())

    with pytest.raises(ModelMissingError, match="ask the operator to set PLANGATE_MODEL"):
        await world.ask()


async def test_a_gate_that_is_demanded_has_to_have_passed(new_world: NewWorld) -> None:
    """Of this model, the prompt in use, and the registry of the question."""
    model = ScriptedModel.of(GOOD)
    gates = KnownGates()
    world = await new_world({"test/own": model}, gates=gates)
    await world.say(requires_gate=True)
    await world.say_of_project(requires_gate=False)

    with pytest.raises(GateRequiredError) as told:
        await world.ask()

    error = told.value
    assert (error.model, error.prompt, error.registry) == ("test/own", "prompt-1", "registry-1")
    assert model.requests == []
    gates.passed_models = frozenset({"test/own"})
    assert (await world.ask()).proposed.proposal is not None
    assert gates.asked[-1] == (world.tenant.id, "test/own", "prompt-1", "registry-1")


async def test_another_model_without_a_gate_is_left_out(new_world: NewWorld) -> None:
    """Even when the first one fails."""
    other = ScriptedModel.of(GOOD)
    gates = KnownGates(passed_models=frozenset({"test/a"}))
    world = await new_world({"test/a": failing(ModelFault.SERVER), "test/b": other}, gates=gates)
    await world.say(models=["test/a", "test/b"], requires_gate=True)

    with pytest.raises(ModelFaultError):
        await world.ask()

    assert other.requests == []


async def test_a_first_model_without_a_gate_is_not_passed_over(new_world: NewWorld) -> None:
    """A change of the model would go unnoticed."""
    gates = KnownGates(passed_models=frozenset({"test/b"}))
    world = await new_world({"test/b": ScriptedModel.of(GOOD)}, gates=gates)
    await world.say(models=["test/a", "test/b"], requires_gate=True)

    with pytest.raises(GateRequiredError, match="'test/a'"):
        await world.ask()


async def test_a_turn_ends_in_time_and_is_charged_by_its_estimate(new_world: NewWorld) -> None:
    """A model that never ends takes nobody with it."""
    world = await new_world({"test/own": Hanging()})
    need = await a_need(world)
    await world.say(timeout_s=1)

    with pytest.raises(ModelTooSlowError, match="within 2 s"):
        await world.ask()

    await world.asking.close()
    assert await world.used() == (need, 0, 0, 0)
    assert world.heard.results[-1] == ("test/own", "timeout")


async def test_a_timeout_of_the_last_model_is_told_as_such(new_world: NewWorld) -> None:
    """It is no fault of the provider that one could act on."""
    world = await new_world({"test/own": failing(ModelFault.TIMEOUT)})

    with pytest.raises(ModelTooSlowError, match="within 60 s"):
        await world.ask()


async def test_a_model_that_fails_in_a_row_is_left_alone_for_a_while(new_world: NewWorld) -> None:
    """Then one question is let through, and closes the circuit when it is answered."""
    model = failing(ModelFault.SERVER, times=FAILURES)
    model.answers.append(GOOD)
    world = await new_world({"test/own": model})
    for _ in range(FAILURES):
        with pytest.raises(ModelFaultError):
            await world.ask()

    with pytest.raises(ModelFaultError, match="left alone") as told:
        await world.ask()

    assert told.value.retry_after_s == pytest.approx(OPEN_S)
    assert len(model.requests) == FAILURES
    world.clock.advance(timedelta(seconds=OPEN_S))
    assert (await world.ask()).proposed.proposal is not None
    assert world.heard.circuits == [("test/own", True), ("test/own", False)]


async def test_what_a_dead_process_reserved_is_charged_in_full(new_world: NewWorld) -> None:
    """Once its time is over; whoever asks next finds it used, never free."""
    hanging = Hanging()
    world = await new_world({"test/a": hanging, "test/own": ScriptedModel.of(GOOD)})
    need = await a_need(world)
    await world.say(models=["test/a"])
    dead = asyncio.create_task(world.ask("trn_dead"))
    await hanging.waited_for.wait()
    await world.say(models=["test/own"])
    world.clock.advance(timedelta(seconds=3 * 60 + 1))

    await world.ask()
    await world.asking.close()

    assert await world.used() == (need + 13, 10, 0, 0)
    lapsed = [document for document, _, _ in await records(world) if document.get("lapsed")]
    assert [(document["turn"], document["tokens"]) for document in lapsed] == [("trn_dead", need)]
    dead.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dead
    await world.asking.close()
    assert await world.used() == (need + 13, 10, 0, 0)


@pytest.mark.parametrize(
    ("keeps", "kept"),
    [
        (Keeps.EVERYTHING, "mail ada@example.org with sk-abcdefghijklmnop1234"),
        (Keeps.REDACTED, "mail [personal] with [redacted]"),
        (Keeps.NOTHING, ""),
    ],
)
def test_a_text_is_kept_as_the_settings_say(keeps: Keeps, kept: str) -> None:
    """Whole, without secrets and persons, or not at all."""
    text = "mail ada@example.org with sk-abcdefghijklmnop1234"

    assert Asking.kept(text, ModelUse(keeps=keeps)) == kept
