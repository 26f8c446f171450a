"""Charge models that side effects ask to the budgets that turns are charged to.

A job pays as its principal, in its project and organization. Each request is reserved before and
settled after, as those of turns are; where a budget is spent, the job waits until that renews.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Final

from runtime.domain.errors.models import ModelBudgetError, ModelPriceError
from runtime.domain.model_budget import Payer, bounds_of, counts_money, day_of
from runtime.kit.clock import Clock
from runtime.ports.chat_model import ChatModel, ChatRequest, Completion, ModelError
from runtime.ports.effect import EffectCall, EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.model_reference import ModelReference, Price, parse_model_reference
from runtime.services.models.attempts import ANSWERED, GRACE, price_version
from runtime.services.models.measures import ModelMeasures
from runtime.services.models.metered import MeteredModel, Pricing
from runtime.services.models.settling import Settling
from runtime.services.models.spending import Charge, Spending
from runtime.services.models.terms import StandingTerms
from runtime.store.model_charges import Attempt

MOST_REQUESTS: Final = 100
"""Of one try of a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeParts:
    """Hold what charging takes.

    Attributes:
        references: of the models of effects, by the names that effects use.
        price: returns what a reference's tokens cost; None where nobody knows.
    """

    references: Mapping[str, str]
    price: Callable[[str], Awaitable[Price | None]]
    terms: StandingTerms
    spending: Spending
    measures: ModelMeasures
    clock: Clock


class EffectCharges:
    """Hand effects models that charge whoever they are called for; belongs to one event loop."""

    def __init__(self, parts: ChargeParts) -> None:
        self._parts = parts
        self._settling = Settling(
            spending=parts.spending, measures=parts.measures, clock=parts.clock
        )

    def charged(self, call: EffectCall, tools: EffectTools) -> EffectTools:
        """Return the tools of one try of a job, whose models are charged to its principal."""
        numbers = count(1)
        models: dict[str, ChatModel] = {
            name: _ChargedModel(
                model,
                parse_model_reference(self._parts.references[name]),
                parts=self._parts,
                settling=self._settling,
                account=_Account(call=call, next_number=lambda: next(numbers)),
            )
            for name, model in tools.models.items()
        }
        return replace(tools, models=models)

    async def close(self) -> None:
        """Wait until what was asked is settled."""
        await self._settling.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """Say who pays, and count the requests of all models of one try."""

    call: EffectCall
    next_number: Callable[[], int]


class _ChargedModel:
    """Be a model that charges each request to the budgets of a job's principal."""

    def __init__(
        self,
        model: ChatModel,
        reference: ModelReference,
        *,
        parts: ChargeParts,
        settling: Settling,
        account: _Account,
    ) -> None:
        self._model = model
        self._reference = reference
        self._parts = parts
        self._settling = settling
        self._account = account

    @property
    def name(self) -> str:
        """Return the reference that the model was opened by."""
        return self._model.name

    @property
    def offline(self) -> bool:
        """Say whether the model answers inside this process."""
        return self._model.offline

    @property
    def native_tools(self) -> bool:
        """Say whether the model takes tools."""
        return self._model.native_tools

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request that every budget covers.

        Raises:
            ModelError: no usable answer came.
            RetryableError: a budget does not cover it before it renews.
            PermanentError: a budget of money is in force, and no price is known.
            StorageUnavailableError: nothing can be reserved.
        """
        try:
            return await self._asked(request)
        except ModelBudgetError as error:
            raise RetryableError(str(error), after_s=float(error.retry_after_s)) from None
        except ModelPriceError as error:
            raise PermanentError(str(error)) from None

    async def close(self) -> None:
        """Leave the model open: it is the worker's."""

    async def _asked(self, request: ChatRequest) -> Completion:
        charge, price = await self._charge(request)
        metered = MeteredModel(
            self._model,
            Pricing(reference=self._reference, price=price),
            spending=self._parts.spending,
            charge=charge,
            note=_unheard,
        )
        result = "timeout"
        try:
            completion = await metered.complete(request)
            result = ANSWERED
        except ModelError as error:
            result = error.fault.value
            raise
        finally:
            if metered.begun:
                self._parts.measures.asked(self._reference.model, result)
                await self._settling.settle(charge.attempt, metered.taken)
        return completion

    async def _charge(self, request: ChatRequest) -> tuple[Charge, Price | None]:
        call, reference = self._account.call, self._reference
        payer = Payer(project_id=call.project, member_id=call.principal.id, model=reference.model)
        terms = await self._parts.terms.of(call.organization, call.project)
        bounds = bounds_of(terms.organization, terms.project, payer)
        price = await self._parts.price(reference.text)
        if price is None and counts_money(bounds):
            raise ModelPriceError(model=reference.model)
        attempt = Attempt(
            organization_id=call.organization,
            turn_id=call.job_id,
            number=self._number(),
            payer=payer,
            price=None if price is None else price_version(reference, price),
            day=day_of(self._parts.clock.now()),
        )
        lasts = GRACE + timedelta(seconds=2 * request.timeout_s)
        return Charge(attempt=attempt, bounds=bounds, lasts=lasts), price

    def _number(self) -> int:
        """Return what tells this request from all others of its job."""
        number = self._account.next_number()
        if number > MOST_REQUESTS:
            raise PermanentError(
                f"an effect asked models {MOST_REQUESTS} times in one try, which is the most"
            )
        return self._account.call.attempt * (MOST_REQUESTS + 1) + number


def _unheard(_: bool) -> None:  # noqa: FBT001  # the type of who calls it
    """Tell nobody: who waits for a job reads its end."""
