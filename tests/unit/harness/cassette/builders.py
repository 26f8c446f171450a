"""Build requests, addresses and recorded calls, valid unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from harness.cassette.address import Addresser
from harness.cassette.shelf import Shelf
from harness.cassette.tape import Call
from harness.trial import TrialKey
from runtime.public import ChatRequest, Completion, JsonValue, ToolSet
from tests.models.scripted import calling

MODEL: Final = "test/scripted"
SET_TOOL: Final = {"type": "function", "function": {"name": "counter_set", "parameters": {}}}
TOOLS: Final = ToolSet((SET_TOOL,))


def a_request(message: str = "Set it to 3.", **changes: JsonValue) -> ChatRequest:
    """Build a request of two messages and one tool."""
    request = ChatRequest(
        messages=(
            {"role": "system", "content": "You plan."},
            {"role": "user", "content": message},
        ),
        tools=TOOLS,
        seed=7,
    )
    return replace(request, **changes)


def a_key(scenario: str = "counter-set", index: int = 0, model: str = MODEL) -> TrialKey:
    """Name a trial."""
    return TrialKey(scenario=scenario, model=model, index=index)


def a_call_of(
    request: ChatRequest | None = None,
    *,
    key: TrialKey | None = None,
    position: int = 0,
    completion: Completion | None = None,
    latency_s: float = 0.25,
) -> Call:
    """Build a recorded call."""
    key = key or a_key()
    return Call(
        key=key,
        position=position,
        address=Addresser(key.model).address(request or a_request()),
        completion=completion or calling("counter_set", value=3),
        latency_s=latency_s,
    )


def a_shelf(folder: Path, *calls: Call, native_tools: bool = True) -> Shelf:
    """Record calls, all of environment `counter`, and read the shelf anew."""
    record(Shelf(folder), calls, native_tools=native_tools)
    return Shelf(folder)


def record(
    shelf: Shelf,
    calls: Iterable[Call],
    *,
    native_tools: bool = True,
    environment: str = "counter",
    day: str = "",
) -> tuple[Path, ...]:
    """Merge calls of one environment."""
    found = tuple(calls)
    return shelf.merge(
        found,
        environments={call.key.scenario: environment for call in found},
        native_tools={call.key.model: native_tools for call in found},
        recorded=day,
    )


@dataclass
class Ticking:
    """A clock that a test moves."""

    now_s: float = 0.0

    def monotonic_s(self) -> float:
        """Return the time."""
        return self.now_s
