"""A trial's channel looks into recordings first, counts positions and keeps the trial's time."""

from __future__ import annotations

import pytest

from harness.cassette.address import Addresser
from harness.cassette.channel import Asked, Channel, Speaker, trial_model
from harness.cassette.tape import Call
from runtime.public import ModelError, ModelFault
from tests.models.scripted import saying
from tests.unit.harness.cassette.builders import MODEL, a_call_of, a_key, a_request

SPEAKER = Speaker(name=MODEL, offline=True, native_tools=False)


def a_channel(asked: list[Asked], *, recorded: Call | None, otherwise: Call | None) -> Channel:
    """Build a channel that notes what reaches its second source."""

    async def answer(request: Asked) -> Call:
        asked.append(request)
        if otherwise is None:
            raise ModelError(ModelFault.SERVER, model=MODEL, detail="down")
        return otherwise

    return Channel(
        a_key(),
        SPEAKER,
        addresser=Addresser(MODEL),
        recorded=lambda request: recorded if request.position == 0 else None,
        otherwise=answer,
    )


async def test_what_is_recorded_is_not_asked_for() -> None:
    """Only the second request reaches the model, as the second."""
    asked: list[Asked] = []
    recorded = a_call_of(completion=saying("kept"), latency_s=1.0)
    fresh = a_call_of(completion=saying("fresh"), latency_s=2.0)
    channel = a_channel(asked, recorded=recorded, otherwise=fresh)

    texts = [(await channel.complete(a_request())).text for _ in range(2)]

    assert texts == ["kept", "fresh"]
    assert [(item.key, item.position) for item in asked] == [(a_key(), 1)]
    assert asked[0].address == a_call_of().address
    assert trial_model(channel).monotonic_s() == 3.0


async def test_a_request_without_an_answer_counts_as_none() -> None:
    """Trying again asks for the same position, and no time has passed on the trial's clock."""
    asked: list[Asked] = []
    channel = a_channel(asked, recorded=None, otherwise=None)

    for _ in range(2):
        with pytest.raises(ModelError):
            await channel.complete(a_request())

    assert [item.position for item in asked] == [0, 0]
    assert channel.monotonic_s() == 0.0


def test_a_channel_describes_the_model_that_it_stands_for() -> None:
    """The planner asks it as it would ask the model."""
    channel = a_channel([], recorded=None, otherwise=None)

    assert (channel.name, channel.offline, channel.native_tools) == (MODEL, True, False)
