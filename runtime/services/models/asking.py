"""Ask the models of a project for a proposal, within what they may cost and how long they may take.

The door for who keeps conversations. Nothing of the database is held while a model is asked: what
an answer may take is reserved before, in one short transaction, and settled after, in another.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final, Protocol

from runtime.agent.patience import Patience
from runtime.domain.errors.models import (
    GateRequiredError,
    ModelBudgetError,
    ModelFaultError,
    ModelMissingError,
    ModelTooSlowError,
)
from runtime.domain.model_budget import Payer, bounds_of
from runtime.domain.model_use import Keeps, ModelUse, in_force
from runtime.kit.clock import Clock
from runtime.kit.personal_data import without_personal_data
from runtime.kit.redact import redact
from runtime.ports.chat_model import ModelError, ModelFault
from runtime.ports.model_reference import parse_model_reference
from runtime.services.models.attempts import PATIENCE, Attempts, Turn
from runtime.services.models.breakers import Breakers, Line
from runtime.services.models.lending import ModelLender
from runtime.services.models.measures import ModelMeasures
from runtime.services.models.offers import Offers
from runtime.services.models.questions import Asked, Heard, Progress, ProgressNote, Question
from runtime.services.models.spending import Spending
from runtime.services.models.terms import StandingTerms, Terms

__all__ = ["Asked", "Asking", "Gates", "Heard", "Needs", "Progress", "ProgressNote", "Question"]

TURN_FACTOR: Final = 2
"""How many times as long as one request the whole turn may take, so that another model has its
chance when the first one hangs."""

_ADDRESS: Final = re.compile(r"\bhttps?://\S+")

_FALLS_OVER: Final = frozenset(set(ModelFault) - {ModelFault.BAD_REQUEST})
"""Faults after which another model may do better."""


class Gates(Protocol):
    """Know which evaluations passed."""

    async def passed(self, *, organization_id: str, model: str, prompt: str, registry: str) -> bool:
        """Say whether the newest evaluation of these three passed, and is not too old."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Hold what asking takes.

    Attributes:
        terms: what organizations and projects say.
        offers: which models may be asked at all.
        lender: opens them.
        spending: charges them.
        gates: knows their evaluations.
        measures: told what happens.
        clock: measures how long it took.
        patience: how often one model is asked again at once.
    """

    terms: StandingTerms
    offers: Offers
    lender: ModelLender
    spending: Spending
    gates: Gates
    measures: ModelMeasures
    clock: Clock
    patience: Patience = PATIENCE


class Asking:
    """Ask models; belongs to one event loop."""

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self._breakers = Breakers(monotonic_s=needs.clock.monotonic_s)
        self._attempts = Attempts(
            spending=needs.spending,
            lender=needs.lender,
            measures=needs.measures,
            clock=needs.clock,
            patience=needs.patience,
        )

    async def ask(
        self, question: Question, *, progress: Progress, heard: Heard | None = None
    ) -> Asked:
        """Answer one message.

        Args:
            question: the message.
            progress: is told what goes out.
            heard: is told the answer, also where this is cancelled while that is settled.

        Raises:
            ModelMissingError: no model is named, or none of those may be asked.
            ModelBudgetError: what is left of a budget does not cover the answer.
            ModelPriceError: a budget of money is in force, and the model has no known price.
            GateRequiredError: the model's evaluation did not pass, and has to.
            ModelFaultError: no model gave a usable answer.
            ModelTooSlowError: none came in time.
            WrongTimeError: the turn was asked before.
            StorageUnavailableError: nothing can be reserved.
        """
        terms = await self._needs.terms.of(question.organization_id, question.project_id)
        use = self._in_force(terms)
        references = await self._askable(question, use)
        turn = Turn(question=question, terms=terms, use=use, progress=progress)
        longest_s = float(TURN_FACTOR * use.timeout_s)
        try:
            async with asyncio.timeout(longest_s):
                return await self._answer(turn, references)
        except TimeoutError:
            if turn.asked is not None:  # it was only being settled
                return turn.asked
            raise ModelTooSlowError(longest_s=longest_s) from None
        finally:
            if heard is not None and turn.asked is not None:
                heard(turn.asked)

    async def use(self, organization_id: str, project_id: str) -> ModelUse:
        """Return the settings that are in force in a project.

        Raises:
            StorageUnavailableError: they can't be read.
        """
        return self._in_force(await self._needs.terms.of(organization_id, project_id))

    async def used_up(
        self, organization_id: str, *, project_id: str, member_id: str
    ) -> ModelBudgetError | None:
        """Return the refusal of whatever a member asks in a project until budgets renew, if any.

        Raises:
            StorageUnavailableError: settings or budgets can't be read.
        """
        terms = await self._needs.terms.of(organization_id, project_id)
        models = {
            parse_model_reference(text).model: None
            for text in self._needs.offers.usable(self._in_force(terms).models)
        }
        payers = [
            Payer(project_id=project_id, member_id=member_id, model=model) for model in models
        ]
        return await self._needs.spending.used_up(
            organization_id,
            [bounds_of(terms.organization, terms.project, payer) for payer in payers],
        )

    def _in_force(self, terms: Terms) -> ModelUse:
        return in_force(terms.organization, terms.project, platform=self._needs.offers.own)

    @staticmethod
    def kept(text: str, use: ModelUse) -> str:
        """Return a text as it may be stored: whole, without secrets and persons, or empty."""
        if use.keeps is Keeps.NOTHING:
            return ""
        if use.keeps is Keeps.EVERYTHING:
            return text
        return without_personal_data(str(redact(text)))

    async def close(self) -> None:
        """Wait until what was asked is settled."""
        await self._attempts.close()

    async def _askable(self, question: Question, use: ModelUse) -> tuple[str, ...]:
        """Return the models that may be asked, in their order."""
        usable = self._needs.offers.usable(use.models)
        if not usable:
            problem = "those named are not offered any more" if use.models else "none is named"
            raise ModelMissingError(project=question.project_id, problem=problem)
        if not use.requires_gate:
            return usable
        passed = tuple([text for text in usable if await self._passed(question, text)])
        if usable[0] not in passed:  # else a change of the model would go unnoticed
            raise GateRequiredError(
                model=parse_model_reference(usable[0]).identity,
                prompt=question.prompt,
                registry=question.registry_digest,
            )
        return passed

    async def _passed(self, question: Question, text: str) -> bool:
        return await self._needs.gates.passed(
            organization_id=question.organization_id,
            model=parse_model_reference(text).identity,
            prompt=question.prompt,
            registry=question.registry_digest,
        )

    async def _answer(self, turn: Turn, references: tuple[str, ...]) -> Asked:
        """Ask one model after the other until one answers."""
        last: ModelError | None = None
        for text in references:
            line = Line(organization_id=turn.question.organization_id, reference=text)
            model = parse_model_reference(text).model
            wait_s = self._breakers.wait_s(line)
            if wait_s > 0:
                last = last or _left_alone(model, wait_s)
                continue
            try:
                asked = await self._attempts.answer(turn, text)
            except ModelError as error:
                last = error
                if error.fault not in _FALLS_OVER:
                    break
                if self._breakers.failed(line):
                    self._needs.measures.circuit(model, opened=True)
            else:
                if self._breakers.succeeded(line):
                    self._needs.measures.circuit(model, opened=False)
                return asked
        raise _failure(last, turn.use)


def _left_alone(model: str, wait_s: float) -> ModelError:
    return ModelError(
        ModelFault.UNAVAILABLE,
        model=model,
        detail="it failed several times in a row and is left alone for a while",
        retry_after_s=wait_s,
    )


def _told(error: ModelError) -> str:
    """Return what was seen, without addresses: a model's server may be the platform's own."""
    if error.fault is ModelFault.CONNECTION:
        return "there is no connection to it, or it broke off"
    return _ADDRESS.sub("[address]", error.detail)


def _failure(last: ModelError | None, use: ModelUse) -> ModelFaultError | ModelTooSlowError:
    """Return what the last fault is to who asked, without the reference of the model."""
    if last is not None and last.fault is ModelFault.TIMEOUT:
        return ModelTooSlowError(longest_s=float(use.timeout_s))
    fault = ModelFault.UNAVAILABLE if last is None else last.fault
    return ModelFaultError(
        fault=fault.value,
        detail="no model was asked" if last is None else _told(last),
        retry_after_s=None if last is None else last.retry_after_s,
    )
