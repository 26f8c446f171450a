"""Open the models that projects ask, on their first use, and wire what asks them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Final

from runtime.bootstrap.chat_models import price_of
from runtime.bootstrap.keyed_models import ModelKeys, open_keyed_model, read_model_keys
from runtime.domain.errors import SecretError
from runtime.kit.clock import Clock
from runtime.ports.chat_model import ChatModel, ModelError, ModelFault
from runtime.ports.model_reference import (
    ModelReferenceError,
    Price,
    Transport,
    parse_model_reference,
)
from runtime.ports.offline_provider import OfflineProvider
from runtime.services.context import Ids
from runtime.services.models.addresses import BaseAddressError, read_base
from runtime.services.models.asking import Asking, Gates, Needs
from runtime.services.models.desk import ModelDesk
from runtime.services.models.effect_charges import ChargeParts, EffectCharges
from runtime.services.models.measures import ModelMeasures
from runtime.services.models.offers import EVERY, Offers
from runtime.services.models.spending import Spending
from runtime.services.models.terms import StandingTerms
from runtime.services.models.usages import ModelUsages
from runtime.services.models.uses import ModelUses
from runtime.services.secrets.reader import SecretReader
from runtime.settings import ServiceSettings, SettingsError, quiet_environment
from runtime.settings.models import MODEL_BASES, MODELS_ALLOWED, ModelOfferSettings
from runtime.store.session import Database

OFFLINE_GROUP: Final = "plangate.models"
"""Entry points under which distributions offer models that answer inside this process."""
MOST_OPEN: Final = 32
MOST_PRICES: Final = 1_024


def offline_providers(reference_text: str) -> Mapping[str, OfflineProvider]:
    """Make the offline model that a reference names, if a distribution offers it; load no other."""
    reference = parse_model_reference(reference_text)
    if not reference.offline:
        return {}
    found = entry_points(group=OFFLINE_GROUP, name=reference.model_name)
    return {item.name: item.load()() for item in found}


def read_offers(settings: ModelOfferSettings, *, own: str) -> Offers:
    """Return what organizations may name.

    Raises:
        SettingsError: an entry can't be read; the message names its variable.
    """
    for text in settings.allowed:
        if text.endswith(EVERY):
            continue
        try:
            parse_model_reference(text)
        except ModelReferenceError as error:
            raise SettingsError(f"{MODELS_ALLOWED}: {error}") from None
    bases = []
    for text in settings.bases:
        try:
            bases.append(read_base(text))
        except BaseAddressError as error:
            raise SettingsError(f"{MODEL_BASES}: an entry {error}") from None
    return Offers(own=(own,) if own else (), allowed=settings.allowed, bases=tuple(bases))


@dataclass(slots=True)
class _Open:
    model: ChatModel
    lent: int = 0


class OpenModels:
    """Lend models that stay open, a bounded number of them; belongs to one event loop."""

    def __init__(self, *, environ: Mapping[str, str], keys: ModelKeys) -> None:
        self._environ = environ
        self._keys = keys
        self._open = OrderedDict[str, _Open]()
        self._opening = dict[str, asyncio.Task[None]]()
        self._prices = dict[str, Price | None]()

    @asynccontextmanager
    async def lent(self, reference: str) -> AsyncIterator[ChatModel]:
        """Lend a model for as long as the block lasts.

        Raises:
            ModelError: it can't be opened.
        """
        opened = await self._opened(reference)
        opened.lent += 1
        try:
            yield opened.model
        finally:
            opened.lent -= 1
            await self._close_surplus()

    async def price(self, reference: str) -> Price | None:
        """Return what a model's tokens cost; None where nobody knows."""
        if reference not in self._prices:
            if len(self._prices) >= MOST_PRICES:
                self._prices.clear()
            self._prices[reference] = await asyncio.to_thread(price_of, reference)
        return self._prices[reference]

    async def close(self) -> None:
        """Close every model."""
        for task in list(self._opening.values()):
            await asyncio.wait([task])
        while self._open:
            _, opened = self._open.popitem()
            await opened.model.close()

    async def _opened(self, reference: str) -> _Open:
        while (found := self._open.get(reference)) is None:
            task = self._opening.get(reference)
            if task is None:
                task = asyncio.create_task(self._do_open(reference))
                self._opening[reference] = task
                task.add_done_callback(lambda _: self._opening.pop(reference, None))
            await asyncio.wait([task])  # who is cancelled leaves it to the others
            task.result()
        self._open.move_to_end(reference)
        return found

    async def _do_open(self, reference: str) -> None:
        try:
            if parse_model_reference(reference).settings.transport is Transport.LITELLM:
                await asyncio.to_thread(_load_litellm)
            model = await open_keyed_model(
                reference,
                environ=self._environ,
                offline_providers=offline_providers(reference),
                keys=self._keys,
            )
        except (ModelReferenceError, SecretError) as error:
            detail = error.code if isinstance(error, SecretError) else str(error)
            raise ModelError(
                ModelFault.UNAVAILABLE,
                model=parse_model_reference(reference).model,
                detail=f"it can't be opened ({detail})",
            ) from None
        self._open[reference] = _Open(model)

    async def _close_surplus(self) -> None:
        """Close what was lent the longest ago, of what is not lent now."""
        idle = [reference for reference, opened in self._open.items() if opened.lent == 0]
        for reference in idle[: max(0, len(self._open) - MOST_OPEN)]:
            await self._open.pop(reference).model.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelParts:
    """Share what the use cases of models are made of."""

    database: Database
    clock: Clock
    ids: Ids
    gates: Gates
    measures: ModelMeasures
    reader: SecretReader


def open_model_desk(
    settings: ServiceSettings, parts: ModelParts, *, stack: AsyncExitStack
) -> ModelDesk:
    """Return the use cases of models, which the stack closes.

    Raises:
        SettingsError: a setting can't be used; the message names its variable.
    """
    offers = read_offers(settings.model_offers, own=settings.model_offers.chat or settings.model)
    lender = OpenModels(
        environ=settings.environ,
        keys=read_model_keys(settings.secret_use.model_keys, reader=parts.reader),
    )
    stack.push_async_callback(lender.close)
    terms = StandingTerms(parts.database, parts.clock)
    stack.push_async_callback(terms.close)
    spending = Spending(database=parts.database, ids=parts.ids)
    effects = EffectCharges(
        ChargeParts(
            references=settings.work.effects.models,
            price=lender.price,
            terms=terms,
            spending=spending,
            measures=parts.measures,
            clock=parts.clock,
        )
    )
    stack.push_async_callback(effects.close)
    asking = Asking(
        Needs(
            terms=terms,
            offers=offers,
            lender=lender,
            spending=spending,
            gates=parts.gates,
            measures=parts.measures,
            clock=parts.clock,
        )
    )
    stack.push_async_callback(asking.close)
    return ModelDesk(
        asking=asking,
        uses=ModelUses(database=parts.database, ids=parts.ids, offers=offers, forget=terms.forget),
        usages=ModelUsages(database=parts.database, clock=parts.clock),
        effects=effects,
    )


def _load_litellm() -> None:
    """Import it in a thread: it takes seconds, which nobody else has to wait for."""
    quiet_environment()
    import_module("runtime.adapters.litellm_model")
