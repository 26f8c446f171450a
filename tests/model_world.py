"""Ask models in tests: a real database, real budgets, and models that the test scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sqlalchemy import text

from runtime.agent.patience import Patience
from runtime.agent.prompt import Conversation
from runtime.domain.model_use import ModelUse
from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonValue
from runtime.ports.chat_model import ChatModel, TokenUsage
from runtime.ports.model_reference import FREE, Price
from runtime.sandbox import Sandbox
from runtime.services.models.asking import Asked, Asking, Needs, ProgressNote, Question
from runtime.services.models.lending import ModelLender
from runtime.services.models.offers import Offers
from runtime.services.models.spending import Spending
from runtime.services.models.terms import StandingTerms
from runtime.services.models.usages import ModelUsages
from runtime.services.models.uses import ModelUses
from runtime.store.session import Database
from tests.tenants import Tenant, a_project, a_tenancy, a_tenant

COUNTER = Sandbox.named("counter")
ALLOWED = Offers(own=("test/own",), allowed=("test/*",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Lend the models that a test put there: the double of who opens models."""

    models: Mapping[str, ChatModel]
    prices: Mapping[str, Price | None] = field(default_factory=dict)

    @asynccontextmanager
    async def lent(self, reference: str) -> AsyncIterator[ChatModel]:
        """Lend one."""
        yield self.models[reference]

    async def price(self, reference: str) -> Price | None:
        """Return its price; by default it costs nothing."""
        return self.prices.get(reference, FREE)


@dataclass(slots=True, kw_only=True)
class KnownGates:
    """Know the gates that passed, by model; remember what was asked."""

    passed_models: frozenset[str] = frozenset()
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)

    async def passed(self, *, organization_id: str, model: str, prompt: str, registry: str) -> bool:
        """Say whether a model's gate passed."""
        self.asked.append((organization_id, model, prompt, registry))
        return model in self.passed_models


class Heard:
    """Remember what was measured: the double of telemetry."""

    def __init__(self) -> None:
        """Have heard nothing."""
        self.results: list[tuple[str, str]] = []
        self.usages: list[tuple[str, TokenUsage, int | None]] = []
        self.circuits: list[tuple[str, bool]] = []
        self.failures: list[str] = []

    def asked(self, model: str, result: str) -> None:
        """Remember it."""
        self.results.append((model, result))

    def spent(self, model: str, usage: TokenUsage, *, cost_micros: int | None) -> None:
        """Remember it."""
        self.usages.append((model, usage, cost_micros))

    def circuit(self, model: str, *, opened: bool) -> None:
        """Remember it."""
        self.circuits.append((model, opened))

    def failed(self, what: str, error: BaseException) -> None:
        """Remember it."""
        self.failures.append(f"{what}: {type(error).__name__}")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Hold one project and what asks models for it."""

    tenant: Tenant
    project: str
    asking: Asking
    uses: ModelUses
    usages: ModelUsages
    terms: StandingTerms
    gates: KnownGates
    heard: Heard
    notes: list[ProgressNote]

    @property
    def database(self) -> Database:
        """Return where all is kept."""
        return self.tenant.tenancy.database

    @property
    def clock(self) -> FixedClock:
        """Return the clock, which stands still."""
        return self.tenant.tenancy.clock

    async def say(self, **settings: JsonValue) -> None:
        """Let the organization say how models are asked."""
        await self.uses.replace_of_organization(
            self.tenant.owner, self.tenant.id, use=ModelUse(**settings), expects=None
        )

    async def say_of_project(self, **settings: JsonValue) -> None:
        """Let the project say it."""
        await self.uses.replace_of_project(
            self.tenant.owner, self.project, use=ModelUse(**settings), expects=None
        )

    async def ask(self, turn: str = "", **changes: JsonValue) -> Asked:
        """Ask one question of the owner's."""
        question = replace(a_question(self.tenant, self.project, turn), **changes)
        return await self.asking.ask(question, progress=self.notes.append)

    async def rows(self, query: str) -> list[Any]:
        """Return what a query finds of the organization."""
        async with self.database.transaction(self.tenant.id) as connection:
            return list((await connection.execute(text(query))).all())

    async def used(self) -> tuple[int, int, int, int]:
        """Return tokens, cost and both reserved, of the organization today."""
        found = await self.rows(
            "select tokens, cost_micros, reserved_tokens, reserved_micros from model_tallies "
            "where subject = 'organization'"
        )
        return tuple(found[0]) if found else (0, 0, 0, 0)


def a_question(tenant: Tenant, project: str, turn: str = "") -> Question:
    """Build a question about the counter."""
    situation = COUNTER.situation()
    return Question(
        organization_id=tenant.id,
        project_id=project,
        member_id=tenant.owner_id,
        briefing=COUNTER.briefing(situation.principal),
        conversation=Conversation(message="Set it to three."),
        state=situation.state,
        facts={},
        registry_digest="registry-1",
        prompt="prompt-1",
        turn_id=turn or tenant.tenancy.ids.new("trn"),
    )


class NewWorld(Protocol):
    """Make a world on the test's database."""

    async def __call__(
        self,
        models: Mapping[str, ChatModel],
        *,
        prices: Mapping[str, Price | None] | None = None,
        offers: Offers = ALLOWED,
        gates: KnownGates | None = None,
        lender: ModelLender | None = None,
    ) -> World:
        """Make an organization with a project, and what asks these models for it."""
        ...


async def a_world(
    database: Database,
    stack: AsyncExitStack,
    models: Mapping[str, ChatModel],
    *,
    prices: Mapping[str, Price | None] | None = None,
    offers: Offers = ALLOWED,
    gates: KnownGates | None = None,
    lender: ModelLender | None = None,
) -> World:
    """Make an organization with a project, and what asks models for it until the stack ends."""
    tenant = await a_tenant(a_tenancy(database))
    project = await a_project(tenant)
    tenancy, known, heard = tenant.tenancy, gates or KnownGates(), Heard()
    terms = StandingTerms(database, tenancy.clock)
    needs = Needs(
        terms=terms,
        offers=offers,
        lender=lender or Shelf(models=models, prices=prices or {}),
        spending=Spending(database=database, ids=tenancy.ids),
        gates=known,
        measures=heard,
        clock=tenancy.clock,
        patience=Patience(retries=0),
    )
    asking = Asking(needs)
    stack.push_async_callback(terms.close)
    stack.push_async_callback(asking.close)
    return World(
        tenant=tenant,
        project=project,
        asking=asking,
        uses=ModelUses(database=database, ids=tenancy.ids, offers=offers, forget=terms.forget),
        usages=ModelUsages(database=database, clock=tenancy.clock),
        terms=terms,
        gates=known,
        heard=heard,
        notes=[],
    )
