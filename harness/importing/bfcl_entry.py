"""Read one question of the leaderboard: what is said, what is offered, what should come of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from harness.importing.bfcl_actions import Function
from harness.importing.bfcl_answers import read_inputs
from harness.importing.bfcl_schema import UnusableError, input_schema
from runtime.public import JsonObject, JsonValue, canonical_text

IRRELEVANCE: Final = "irrelevance"
"""The word in the id of a question that none of its functions answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Hold what was said.

    Attributes:
        message: the last thing that the person says.
        history: the turns before it.
        instructions: what the system messages say; empty without one.
    """

    message: str
    history: tuple[JsonObject, ...] = ()
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCall:
    """Hold one published call: the function's published name and its expected inputs."""

    function: str
    inputs: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Hold a question in our terms; without calls nothing offered does what is asked.

    Attributes:
        mended: what differs from the published declarations and answers, and why.
    """

    spoken: Spoken
    functions: tuple[Function, ...]
    calls: tuple[ExpectedCall, ...] = ()
    mended: tuple[str, ...] = ()


def read_entry(content: JsonObject, calls: JsonValue) -> Entry:
    """Read a question and the calls that answer it (None where none were published).

    Raises:
        UnusableError: it can't be expressed as a scenario; the message says why.
    """
    offered = _offered(content.get("function"))
    if calls is None and IRRELEVANCE not in str(content.get("id")):
        raise UnusableError("it has no published answer, and its id says nothing of irrelevance")
    answered = _answered(offered, [] if calls is None else calls)
    return replace(answered, spoken=_spoken(content.get("question")))


def _offered(declared: JsonValue) -> Entry:
    """Read the functions on offer."""
    if not isinstance(declared, list) or not declared:
        raise UnusableError("it has no 'function' list")
    functions: dict[str, Function] = {}
    mended: list[str] = []
    for item in declared:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise UnusableError(f"function {canonical_text(item)} has no name")
        name = item["name"]
        try:
            found = input_schema(item.get("parameters", {}))
        except UnusableError as error:
            raise UnusableError(f"function '{name}': {error}") from error
        described = str(item.get("description") or name)
        function = Function(name=name, description=described, schema=found.schema)
        if functions.setdefault(name, function) != function:
            raise UnusableError(f"it offers two different functions of the name '{name}'")
        mended += [f"{name}{change}" for change in found.changes]
    return Entry(
        spoken=Spoken(message=""), functions=tuple(functions.values()), mended=tuple(mended)
    )


def _answered(offered: Entry, calls: JsonValue) -> Entry:
    """Read the published calls; a function's declaration widens as far as they need it."""
    if not isinstance(calls, list):
        raise UnusableError(f"its answer is {canonical_text(calls)}, expected a list of calls")
    functions = {function.name: function for function in offered.functions}
    expected: list[ExpectedCall] = []
    mended = list(offered.mended)
    for call in calls:
        name, inputs = _call(call)
        if name not in functions:
            raise UnusableError(f"its answer calls '{name}', which it does not offer")
        found = read_inputs(inputs, functions[name].schema)
        functions[name] = replace(functions[name], schema=found.schema)
        expected.append(ExpectedCall(function=name, inputs=found.pattern))
        mended += [f"{name}{note}" for note in (*found.contradictions, *found.dropped)]
    return replace(
        offered,
        functions=tuple(functions.values()),
        calls=tuple(expected),
        mended=tuple(dict.fromkeys(mended)),
    )


def _call(call: JsonValue) -> tuple[str, JsonValue]:
    if isinstance(call, list):
        raise UnusableError("its answer has calls for each turn; several turns are not imported")
    if not isinstance(call, dict) or len(call) != 1:
        raise UnusableError(
            f"its answer holds {canonical_text(call)}, expected {{function: inputs}}"
        )
    ((name, inputs),) = call.items()
    return name, inputs


def _spoken(turns: JsonValue) -> Spoken:
    """Read the turns: the last message is the person's, system messages become instructions."""
    if not isinstance(turns, list) or not turns:
        raise UnusableError("it has no 'question' list")
    messages = [message for turn in turns for message in _messages(turn)]
    said = [message for message in messages if message["role"] != "system"]
    if not said or said[-1]["role"] != "user":
        raise UnusableError("its last message is not the user's")
    if not said[-1]["content"].strip():
        raise UnusableError("its last message is empty")
    return Spoken(
        message=said[-1]["content"],
        history=tuple({message["role"]: message["content"]} for message in said[:-1]),
        instructions="\n\n".join(
            message["content"] for message in messages if message["role"] == "system"
        ),
    )


def _messages(turn: JsonValue) -> list[JsonObject]:
    messages: list[JsonValue] = turn if isinstance(turn, list) else [turn]
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            raise UnusableError(f"message {canonical_text(message)} has no text")
        if message.get("role") not in {"user", "assistant", "system"}:
            raise UnusableError(
                f"a message of role {canonical_text(message.get('role'))}, "
                "expected user, assistant or system"
            )
    return messages
