"""Ask a model for one trial on a worker: kept answers first, then paced, paid for, and kept.

What `harness.cassette.journal` does for a run on one machine, with Redis in the journal's place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from harness.budget import Spend, actual_spend, failed_spend, worst_case
from harness.cassette.address import Addresser
from harness.cassette.channel import Asked, Channel, Speaker, TrialModel, trial_model
from harness.cassette.redaction import presentable
from harness.cassette.tape import Call, timed
from harness.remote.purse import Hold, Purse
from harness.remote.rates import Pace
from harness.replay import Contender
from harness.trial import TrialKey
from runtime.public import Completion, JsonObject, ModelReference


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """Hold an answer and what a budget settled for it, if one watched."""

    call: Call
    settled: Spend | None

    def document(self) -> JsonObject:
        """Return it as JSON."""
        spent = self.settled
        return {
            "call": self.call.document(),
            "settled": None if spent is None else [spent.tokens, spent.cost_micros],
        }

    @classmethod
    def from_document(cls, document: JsonObject) -> Self:
        """Read it back.

        Raises:
            FormError: it is no call.
        """
        settled = document["settled"]
        return cls(
            call=Call.from_document(document["call"]),
            settled=None if settled is None else Spend(tokens=settled[0], cost_micros=settled[1]),
        )


Keep: TypeAlias = Callable[[KeptCall], Awaitable[None]]
"""Keep an answer where every machine finds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Hold what asking one model on this machine takes.

    Attributes:
        contender: the model as it was opened here.
        reference: how it is asked.
        addresser: tells whether a kept answer is one to the same question.
        pace: lets requests through as the provider's limits allow; None: no limit was given.
        purse: pays for them; None: no cap was given.
        monotonic_s: the clock that latency is read from.
    """

    contender: Contender
    reference: ModelReference
    addresser: Addresser
    pace: Pace | None
    purse: Purse | None
    monotonic_s: Callable[[], float]

    def for_trial(self, key: TrialKey, known: Iterable[KeptCall], keep: Keep) -> Contender:
        """Return the contender as one trial sees it: what was answered is not asked again.

        Args:
            key: the trial.
            known: the answers that it got before.
            keep: called with each new one before the trial goes on.
        """
        by_position = {kept.call.position: kept.call for kept in known}
        model = self.contender.model
        live = _Live(asker=self, keep=keep)

        def find(asked: Asked) -> Call | None:
            call = by_position.get(asked.position)
            same = call is not None and call.address.whole == asked.address.whole
            return call if same else None

        def opened(_: TrialKey) -> TrialModel:
            return trial_model(
                Channel(
                    key,
                    Speaker(name=key.model, offline=False, native_tools=model.native_tools),
                    addresser=self.addresser,
                    recorded=find,
                    otherwise=live.answer,
                )
            )

        return replace(self.contender, for_trial=opened)


@dataclass(slots=True, kw_only=True)
class _Live:
    """Ask for one trial; latency runs from the first attempt, without waits for turn and purse."""

    asker: Asker
    keep: Keep
    _since_s: float | None = None

    async def answer(self, asked: Asked) -> Call:
        """Answer a request that nobody answered before."""
        asker = self.asker
        began_s = asker.monotonic_s()
        if self._since_s is None:
            self._since_s = began_s
        request = asker.reference.applied_to(asked.request)
        worst = worst_case(request, asker.contender.price)
        if asker.purse is None:
            _, call = await self._asked(asked, worst, hold=None, began_s=began_s)
            return call
        hold = await asker.purse.reserve(worst, longest_s=request.timeout_s)
        actual = worst
        try:
            actual, call = await self._asked(asked, worst, hold=hold, began_s=began_s)
        except BaseException as error:
            actual = failed_spend(error, worst=worst)
            raise
        finally:
            await asker.purse.settle(hold, actual)
        return call

    async def _asked(
        self, asked: Asked, worst: Spend, *, hold: Hold | None, began_s: float
    ) -> tuple[Spend, Call]:
        asker = self.asker

        async def still_to_come() -> None:
            if asker.purse is not None and hold is not None:
                await asker.purse.extend(hold)

        pace = asker.pace
        grant = None if pace is None else await pace.turn(worst.tokens, waiting=still_to_come)
        await still_to_come()
        waited_s = asker.monotonic_s() - began_s
        self._since_s = since_s = (began_s if self._since_s is None else self._since_s) + waited_s
        completion = await asker.contender.model.complete(asked.request)
        took_s, self._since_s = asker.monotonic_s() - since_s, None
        actual = actual_spend(completion, asker.contender.price, worst=worst)
        call = timed(
            Call(
                key=asked.key,
                position=asked.position,
                address=asked.address,
                completion=presentable(self._priced(completion, paid=hold is not None)),
                latency_s=0.0,
            ),
            took_s,
        )
        await self.keep(KeptCall(call=call, settled=None if hold is None else actual))
        if pace is not None and grant is not None:
            await pace.correct(grant, actual.tokens)
        return actual, call

    def _priced(self, completion: Completion, *, paid: bool) -> Completion:
        """Name the cost that a given price makes of a paid answer without one."""
        price = self.asker.contender.price
        if not paid or completion.cost_micros is not None or price is None:
            return completion
        return replace(completion, cost_micros=price.micros(completion.usage))
