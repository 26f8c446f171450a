"""Read a conversation of the leaderboard: each of its turns becomes an entry of its own.

The calls of earlier turns are told as what the assistant said it did. What the benchmark's tools
would have answered is not published; the state that it begins with is shown as a fact instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from harness.importing.actions import Function
from harness.importing.bfcl_calls import WrittenCall, read_call
from harness.importing.bfcl_category import Expects, category_of
from harness.importing.bfcl_documents import Documents, involved, names_at, without
from harness.importing.bfcl_entry import (
    Entry,
    ExpectedCall,
    messages_of,
    offered_functions,
    spoken_in,
)
from harness.importing.bfcl_schema import widened
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue, canonical_text

MORE_FUNCTIONS: Final = "More functions are on offer now. Please do what I asked for."
"""What the person says in a turn that only brings functions, which is published without a word."""

CAN_NOT: Final = "I can't do that with the functions that I have."
WHICH: Final = "Something is missing for that. Please tell me more."


class Turns:
    """Hold a conversation and read its turns one by one.

    Raises:
        UnusableError: it is no conversation with calls for each turn.
    """

    def __init__(self, content: JsonObject, calls: JsonValue, documents: Documents) -> None:
        self._category = category_of(str(content.get("id")))
        self._said = _lists(content.get("question"), "question")
        self._calls = _lists(calls, "ground_truth")
        if len(self._said) != len(self._calls):
            raise UnusableError(
                f"it has {len(self._said)} turns and answers for {len(self._calls)}, expected as "
                "many: take both files from the same release"
            )
        self._functions = involved(content, documents)
        self._brought = names_at(content.get("missed_function"))
        self._config = content.get("initial_config")

    def __len__(self) -> int:
        """Count the turns."""
        return len(self._said)

    def entry(self, number: int) -> Entry:
        """Read one turn, counted from one.

        Raises:
            UnusableError: it can't be expressed as a scenario.
        """
        at = number - 1
        offered = self._offered(at)
        message = self._said[at] or [{"role": "user", "content": MORE_FUNCTIONS}]
        spoken = spoken_in([message])
        entry = _with_calls(offered, self._calls[at])
        silent = ("/message: ours, because this turn has none",) if not self._said[at] else ()
        return replace(
            entry,
            spoken=replace(spoken, history=(*self._history(at), *spoken.history)),
            expects=Expects.CALLS if entry.calls else self._without_calls,
            mended=(*entry.mended, *silent),
            turn=number,
            facts={"state_at_the_beginning": self._config} if self._config else {},
        )

    @property
    def _without_calls(self) -> Expects:
        return Expects.QUESTION if "miss_param" in self._category else Expects.NO_CALL

    def _offered(self, at: int) -> Entry:
        later = (names for turn, names in self._brought.items() if turn > at)
        return offered_functions(without(self._functions, frozenset().union(*later)))

    def _history(self, until: int) -> list[JsonObject]:
        """Tell the earlier turns, with the golden calls in the assistant's words."""
        told: list[JsonObject] = []
        for at in range(until):
            said = self._said[at] or [{"role": "user", "content": MORE_FUNCTIONS}]
            told += [
                {message["role"]: message["content"]}
                for message in messages_of(said)
                if message["role"] != "system"
            ]
            told.append({"assistant": self._answer(at)})
        return told

    def _answer(self, at: int) -> str:
        if not self._calls[at]:
            return WHICH if self._without_calls is Expects.QUESTION else CAN_NOT
        functions = {item.name: item for item in self._offered(at).functions}
        calls = [read_call(text, functions) for text in self._calls[at]]
        return f"Done: {'; '.join(f'{c.function} {canonical_text(c.inputs)}' for c in calls)}."


def _with_calls(offered: Entry, texts: list[JsonValue]) -> Entry:
    """Add the golden calls; a function's declaration widens as far as they need it."""
    functions = {function.name: function for function in offered.functions}
    calls: list[ExpectedCall] = []
    mended = list(offered.mended)
    for text in texts:
        call = read_call(text, functions)
        functions[call.function], changes = _fitting(functions[call.function], call)
        mended += [f"{call.function}{change}" for change in changes]
        calls.append(ExpectedCall(function=call.function, inputs=_literal(call.inputs)))
    return replace(
        offered,
        functions=tuple(functions.values()),
        calls=tuple(calls),
        mended=tuple(dict.fromkeys(mended)),
    )


def _fitting(function: Function, call: WrittenCall) -> tuple[Function, tuple[str, ...]]:
    mended = widened(function.schema, call.inputs, "")
    schema, changes = mended.schema, mended.changes
    missing = [name for name in schema.get("required", ()) if name not in call.inputs]
    if missing:
        schema = {**schema, "required": [n for n in schema["required"] if n not in missing]}
        changes += tuple(
            f"/{name}: no longer required, its answer leaves it out" for name in missing
        )
    return replace(function, schema=schema), changes


def _literal(inputs: JsonObject) -> JsonObject:
    """Keep every value exact: the benchmark executes these calls instead of comparing them."""
    return {
        name: {"$literal": value} if isinstance(value, dict | list) else value
        for name, value in inputs.items()
    }


def _lists(value: JsonValue, name: str) -> list[list[JsonValue]]:
    if not isinstance(value, list) or not value or not all(isinstance(i, list) for i in value):
        raise UnusableError(f"its '{name}' is no list with a list for each turn")
    return value
