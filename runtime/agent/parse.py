"""Read a proposal out of a completion, or say precisely why there is none.

Authority that a model writes into its answer (a confirmation, a role, a tenant) is dropped here
unless the action declares an input of that name; what was dropped is reported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import ValidationError

from runtime.agent.text_answer import AmbiguousTextError, answer_in
from runtime.agent.tools import ASK, DECLINE, ToolBook
from runtime.domain.action import Action
from runtime.domain.plan import Plan, Step
from runtime.domain.proposal import Clarification, Decline, PlanProposal, Proposal
from runtime.kit.canonical_json import CanonicalJsonError, canonical_text, parse_strict
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.chat_model import Completion, ToolCall

CALL_LIMIT = 100
ARGUMENT_CHARS = 100_000
SPOKEN_CHARS = 4_000
SHOWN_CHARS = 200
SHOWN_PROBLEMS = 3
NOT_OFFERED = "?"
"""Stands before the name of a tool that is not in the book, so that the engine resolves no action
by it: the registry also holds hidden actions and old versions, which no model may call."""

AUTHORITY_WORDS = frozenset(
    {
        "approval", "approved", "approved_by", "as_user", "authorized", "bypass", "confirm",
        "confirmation", "confirmed", "dry_run", "force", "is_admin", "mode", "organization",
        "organization_id", "override", "permission", "permissions", "principal", "role", "roles",
        "skip_approval", "skip_confirmation", "sudo", "tenant", "tenant_id", "user_id",
    }
)  # fmt: skip
_SQUASHED_WORDS = frozenset(word.replace("_", "") for word in AUTHORITY_WORDS)
_BETWEEN_WORDS = re.compile(r"[\W_]+")


class ParseFault(StrEnum):
    """Say why an answer is not a proposal, or what is wrong with the proposal that it is."""

    EMPTY = "empty"
    REFUSED = "refused"
    NO_CALL = "no_call"
    TOO_MANY_CALLS = "too_many_calls"
    ARGUMENTS_NOT_JSON = "arguments_not_json"
    ARGUMENTS_NOT_OBJECT = "arguments_not_object"
    MALFORMED = "malformed"
    MIXED = "mixed"
    UNKNOWN_ACTION = "unknown_action"
    INPUTS_INVALID = "inputs_invalid"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseProblem:
    """Explain one fault in words that the model can act on."""

    fault: ParseFault
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Hold what was read.

    Attributes:
        proposal: None when the answer can't be used.
        problems: faults; with a proposal they are repairable (an unknown action, invalid inputs).
        dropped: names of authority inputs that were removed.
    """

    proposal: Proposal | None
    problems: tuple[ParseProblem, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """Hold one call; `claims` is authority written beside its inputs."""

    name: str
    inputs: JsonObject
    claims: tuple[str, ...] = ()


class _UnreadableError(Exception):
    def __init__(self, fault: ParseFault, detail: str) -> None:
        super().__init__(detail)
        self.problem = ParseProblem(fault=fault, detail=detail)


def read(completion: Completion, book: ToolBook) -> Reading:
    """Read tool calls, or JSON in the text of models that answer in text."""
    try:
        if completion.tool_calls:
            return _from_calls(_calls(completion), book)
        return _from_text(completion, book)
    except _UnreadableError as error:
        return Reading(proposal=None, problems=(error.problem,))


def shown(text: str) -> str:
    """Shorten what a model wrote for a message; half characters and control characters go."""
    return "".join(char if char.isprintable() else "?" for char in text[:SHOWN_CHARS])


def _calls(completion: Completion) -> tuple[_Call, ...]:
    calls = completion.tool_calls
    if len(calls) > CALL_LIMIT:
        detail = f"{len(calls)} calls in one answer; at most {CALL_LIMIT} are read"
        raise _UnreadableError(ParseFault.TOO_MANY_CALLS, detail)
    if completion.finish_reason == "length":  # calls that look whole may lack those that follow
        raise _UnreadableError(ParseFault.TRUNCATED, "the answer was cut off; answer shorter")
    return tuple(_Call(name=call.name.strip(), inputs=_arguments(call)) for call in calls)


def _arguments(call: ToolCall) -> JsonObject:
    name, text = shown(call.name), call.arguments.strip()
    if len(text) > ARGUMENT_CHARS:
        detail = f"arguments of {name} have {len(text)} characters; at most {ARGUMENT_CHARS}"
        raise _UnreadableError(ParseFault.MALFORMED, detail)
    try:
        value: JsonValue = parse_strict(text or "{}")
    except CanonicalJsonError as error:
        detail = f"arguments of {name} are not JSON ({shown(str(error))}): {shown(text)}"
        raise _UnreadableError(ParseFault.ARGUMENTS_NOT_JSON, detail) from error
    if not isinstance(value, dict):
        detail = f"arguments of {name} are {type(value).__name__}, expected an object"
        raise _UnreadableError(ParseFault.ARGUMENTS_NOT_OBJECT, detail)
    return value


def _from_calls(calls: tuple[_Call, ...], book: ToolBook) -> Reading:
    special = [call for call in calls if call.name in {ASK, DECLINE}]
    if not special:
        return _plan_reading(calls, book)
    if len(calls) > 1:
        detail = f"{special[0].name} must stand alone, but {len(calls)} calls came"
        raise _UnreadableError(ParseFault.MIXED, detail)
    kind = "clarification" if special[0].name == ASK else "decline"
    return _spoken_reading(kind, special[0].inputs)


def _plan_reading(calls: tuple[_Call, ...], book: ToolBook) -> Reading:
    steps: list[Step] = []
    dropped: list[str] = []
    problems: list[ParseProblem] = []
    for call in calls:
        action = book.action(call.name)
        declared = {} if action is None else action.input_schema.get("properties", {})
        claimed = _claims(call.inputs, declared)
        inputs = {key: value for key, value in call.inputs.items() if key not in claimed}
        step = _step(_not_offered(call.name) if action is None else action.id, inputs)
        called = shown(call.name) if action is None else action.name
        dropped += [f"{called}.{shown(key)}" for key in (*claimed, *call.claims)]
        problems += _problems(step, action, book)
        steps.append(step)
    return Reading(
        proposal=PlanProposal(plan=Plan(steps=tuple(steps))),
        problems=tuple(problems),
        dropped=tuple(dropped),
    )


def _problems(step: Step, action: Action | None, book: ToolBook) -> Iterable[ParseProblem]:
    """Name what the engine would refuse anyway, early enough for the model to mend it."""
    if action is None:
        name = step.action.removeprefix(NOT_OFFERED)
        detail = f"there is no tool '{name}'; use one of {', '.join(book.actions)}."
        yield ParseProblem(fault=ParseFault.UNKNOWN_ACTION, detail=detail)
        return
    schema = book.inputs[action.id]
    inputs = schema.completed(step.inputs)
    if schema.accepts(inputs):
        return
    for problem in schema.problems(inputs)[:SHOWN_PROBLEMS]:
        where = f"input '{shown(problem.pointer)}'" if problem.pointer else "inputs"
        detail = f"{book.names[action.id]}: {where}: {shown(problem.message)}."
        yield ParseProblem(fault=ParseFault.INPUTS_INVALID, detail=detail)


def _claims(keys: Iterable[str], declared: Collection[str] = ()) -> tuple[str, ...]:
    """Return the keys that claim authority, however they are spelled."""
    return tuple(
        key
        for key in keys
        if key not in declared
        and _BETWEEN_WORDS.sub("", unicodedata.normalize("NFKC", key).casefold()) in _SQUASHED_WORDS
    )


def _not_offered(name: str) -> str:
    return NOT_OFFERED + shown(name)[: SHOWN_CHARS - len(NOT_OFFERED)]


def _step(action: str, inputs: JsonObject) -> Step:
    try:
        return Step(action=action, inputs=inputs)
    except ValidationError as error:
        detail = f"inputs of {action} are malformed: {shown(error.errors()[0]['msg'])}"
        raise _UnreadableError(ParseFault.MALFORMED, detail) from error


def _spoken_reading(kind: str, inputs: JsonObject) -> Reading:
    try:
        return Reading(proposal=_spoken(kind, inputs), dropped=_claims(inputs))
    except (ValueError, TypeError) as error:
        detail = f"{kind} is malformed: {shown(str(error))}"
        raise _UnreadableError(ParseFault.MALFORMED, detail) from error


def _spoken(kind: str, inputs: JsonObject) -> Clarification | Decline:
    if kind == "decline":
        return Decline(reason=_sentence(inputs, "reason"))
    return Clarification(
        question=_sentence(inputs, "question"),
        asks_for=_texts(inputs, "asks_for"),
        choices=_texts(inputs, "choices"),
    )


def _sentence(inputs: JsonObject, name: str) -> str:
    text = inputs.get(name)
    if not isinstance(text, str) or not text.strip():
        raise TypeError(f"'{name}' must be a sentence")
    return _bounded(text.strip(), name)


def _texts(inputs: JsonObject, name: str) -> tuple[str, ...]:
    """Read a list of texts; models also write one text alone, null, or numbers."""
    value = inputs.get(name)
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    if len(items) > CALL_LIMIT:
        raise ValueError(f"'{name}' has {len(items)} items; at most {CALL_LIMIT} are read")
    for item in items:
        if item is None or isinstance(item, dict | list):
            raise TypeError(f"'{name}' must be a list of texts")
    texts = (item if isinstance(item, str) else canonical_text(item) for item in items)
    return tuple(_bounded(text, name) for text in texts)


def _bounded(text: str, name: str) -> str:
    if len(text) > SPOKEN_CHARS:
        raise ValueError(f"'{name}' has {len(text)} characters; at most {SPOKEN_CHARS} are read")
    return text


def _from_text(completion: Completion, book: ToolBook) -> Reading:
    if completion.refusal:
        raise _UnreadableError(ParseFault.REFUSED, shown(completion.refusal))
    if not completion.text.strip():
        if completion.finish_reason == "content_filter":
            raise _UnreadableError(ParseFault.REFUSED, "the provider filtered the answer")
        raise _UnreadableError(ParseFault.EMPTY, "the answer is empty; answer with tool calls")
    if completion.finish_reason == "length":  # what looks like the answer may be a draft of it
        raise _UnreadableError(ParseFault.TRUNCATED, "the answer was cut off; answer shorter")
    try:
        document = answer_in(completion.text)
    except AmbiguousTextError as error:
        raise _UnreadableError(ParseFault.MIXED, shown(str(error))) from error
    if document is None:
        raise _UnreadableError(
            ParseFault.NO_CALL, "the answer is prose; answer with tool calls or the JSON form"
        )
    return _from_document(document, book)


def _from_document(document: JsonObject, book: ToolBook) -> Reading:
    kind = document.get("kind")
    if kind in ("clarification", "decline"):  # a tuple: what a model writes may not be hashable
        return _spoken_reading(kind, document)
    steps = document.get("steps")
    if kind not in ("plan", None) or not isinstance(steps, list):
        detail = "expected kind plan, clarification or decline with its fields"
        raise _UnreadableError(ParseFault.MALFORMED, f"{detail}, got kind {shown(repr(kind))}")
    if len(steps) > CALL_LIMIT:
        detail = f"{len(steps)} steps in one answer; at most {CALL_LIMIT} are read"
        raise _UnreadableError(ParseFault.TOO_MANY_CALLS, detail)
    reading = _from_calls(tuple(_text_step(step) for step in steps), book)
    return replace(reading, dropped=(*_claims(document), *reading.dropped))


def _text_step(step: JsonValue) -> _Call:
    if not isinstance(step, dict) or not isinstance(step.get("action"), str):
        raise _UnreadableError(
            ParseFault.MALFORMED, "each step is an object with 'action' and 'inputs'"
        )
    inputs = step.get("inputs", {})
    if not isinstance(inputs, dict):
        raise _UnreadableError(ParseFault.ARGUMENTS_NOT_OBJECT, "'inputs' of a step is an object")
    return _Call(name=step["action"].strip(), inputs=inputs, claims=_claims(step))
