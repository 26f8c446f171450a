"""Prove that a call is paced, paid and kept on a worker, and that a kept one is not asked again."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from harness.budget import Spend
from harness.cassette.address import Addresser
from harness.remote.answering import Asker, KeptCall
from harness.remote.link import Link
from harness.remote.purse import Purse
from harness.remote.rates import Pace, Rate
from harness.replay import Contender
from harness.trial import TrialKey
from runtime.public import (
    ChatRequest,
    Completion,
    ModelError,
    ModelFault,
    Price,
    Sampling,
    SystemClock,
    TokenUsage,
    parse_model_reference,
)

MODEL = "openai/x"
KEY = TrialKey(scenario="case", model=MODEL, index=0)
ASKED = ChatRequest(messages=({"role": "user", "content": "hello"},), max_tokens=10)


@dataclass(kw_only=True)
class Model:
    """Answer with two tokens, or fail."""

    name: str = MODEL
    offline: bool = False
    native_tools: bool = True
    asked: int = 0
    fault: ModelFault | None = None

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer or fail."""
        self.asked += 1
        if self.fault is not None:
            raise ModelError(self.fault, model=MODEL, detail="no")
        return Completion(
            text="yes",
            tool_calls=(),
            finish_reason="stop",
            usage=TokenUsage(prompt=1, completion=1),
            cost_micros=None,
            model="x",
        )

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(kw_only=True)
class Desk:
    """Hold an asker, its model, and what was kept."""

    asker: Asker
    model: Model
    kept: list[KeptCall] = field(default_factory=list)

    async def ask(self, *known: KeptCall, request: ChatRequest = ASKED) -> Completion:
        """Ask once as a trial does."""

        async def keep(kept: KeptCall) -> None:
            self.kept.append(kept)

        return await self.asker.for_trial(KEY, known, keep).opened(KEY).model.complete(request)


def a_desk(*, pace: Pace | None = None, purse: Purse | None = None) -> Desk:
    """Build a desk with a model that costs two micros a token."""
    model = Model()
    contender = Contender(
        reference=MODEL,
        label="x",
        model=model,
        sampling=Sampling(),
        price=Price(prompt=Decimal(2), completion=Decimal(2)),
    )
    asker = Asker(
        contender=contender,
        reference=parse_model_reference(MODEL),
        addresser=Addresser(MODEL),
        pace=pace,
        purse=purse,
        monotonic_s=SystemClock().monotonic_s,
    )
    return Desk(asker=asker, model=model)


async def a_purse(link: Link) -> Purse:
    """Open a purse without an end."""
    purse = Purse(link, "r")
    await purse.begin(max_tokens=10**9, max_cost_micros=None, spent=Spend())
    return purse


async def test_a_kept_answer_is_not_asked_for_again() -> None:
    """It survives its spelling; an answer to another question is none."""
    first = a_desk()
    await first.ask()
    kept = KeptCall.from_document(first.kept[0].document())
    again = a_desk()

    answer = await again.ask(kept)
    await again.ask(kept, request=ChatRequest(messages=({"role": "user", "content": "bye"},)))

    assert kept == first.kept[0]
    assert answer.text == "yes"
    assert again.model.asked == len(again.kept) == 1


async def test_a_paid_call_settles_what_it_used(link: Link) -> None:
    """And names its cost, which the provider did not."""
    purse = await a_purse(link)
    desk = a_desk(purse=purse)

    answer = await desk.ask()

    assert answer.cost_micros == 4
    assert await purse.total() == Spend(tokens=2, cost_micros=4)
    assert desk.kept[0].settled == Spend(tokens=2, cost_micros=4)
    assert KeptCall.from_document(desk.kept[0].document()) == desk.kept[0]


@pytest.mark.parametrize(
    ("fault", "charged"), [(ModelFault.RATE_LIMITED, False), (ModelFault.TIMEOUT, True)]
)
async def test_a_failed_call_counts_unless_it_is_certain_that_it_was_free(
    link: Link, fault: ModelFault, *, charged: bool
) -> None:
    """As on one machine."""
    purse = await a_purse(link)
    desk = a_desk(purse=purse)
    desk.model.fault = fault

    with pytest.raises(ModelError):
        await desk.ask()

    assert (await purse.total() != Spend()) is charged
    assert desk.kept == []


async def test_a_call_takes_its_turn_and_gives_back_what_it_did_not_use(link: Link) -> None:
    """Its upper bound of tokens is far above the bucket, so it empties it for a while."""
    clock = [1_000_000_000]
    pace = Pace(link, {MODEL: Rate(requests=6_000, tokens=60_000)}, now_us=lambda: clock[0])
    purse = await a_purse(link)
    desk = a_desk(pace=pace, purse=purse)

    await desk.ask()

    left = await pace.take(998)
    assert not isinstance(left, float)
    assert isinstance(await pace.take(1), float)
    assert desk.model.asked == 1
