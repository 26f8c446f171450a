"""Read one question of the leaderboard: what is said, what is offered, what should come of it.

A question with calls for each of several turns is read by `harness.importing.bfcl_turns`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from harness.importing.actions import Function
from harness.importing.bfcl_answers import read_inputs
from harness.importing.bfcl_category import (
    Expects,
    category_of,
    refuse_agentic,
    usual_expectation,
    writes_source,
)
from harness.importing.bfcl_schema import input_schema
from harness.importing.bfcl_source import plain_inputs
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue, canonical_text


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
    """Hold a question, or one turn of it, in our terms.

    Attributes:
        expects: what must come of it; `calls` are there for `CALLS` only.
        mended: what differs from the published declarations and answers, and why.
        turn: which turn of a conversation it is, counted from one; 0 for a question of one turn.
        facts: what else the model is shown.
    """

    spoken: Spoken
    functions: tuple[Function, ...]
    calls: tuple[ExpectedCall, ...] = ()
    expects: Expects = Expects.CALLS
    mended: tuple[str, ...] = ()
    turn: int = 0
    facts: JsonObject = field(default_factory=dict)


def read_entry(content: JsonObject, calls: JsonValue) -> Entry:
    """Read a question and the calls that answer it (None where none were published).

    Raises:
        UnusableError: it can't be expressed as a scenario; the message says why.
    """
    category = category_of(str(content.get("id")))
    refuse_agentic(category)
    offered = offered_functions(content.get("function"))
    expects = usual_expectation(category)
    if calls is None and expects is Expects.CALLS:
        raise UnusableError("it has no published answer, and its id says nothing of irrelevance")
    answered = _answered(offered, calls or [], source=writes_source(category))
    if expects is Expects.CALLS and not answered.calls:
        expects = Expects.NO_CALL
    if answered.calls:
        expects = Expects.CALLS
    return replace(answered, spoken=spoken_in(content.get("question")), expects=expects)


def offered_functions(declared: JsonValue) -> Entry:
    """Read the functions on offer.

    Raises:
        UnusableError: there are none, or one of them can't be declared.
    """
    if not isinstance(declared, list) or not declared:
        raise UnusableError(
            "it has no 'function' list, expected id, question and function as v3 and v4 of the "
            "leaderboard publish them"
        )
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


def _answered(offered: Entry, calls: JsonValue, *, source: bool) -> Entry:
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
        schema = functions[name].schema
        found = read_inputs(plain_inputs(inputs, schema) if source else inputs, schema)
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
    if not isinstance(call, dict) or len(call) != 1:
        raise UnusableError(
            f"its answer holds {canonical_text(call)}, expected {{function: inputs}}"
        )
    ((name, inputs),) = call.items()
    return name, inputs


def spoken_in(turns: JsonValue) -> Spoken:
    """Read the turns: the last message is the person's, system messages become instructions.

    Raises:
        UnusableError: nobody says anything in the end.
    """
    if not isinstance(turns, list) or not turns:
        raise UnusableError("it has no 'question' list")
    messages = [message for turn in turns for message in messages_of(turn)]
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


def messages_of(turn: JsonValue) -> list[JsonObject]:
    """Return the messages of one turn.

    Raises:
        UnusableError: one has no text, or a role that nobody knows.
    """
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
