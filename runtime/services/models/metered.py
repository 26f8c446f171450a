"""Be a model that reserves before each request, and counts what it took whatever comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from runtime.domain.model_budget import Spend
from runtime.ports.chat_model import (
    ChatModel,
    ChatRequest,
    Completion,
    ModelError,
    ModelFault,
    TokenUsage,
)
from runtime.ports.model_reference import ModelReference, Price
from runtime.services.models.estimates import (
    bounded_quickly,
    counted_usage,
    estimated_usage,
    spend_of,
)
from runtime.services.models.spending import Charge, Spending, Taken

CHARGED: Final = frozenset({ModelFault.MALFORMED, ModelFault.TIMEOUT})
"""Faults after which a provider may have worked, and so may want to be paid."""

_NONE: Final = TokenUsage()

Note: TypeAlias = Callable[[bool], None]
"""Hear that a request goes out, and whether one of the same attempt was answered before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """Say which model is asked, and what its tokens cost; None: nobody knows."""

    reference: ModelReference
    price: Price | None


class MeteredModel:
    """Ask a model on somebody's account; for one attempt, whose requests follow each other."""

    def __init__(
        self,
        model: ChatModel,
        pricing: Pricing,
        *,
        spending: Spending,
        charge: Charge,
        note: Note,
    ) -> None:
        self._model = model
        self._pricing = pricing
        self._spending = spending
        self._charge = charge
        self._note = note
        self._covered = Spend()
        self._usage = _NONE
        self._cost: int | None = 0
        self._answered = False
        self._estimated = False
        self.begun = False

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

    @property
    def taken(self) -> Taken:
        """Return what all requests took."""
        return Taken(usage=self._usage, cost_micros=self._cost, estimated=self._estimated)

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request that every budget covers.

        Raises:
            ModelError: no usable answer came.
            DomainError: as `Spending.reserve` does; the model was not asked.
        """
        sent = self._pricing.reference.applied_to(request)
        estimate = await _estimated(sent)
        await self._cover(estimate)
        self._note(self._answered)
        usage, cost, counted = estimate, self._price(estimate), False  # unless something is known
        try:
            completion = await self._model.complete(request)
            usage = counted_usage(completion, estimate)
            counted = usage is not estimate
            known = completion.cost_micros if counted else None
            cost = self._price(usage) if known is None else known
            self._answered = True
        except ModelError as error:
            if error.fault not in CHARGED:
                usage, cost, counted = _NONE, 0, True
            raise
        finally:
            self._take(usage, cost, estimated=not counted)
        return completion

    async def close(self) -> None:
        """Leave the model open: it is lent."""

    async def _cover(self, estimate: TokenUsage) -> None:
        needed = self.taken.spend.plus(spend_of(estimate, self._pricing.price))
        missing = needed.beyond(self._covered)
        if self.begun and not missing.tokens and not missing.cost_micros:
            return
        await self._spending.reserve(self._charge, missing, begun=self.begun)
        self.begun = True
        self._covered = self._covered.plus(missing)

    def _price(self, usage: TokenUsage) -> int | None:
        return spend_of(usage, self._pricing.price).cost_micros

    def _take(self, usage: TokenUsage, cost: int | None, *, estimated: bool) -> None:
        self._usage = self._usage.plus(usage)
        self._cost = None if cost is None or self._cost is None else self._cost + cost
        self._estimated = self._estimated or estimated


async def _estimated(request: ChatRequest) -> TokenUsage:
    """Bound a request; what takes long (20 MB take a second) does so beside the event loop."""
    if bounded_quickly(request):
        return estimated_usage(request)
    return await asyncio.to_thread(estimated_usage, request)
