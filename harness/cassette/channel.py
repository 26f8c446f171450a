"""Give one trial its model: recorded calls first, then whoever answers otherwise, on one clock.

`player` and `journal` build channels; `harness.replay` asks through them and knows neither.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from harness.cassette.address import Address, Addresser
from harness.cassette.tape import Call
from harness.trial import TrialKey
from runtime.public import ChatModel, ChatRequest, Completion


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialModel:
    """Hold the model as one trial sees it, and the clock that its latency is read from."""

    model: ChatModel
    monotonic_s: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hold one request of a trial: what is asked, how many answers came before it, its address."""

    key: TrialKey
    position: int
    request: ChatRequest
    address: Address


Recorded: TypeAlias = Callable[[Asked], Call | None]
"""Return the call that was recorded for a request, if one was."""

Answering: TypeAlias = Callable[[Asked], Awaitable[Call]]
"""Answer a request that nobody recorded, or raise a `ModelError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Describe the model that a channel stands for, as `ChatModel` does."""

    name: str
    offline: bool
    native_tools: bool


class Channel:
    """Answer the requests of one trial, one after the other.

    The trial's clock moves by the latency of each call and by nothing else, so that a replayed
    trial took as long as the recorded one, and waiting for a budget is no latency.
    """

    def __init__(
        self,
        key: TrialKey,
        speaker: Speaker,
        *,
        addresser: Addresser,
        recorded: Recorded,
        otherwise: Answering,
    ) -> None:
        """Keep where answers come from."""
        self._key = key
        self._speaker = speaker
        self._addresser = addresser
        self._recorded = recorded
        self._otherwise = otherwise
        self._position = 0
        self._elapsed_s = 0.0

    @property
    def name(self) -> str:
        """Return the reference of the model."""
        return self._speaker.name

    @property
    def offline(self) -> bool:
        """Say whether the model itself answers for nothing."""
        return self._speaker.offline

    @property
    def native_tools(self) -> bool:
        """Say whether the model takes tools."""
        return self._speaker.native_tools

    def monotonic_s(self) -> float:
        """Return how long the calls of this trial took so far."""
        return self._elapsed_s

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request.

        Raises:
            ModelError: no usable answer came; the same request may be asked again.
        """
        asked = Asked(
            key=self._key,
            position=self._position,
            request=request,
            address=self._addresser.address(request),
        )
        call = self._recorded(asked) or await self._otherwise(asked)
        self._position += 1
        self._elapsed_s += call.latency_s
        return call.completion

    async def close(self) -> None:
        """Do nothing: the model behind it serves other trials and is closed by its opener."""


def trial_model(channel: Channel) -> TrialModel:
    """Hand a channel to a trial."""
    return TrialModel(model=channel, monotonic_s=channel.monotonic_s)
