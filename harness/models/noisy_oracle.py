"""`plangate/noisy-oracle?rate=0.2`: the golden plan with seeded faults; proves the gate notices.

With probability `rate` an answer gets one fault. Which one follows from the trial's seed alone, so
a run repeats exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from harness.models.answer_key import (
    AnswerKey,
    CallAnswer,
    GoldenAnswer,
    ask_call,
    completion_of,
    decline_call,
)
from runtime.public import ASK, DECLINE, ChatRequest, Completion, JsonObject, JsonValue

DEFAULT_RATE = 0.2
Calls: TypeAlias = tuple[CallAnswer, ...]
Mutation: TypeAlias = Callable[[GoldenAnswer, Random], Calls | None]
"""Return faulty calls, or None when this fault can't be made of that answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisyOracle:
    """Spoil a share of the golden answers."""

    key: AnswerKey

    async def answer(
        self, model: str, request: ChatRequest, options: Mapping[str, str]
    ) -> Completion:
        """Answer with the golden calls, or with one fault in them."""
        rate = noise_rate(options)
        golden = self.key.get(request.labels.get("scenario", ""))
        if golden is None:
            return completion_of((decline_call("Unknown scenario."),), model=model)
        random = Random(f"{options.get('seed', '0')}/{request.labels.get('seed', '0')}")
        calls = spoiled(golden, random) if random.random() < rate else golden.calls
        return completion_of(calls, model=model)


def noise_rate(options: Mapping[str, str]) -> float:
    """Read the rate out of the options of a model reference.

    Raises:
        ValueError: an unknown option, or a rate that is not between 0 and 1.
    """
    unknown = sorted(set(options) - {"rate", "seed"})
    if unknown:
        raise ValueError(f"this model takes rate and seed, got {', '.join(unknown)}")
    text = options.get("rate", str(DEFAULT_RATE))
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ValueError(f"rate is '{text}', expected a number from 0 to 1")
    return rate


def spoiled(golden: GoldenAnswer, random: Random) -> Calls:
    """Make one fault, trying the kinds in random order until one fits."""
    for mutation in random.sample(MUTATIONS, len(MUTATIONS)):
        calls = mutation(golden, random)
        if calls is not None and calls != golden.calls:
            return calls
    return (ask_call("Could you say that again?", ("request",)),)


def drop_step(golden: GoldenAnswer, random: Random) -> Calls | None:
    """Leave one step of several out."""
    if len(golden.calls) < 2:  # noqa: PLR2004  # one step must remain
        return None
    gone = random.randrange(len(golden.calls))
    return golden.calls[:gone] + golden.calls[gone + 1 :]


def repeat_step(golden: GoldenAnswer, random: Random) -> Calls | None:
    """Do one step twice."""
    if _spoken(golden):
        return None
    again = random.randrange(len(golden.calls))
    return (*golden.calls[: again + 1], golden.calls[again], *golden.calls[again + 1 :])


def swap_steps(golden: GoldenAnswer, random: Random) -> Calls | None:
    """Exchange two neighbours."""
    if len(golden.calls) < 2:  # noqa: PLR2004  # two to exchange
        return None
    at = random.randrange(len(golden.calls) - 1)
    calls = list(golden.calls)
    calls[at], calls[at + 1] = calls[at + 1], calls[at]
    return tuple(calls)


def alter_argument(golden: GoldenAnswer, random: Random) -> Calls | None:
    """Change the value of one argument to another of the same type."""
    places = [
        (index, name) for index, call in enumerate(golden.calls) for name in sorted(call.arguments)
    ]
    if not places or _spoken(golden):
        return None
    index, name = random.choice(places)
    call = golden.calls[index]
    altered = CallAnswer(
        tool=call.tool, arguments={**call.arguments, name: _other(call.arguments[name])}
    )
    return (*golden.calls[:index], altered, *golden.calls[index + 1 :])


def add_step(golden: GoldenAnswer, random: Random) -> Calls | None:
    """Add a call that nobody asked for, with inputs of the declared types."""
    if not golden.tools or _spoken(golden):
        return None
    name = random.choice(sorted(golden.tools))
    return (*golden.calls, CallAnswer(tool=name, arguments=_invented(golden.tools[name])))


def act_instead(golden: GoldenAnswer, random: Random) -> Calls | None:
    """Act where a question or a decline was right."""
    if not golden.tools or not _spoken(golden):
        return None
    name = random.choice(sorted(golden.tools))
    return (CallAnswer(tool=name, arguments=_invented(golden.tools[name])),)


def ask_instead(golden: GoldenAnswer, random: Random) -> Calls | None:  # noqa: ARG001  # one signature
    """Ask where acting was right."""
    if _spoken(golden):
        return None
    return (ask_call("Are you sure?", ("confirmation",)),)


def unknown_tool(golden: GoldenAnswer, random: Random) -> Calls | None:
    """Call a tool that does not exist."""
    if _spoken(golden):
        return None
    index = random.randrange(len(golden.calls))
    call = golden.calls[index]
    wrong = CallAnswer(tool=f"{call.tool}_now", arguments=call.arguments)
    return (*golden.calls[:index], wrong, *golden.calls[index + 1 :])


MUTATIONS: tuple[Mutation, ...] = (
    drop_step,
    repeat_step,
    swap_steps,
    alter_argument,
    add_step,
    act_instead,
    ask_instead,
    unknown_tool,
)


def _spoken(golden: GoldenAnswer) -> bool:
    return any(call.tool in {ASK, DECLINE} for call in golden.calls)


def _other(value: JsonValue) -> JsonValue:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return value[:-1] if value else ["x"]
    return {} if value else {"x": 1}


def _invented(schema: JsonObject) -> JsonObject:
    properties: JsonObject = schema.get("properties", {})
    return {name: _sample(properties.get(name, {})) for name in schema.get("required", [])}


def _sample(schema: JsonObject) -> JsonValue:
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else str(kind)
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    return {"boolean": True, "array": [], "object": {}}.get(kind, "something")
