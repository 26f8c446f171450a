"""Faults that may pass are waited out, within bounds; all others are raised at once."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from runtime.agent.patience import Patience, ask
from runtime.ports.chat_model import ChatRequest, Completion, ModelError, ModelFault
from tests.models.scripted import ScriptedModel, saying

REQUEST = ChatRequest(messages=({"role": "user", "content": "hi"},), seed=7)


class Waits:
    """Note how long a planner would have slept, and return at once."""

    def __init__(self) -> None:
        """Start without any wait."""
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Note one wait."""
        self.seconds.append(seconds)


def a_fault(
    fault: ModelFault = ModelFault.RATE_LIMITED, retry_after_s: float | None = None
) -> ModelError:
    """Build an error of the model."""
    return ModelError(fault, model="test/m", detail="busy", retry_after_s=retry_after_s)


async def test_an_answer_after_faults_counts_the_retries() -> None:
    """Two faults, then an answer: asked for again twice."""
    waits = Waits()
    model = ScriptedModel.of(a_fault(), a_fault(ModelFault.TIMEOUT), saying("done"))

    answer = await ask(model, REQUEST, Patience(sleep=waits))

    assert (answer.completion.text, answer.retries) == ("done", 2)
    assert len(waits.seconds) == 2


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_retries_are_bounded(retries: int) -> None:
    """A fault that outlasts the retries is raised as it came."""
    last = a_fault(ModelFault.SERVER)
    model = ScriptedModel.of(*(a_fault() for _ in range(retries)), last)

    with pytest.raises(ModelError) as caught:
        await ask(model, REQUEST, Patience(retries=retries, sleep=Waits()))

    assert caught.value is last
    assert len(model.requests) == retries + 1


@pytest.mark.parametrize("fault", [fault for fault in ModelFault if not fault.may_retry])
async def test_what_can_not_pass_is_raised_at_once(fault: ModelFault) -> None:
    """Nobody waits for a wrong key to become right."""
    waits = Waits()
    model = ScriptedModel.of(a_fault(fault), saying("never"))

    with pytest.raises(ModelError, match=fault.value):
        await ask(model, REQUEST, Patience(sleep=waits))

    assert waits.seconds == []


@pytest.mark.parametrize(
    ("asked_s", "waited_s"),
    [
        pytest.param(2.5, 2.5, id="honoured"),
        pytest.param(86_400.0, 30.0, id="a day is capped"),
        pytest.param(0.0, 0.0, id="now"),
        pytest.param(-5.0, 0.0, id="the past is now"),
        pytest.param(float("nan"), 0.0, id="no number is now"),
    ],
)
async def test_retry_after_is_honoured_and_capped(asked_s: float, waited_s: float) -> None:
    """A provider says when to come back, but not for how long the run may hang."""
    waits = Waits()

    await ask(
        ScriptedModel.of(a_fault(retry_after_s=asked_s), saying()), REQUEST, Patience(sleep=waits)
    )

    assert waits.seconds == [waited_s]


@given(
    seed=st.integers(0, 2**31 - 1),
    retries=st.integers(1, 8),
    base_s=st.floats(0, 10),
    cap_s=st.floats(0, 60),
)
def test_jitter_stays_in_bounds(seed: int, retries: int, base_s: float, cap_s: float) -> None:
    """Each wait is a share of the doubled delay, below the cap, and follows from the seed."""
    request = ChatRequest(messages=REQUEST.messages, seed=seed)
    twice: list[list[float]] = []
    for _ in range(2):
        waits = Waits()
        model = ScriptedModel.of(*(a_fault() for _ in range(retries)), saying())
        patience = Patience(retries=retries, base_s=base_s, cap_s=cap_s, sleep=waits)
        asyncio.run(ask(model, request, patience))
        twice.append(waits.seconds)

    bounds = [min(cap_s, base_s * 2**attempt) for attempt in range(retries)]
    assert twice[0] == twice[1]
    assert all(0 <= wait <= bound for wait, bound in zip(twice[0], bounds, strict=True))


async def test_callers_who_failed_together_spread_out() -> None:
    """Trials with different seeds wait for different times."""
    waits = Waits()
    for seed in range(20):
        request = ChatRequest(messages=REQUEST.messages, seed=seed)
        await ask(ScriptedModel.of(a_fault(), saying()), request, Patience(sleep=waits))

    assert len(set(waits.seconds)) == 20


class Stuck(ScriptedModel):
    """Never answer."""

    @override
    async def complete(self, request: ChatRequest) -> Completion:
        """Wait for good."""
        await asyncio.Event().wait()
        return saying()


@pytest.mark.parametrize("stuck_in", ["model", "wait"])
async def test_cancelling_is_never_swallowed(stuck_in: str) -> None:
    """A cancelled request ends at once, whether it asks or waits."""

    async def wait_for_good(seconds: float) -> None:
        await asyncio.Event().wait()

    model = Stuck.of() if stuck_in == "model" else ScriptedModel.of(a_fault(), saying())
    task = asyncio.ensure_future(ask(model, REQUEST, Patience(sleep=wait_for_good)))
    await asyncio.wait([task], timeout=0.01)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
