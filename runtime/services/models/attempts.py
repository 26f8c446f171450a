"""Make the attempts of a turn, each at one model: reserved before, settled after, and measured."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from runtime.agent.patience import Patience
from runtime.agent.planner import Planner, Proposed, Sampling
from runtime.domain.errors.models import ModelPriceError
from runtime.domain.model_budget import Payer, bounds_of, counts_money, day_of
from runtime.domain.model_use import ModelUse
from runtime.kit.canonical_json import digest
from runtime.kit.clock import Clock
from runtime.ports.chat_model import ChatModel, ModelError, ModelFault, TokenUsage
from runtime.ports.model_reference import ModelReference, Price, parse_model_reference
from runtime.services.models.lending import ModelLender
from runtime.services.models.measures import ModelMeasures
from runtime.services.models.metered import MeteredModel, Note, Pricing
from runtime.services.models.questions import Asked, Progress, ProgressNote, Question, Stage
from runtime.services.models.settling import Settling
from runtime.services.models.spending import Charge, Spending, Taken
from runtime.services.models.terms import Terms
from runtime.store.model_charges import Attempt

GRACE: Final = timedelta(seconds=60)
"""How long after the end of its time an attempt may yet be settled by who made it."""
PATIENCE: Final = Patience(retries=1, cap_s=2.0)
"""Short: somebody waits, and another model may do better."""
ANSWERED: Final = "answered"
_NOTHING: Final = Taken(usage=TokenUsage(), cost_micros=0, estimated=False)


@dataclass(slots=True, kw_only=True)
class Turn:
    """Follow one question from attempt to attempt.

    Attributes:
        attempts: that reserved something.
        requests: that went out.
        taken: by all attempts.
        proposed: the answer, from when it is there; whatever ends the turn later comes too late.
        answered_by: the identity of the model that gave it.
    """

    question: Question
    terms: Terms
    use: ModelUse
    progress: Progress
    attempts: int = 0
    requests: int = 0
    taken: Taken = field(default=_NOTHING)
    proposed: Proposed | None = None
    answered_by: str = ""

    @property
    def asked(self) -> Asked | None:
        """Return the answer with what all attempts took; None while there is none."""
        if self.proposed is None:
            return None
        taken = self.taken
        return Asked(
            proposed=replace(self.proposed, usage=taken.usage, cost_micros=taken.cost_micros),
            reference=self.answered_by,
        )

    def add(self, taken: Taken) -> None:
        """Add what an attempt took."""
        before = self.taken
        unknown = before.cost_micros is None or taken.cost_micros is None
        self.taken = Taken(
            usage=before.usage.plus(taken.usage),
            cost_micros=None if unknown else (before.cost_micros or 0) + (taken.cost_micros or 0),
            estimated=before.estimated or taken.estimated,
        )


class Attempts:
    """Ask single models; belongs to one event loop."""

    def __init__(
        self,
        *,
        spending: Spending,
        lender: ModelLender,
        measures: ModelMeasures,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._spending = spending
        self._lender = lender
        self._measures = measures
        self._clock = clock
        self._patience = patience
        self._settling = Settling(spending=spending, measures=measures, clock=clock)

    async def answer(self, turn: Turn, text: str) -> Asked:
        """Ask one model, and charge what it took whatever comes of it.

        The turn has the answer before that is settled: who is cancelled meanwhile finds it there.

        Raises:
            ModelError: it gave no usable answer.
            ModelPriceError: a budget of money is in force, and it has no known price.
            DomainError: as `Spending.reserve` does.
        """
        model = parse_model_reference(text).model
        try:
            async with self._lender.lent(text) as lent:
                asked = await self._asked(turn, text, lent)
        except ModelError as error:
            self._measures.asked(model, error.fault.value)
            raise
        except asyncio.CancelledError:
            late = turn.proposed is not None
            self._measures.asked(model, ANSWERED if late else ModelFault.TIMEOUT.value)
            raise
        self._measures.asked(model, ANSWERED)
        return asked

    async def close(self) -> None:
        """Wait until all is settled."""
        await self._settling.close()

    async def _asked(self, turn: Turn, text: str, lent: ChatModel) -> Asked:
        question, use = turn.question, turn.use
        reference = parse_model_reference(text)
        charge, price = await self._charge(turn, reference)
        metered = MeteredModel(
            lent,
            Pricing(reference=reference, price=price),
            spending=self._spending,
            charge=charge,
            note=_note(turn, reference),
        )
        planner = Planner(
            model=metered,
            sampling=Sampling(
                temperature=use.temperature,
                max_tokens=use.max_tokens,
                timeout_s=float(use.timeout_s),
                patience=self._patience_with(reference),
            ),
            monotonic_s=self._clock.monotonic_s,
        )
        try:
            turn.proposed = await planner.propose(
                question.briefing,
                question.conversation,
                state=question.state,
                facts=question.facts,
                labels={"turn": question.turn_id},
            )
            turn.answered_by = reference.identity
        finally:
            await self._settled(turn, charge.attempt, metered)
        assert turn.asked is not None  # noqa: S101  # it was proposed
        return turn.asked

    async def _charge(self, turn: Turn, reference: ModelReference) -> tuple[Charge, Price | None]:
        question = turn.question
        payer = Payer(
            project_id=question.project_id,
            member_id=question.member_id,
            model=reference.model,
        )
        bounds = bounds_of(turn.terms.organization, turn.terms.project, payer)
        price = await self._lender.price(reference.text)
        if price is None and counts_money(bounds):
            raise ModelPriceError(model=reference.model)
        attempt = Attempt(
            organization_id=question.organization_id,
            turn_id=question.turn_id,
            number=turn.attempts + 1,
            payer=payer,
            price=None if price is None else price_version(reference, price),
            day=day_of(self._clock.now()),
        )
        lasts = GRACE + timedelta(seconds=2 * turn.use.timeout_s)
        return Charge(attempt=attempt, bounds=bounds, lasts=lasts), price

    def _patience_with(self, reference: ModelReference) -> Patience:
        retries = reference.settings.retries
        return self._patience if retries is None else replace(self._patience, retries=retries)

    async def _settled(self, turn: Turn, attempt: Attempt, metered: MeteredModel) -> None:
        """Settle an attempt that reserved something, even while who asked is being cancelled."""
        if not metered.begun:
            return
        turn.attempts += 1
        taken = metered.taken
        turn.add(taken)
        await self._settling.settle(attempt, taken)


def _note(turn: Turn, reference: ModelReference) -> Note:
    """Return what tells of each request, by whether the attempt was answered before."""
    first_of_turn = turn.attempts == 0
    sent = 0

    def told(answered: bool) -> None:  # noqa: FBT001  # the type of who calls it
        nonlocal sent
        sent += 1
        turn.requests += 1
        begins: Stage = "falling_back" if sent == 1 and not first_of_turn else "asking"
        turn.progress(
            ProgressNote(
                stage="repairing" if answered else begins,
                model=reference.model,
                attempt=turn.requests,
            )
        )

    return told


def price_version(reference: ModelReference, price: Price) -> str:
    """Return the digest of a price, which tells a record's prices apart from later ones."""
    return digest(
        {
            "model": reference.model,
            "prompt": str(price.prompt),
            "completion": str(price.completion),
        }
    )
