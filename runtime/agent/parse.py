"""Read a proposal out of a completion, or say precisely why there is none.

Authority that a model writes into its inputs (a confirmation, a role, a tenant) is dropped here
unless the action declares an input of that name; what was dropped is reported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

import orjson
from pydantic import ValidationError

from runtime.agent.tools import ASK, DECLINE, ToolBook
from runtime.domain.plan import Plan, Step
from runtime.domain.proposal import Clarification, Decline, PlanProposal, Proposal
from runtime.engine.schemas import CompiledSchema
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.chat_model import Completion, ToolCall

CALL_LIMIT = 100
TEXT_SEARCH_CHARS = 100_000
SHOWN_CHARS = 200
SHOWN_PROBLEMS = 3

AUTHORITY_WORDS = frozenset(
    {
        "approval", "approved", "approved_by", "as_user", "authorized", "bypass", "confirm",
        "confirmation", "confirmed", "dry_run", "force", "is_admin", "mode", "organization",
        "organization_id", "override", "permission", "permissions", "principal", "role", "roles",
        "skip_approval", "skip_confirmation", "sudo", "tenant", "tenant_id", "user_id",
    }
)  # fmt: skip


class ParseFault(StrEnum):
    """Say why an answer is not a proposal."""

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
        problems: faults; with a proposal they are repairable (an unknown action, wrong inputs).
        dropped: names of authority inputs that were removed.
    """

    proposal: Proposal | None
    problems: tuple[ParseProblem, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    name: str
    inputs: JsonObject


class _UnreadableError(Exception):
    def __init__(self, fault: ParseFault, detail: str) -> None:
        super().__init__(detail)
        self.problem = ParseProblem(fault=fault, detail=detail)


def read(completion: Completion, book: ToolBook) -> Reading:
    """Read tool calls, or JSON in the text of models that answer in text."""
    try:
        if completion.tool_calls:
            return _from_calls(_calls(completion.tool_calls), book)
        return _from_text(completion, book)
    except _UnreadableError as error:
        return Reading(proposal=None, problems=(error.problem,))


def _calls(tool_calls: tuple[ToolCall, ...]) -> tuple[_Call, ...]:
    if len(tool_calls) > CALL_LIMIT:
        detail = f"{len(tool_calls)} calls in one answer; at most {CALL_LIMIT} are read"
        raise _UnreadableError(ParseFault.TOO_MANY_CALLS, detail)
    return tuple(_Call(name=call.name, inputs=_arguments(call)) for call in tool_calls)


def _arguments(call: ToolCall) -> JsonObject:
    try:
        value: JsonValue = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError as error:
        detail = f"arguments of {call.name} are not JSON ({error}): {call.arguments[:SHOWN_CHARS]}"
        raise _UnreadableError(ParseFault.ARGUMENTS_NOT_JSON, detail) from error
    if not isinstance(value, dict):
        detail = f"arguments of {call.name} are {type(value).__name__}, expected an object"
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
        if action is None:
            detail = f"there is no tool '{call.name}'; use one of {', '.join(book.actions)}"
            problems.append(ParseProblem(fault=ParseFault.UNKNOWN_ACTION, detail=detail))
            steps.append(_step(call.name[:SHOWN_CHARS] or "?", call.inputs))
            continue
        declared = action.input_schema.get("properties", {})
        claimed = [key for key in call.inputs if key in AUTHORITY_WORDS and key not in declared]
        dropped += [f"{action.name}.{key}" for key in claimed]
        inputs = {key: value for key, value in call.inputs.items() if key not in claimed}
        problems += _input_problems(call.name, book.inputs[action.id], inputs)
        steps.append(_step(action.id, inputs))
    return Reading(
        proposal=PlanProposal(plan=Plan(steps=tuple(steps))),
        problems=tuple(problems),
        dropped=tuple(dropped),
    )


def _step(action: str, inputs: JsonObject) -> Step:
    try:
        return Step(action=action, inputs=inputs)
    except ValidationError as error:
        detail = f"inputs of {action} are malformed: {error.errors()[0]['msg']}"
        raise _UnreadableError(ParseFault.MALFORMED, detail) from error


def _input_problems(
    tool: str, schema: CompiledSchema, inputs: JsonObject
) -> tuple[ParseProblem, ...]:
    if schema.accepts(inputs):
        return ()
    return tuple(
        ParseProblem(
            fault=ParseFault.INPUTS_INVALID, detail=f"{tool}{found.pointer}: {found.message}"
        )
        for found in schema.problems(inputs)[:SHOWN_PROBLEMS]
    )


def _spoken_reading(kind: str, inputs: JsonObject) -> Reading:
    try:
        if kind == "decline":
            return Reading(proposal=Decline(reason=inputs.get("reason", "")))
        return Reading(
            proposal=Clarification(
                question=inputs.get("question", ""),
                asks_for=tuple(inputs.get("asks_for") or ()),
                choices=tuple(inputs.get("choices") or ()),
            )
        )
    except (ValidationError, TypeError) as error:
        detail = f"{kind} is malformed: {str(error).splitlines()[0]}"
        raise _UnreadableError(ParseFault.MALFORMED, detail) from error


def _from_text(completion: Completion, book: ToolBook) -> Reading:
    if completion.refusal:
        raise _UnreadableError(ParseFault.REFUSED, completion.refusal[:SHOWN_CHARS])
    if not completion.text.strip():
        raise _UnreadableError(ParseFault.EMPTY, "the answer is empty; answer with tool calls")
    document = _json_in(completion.text)
    if document is None:
        if completion.finish_reason == "length":
            raise _UnreadableError(ParseFault.TRUNCATED, "the answer was cut off; answer shorter")
        raise _UnreadableError(
            ParseFault.NO_CALL, "the answer is prose; answer with tool calls or the JSON form"
        )
    return _from_document(document, book)


def _from_document(document: JsonObject, book: ToolBook) -> Reading:
    kind = document.get("kind")
    if kind in {"clarification", "decline"}:
        return _spoken_reading(str(kind), document)
    steps = document.get("steps")
    if kind not in {"plan", None} or not isinstance(steps, list):
        detail = f"expected kind plan, clarification or decline with its fields, got kind {kind!r}"
        raise _UnreadableError(ParseFault.MALFORMED, detail)
    if len(steps) > CALL_LIMIT:
        detail = f"{len(steps)} steps in one answer; at most {CALL_LIMIT} are read"
        raise _UnreadableError(ParseFault.TOO_MANY_CALLS, detail)
    return _from_calls(tuple(_text_step(step) for step in steps), book)


def _text_step(step: JsonValue) -> _Call:
    if not isinstance(step, dict) or not isinstance(step.get("action"), str):
        raise _UnreadableError(
            ParseFault.MALFORMED, "each step is an object with 'action' and 'inputs'"
        )
    inputs = step.get("inputs", {})
    if not isinstance(inputs, dict):
        raise _UnreadableError(ParseFault.ARGUMENTS_NOT_OBJECT, "'inputs' of a step is an object")
    return _Call(name=step["action"], inputs=inputs)


def _json_in(text: str) -> JsonObject | None:
    """Find the first JSON object that looks like an answer, wherever in the text it stands."""
    decoder = json.JSONDecoder()
    window = text[:TEXT_SEARCH_CHARS]
    start = window.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(window, start)
        except (ValueError, RecursionError):
            start = window.find("{", start + 1)
            continue
        if isinstance(value, dict) and {"kind", "steps"} & value.keys():
            return value
        start = window.find("{", end)
    return None
