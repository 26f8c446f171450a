"""Reserve what answers of models may take before they are asked for, and settle it after.

Each step is one short transaction. What a process that died had reserved is charged in full once
its time is over; until then it counts as used, so that nothing is gained by dying.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from runtime.domain.errors import StorageUnavailableError, WrongTimeError
from runtime.domain.errors.models import ModelBudgetError
from runtime.domain.model_budget import (
    Bound,
    Spend,
    Tally,
    day_of,
    first_overdraft,
    first_used_up,
    renews_at,
)
from runtime.domain.model_thresholds import ModelCrossing
from runtime.domain.record import AuditRecord, Event
from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_value import JsonObject
from runtime.ports.chat_model import TokenUsage
from runtime.services.context import Ids
from runtime.store.model_charges import (
    Attempt,
    begin_spend,
    end_spend,
    grow_spend,
    lapse_spend,
)
from runtime.store.model_spends import forget_spends, tallies_of
from runtime.store.model_thresholds import Place, Telling
from runtime.store.session import Database

KEPT: Final = timedelta(days=62)
"""How long spends are kept: two months of use can be told of."""
TIDIED_AT_ONCE: Final = 10
FORGOTTEN_AT_ONCE: Final = 100
THRESHOLD: Final = "model.budget_threshold"
AT_ONCE: Final = 3
"""Half of the direct connections of a process: who waits for the tallies of a busy organization
leaves the others to executions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Say what an attempt is charged to.

    Attributes:
        attempt: of a turn at a model.
        bounds: the budgets that it has to fit.
        lasts: after which nobody can settle it any more.
    """

    attempt: Attempt
    bounds: tuple[Bound, ...]
    lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Say what an attempt took.

    Attributes:
        usage: tokens by kind.
        cost_micros: None where nobody knows the price.
        estimated: a part of it was not counted by the provider.
    """

    usage: TokenUsage
    cost_micros: int | None
    estimated: bool

    @property
    def spend(self) -> Spend:
        """Return it as budgets count it."""
        tokens = self.usage.prompt + self.usage.completion
        return Spend(tokens=tokens, cost_micros=self.cost_micros)


class Spending:
    """Charge answers of models to budgets; belongs to one event loop."""

    def __init__(self, *, database: Database, ids: Ids) -> None:
        self._database = database
        self._ids = ids
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def reserve(self, charge: Charge, wish: Spend, *, begun: bool) -> None:
        """Take what an answer may take out of every budget, or out of none.

        Args:
            charge: whose.
            wish: how much, besides what is reserved for the attempt.
            begun: whether something is.

        Raises:
            ModelBudgetError: a budget does not cover it.
            WrongTimeError: the turn was asked before, or its time is over.
            StorageUnavailableError: the database can't be asked.
        """
        attempt, now = charge.attempt, self._ids.now()

        def judge(tallies: Mapping[str, Tally]) -> None:
            over = first_overdraft(charge.bounds, tallies, wish)
            if over is not None:
                raise ModelBudgetError(
                    budget=over.bound.name,
                    used=over.taken,
                    limit=over.bound.most,
                    needs=wish.of(over.bound.measure),
                    resets_at=renews_at(now),
                    now=now,
                )

        async with self._turns:
            done = (
                await grow_spend(self._database, attempt, wish, judge=judge, now=now)
                if begun
                else await begin_spend(
                    self._database,
                    attempt,
                    wish,
                    judge=judge,
                    now=now,
                    ends_at=now + charge.lasts,
                )
            )
        if not done:
            raise WrongTimeError(
                what=f"turn '{attempt.turn_id[:80]}'",
                found="one that a model was asked for before",
                remedy="send the message as a new turn",
            )

    async def used_up(
        self, organization_id: str, choices: Sequence[tuple[Bound, ...]]
    ) -> ModelBudgetError | None:
        """Return the refusal of whatever is asked until budgets renew; None: something is left.

        Args:
            organization_id: whose.
            choices: the budgets of each model that may be asked; all of these have to refuse.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        if not choices or not all(choices):
            return None
        now = self._ids.now()
        subjects = {bound.subject for bounds in choices for bound in bounds}
        async with self._database.transaction(organization_id, read_only=True) as connection:
            tallies = await tallies_of(connection, subjects, day=day_of(now))
        over = [first_used_up(bounds, tallies) for bounds in choices]
        if over[0] is None or None in over:
            return None
        return ModelBudgetError(
            budget=over[0].bound.name,
            used=over[0].taken,
            limit=over[0].bound.most,
            resets_at=renews_at(now),
            now=now,
        )

    async def settle(self, attempt: Attempt, taken: Taken) -> None:
        """Charge an attempt what it took, and record it; one that was charged in full stays so.

        Raises:
            StorageUnavailableError: the database can't be asked; it is charged in full later.
        """
        usage, spend = taken.usage, taken.spend
        told: JsonObject = {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "cached_tokens": usage.cached,
            "estimated": taken.estimated,
        }
        record = self._record(attempt, spend, told=told)
        async with self._turns:
            await end_spend(self._database, attempt, spend, record=record, telling=self._telling())

    async def tidy(self, organization_id: str) -> None:
        """Charge in full what nobody ended, and forget what is old; some of it.

        What can't be charged is left, and in nobody's way: the first such fault is raised when all
        else is done.

        Raises:
            StorageUnavailableError: the database can't be asked.
            Exception: something could not be charged.
        """
        telling = self._telling()

        def recorded(attempt: Attempt, spend: Spend) -> AuditRecord:
            return self._record(attempt, spend, told={"estimated": True, "lapsed": True})

        faults: list[Exception] = []
        for _ in range(TIDIED_AT_ONCE):
            try:
                async with self._turns:
                    if not await lapse_spend(
                        self._database,
                        organization_id,
                        recorded=recorded,
                        telling=telling,
                        past=len(faults),
                    ):
                        break
            except StorageUnavailableError:
                raise
            except Exception as error:  # noqa: BLE001  # whatever it is, others are charged
                faults.append(error)
        before = telling.now - KEPT
        async with self._database.transaction(organization_id) as connection:
            await forget_spends(
                connection, before=before, day=before.date().isoformat(), limit=FORGOTTEN_AT_ONCE
            )
        if faults:
            raise faults[0]

    def _telling(self) -> Telling:
        return Telling(now=self._ids.now(), spelled=self._events)

    def _events(self, place: Place, crossings: Sequence[ModelCrossing]) -> list[Event]:
        """Spell thresholds; their events' ids are in the same order as they are."""
        ids = sorted(self._ids.new("evt") for _ in crossings)
        told = {"organization_id": place.organization_id, "day": place.day}
        return [
            Event(
                id=event_id,
                type=THRESHOLD,
                document=canonical_text(crossing.document(**told)),
                project_id=crossing.project_id,
            )
            for event_id, crossing in zip(ids, crossings, strict=True)
        ]

    def _record(self, attempt: Attempt, spend: Spend, *, told: JsonObject) -> AuditRecord:
        payer = attempt.payer
        return AuditRecord.of(
            {
                attempt.asker: attempt.turn_id,
                "attempt": attempt.number,
                "model": payer.model,
                "price": attempt.price,
                "tokens": spend.tokens,
                "cost_micros": spend.cost_micros,
                **told,
            },
            record_id=self._ids.new("aud"),
            principal_id=payer.member_id,
            kind="model.asked",
            project_id=payer.project_id,
        )
