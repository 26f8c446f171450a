"""Offer actions to a model as tools, under names that every provider accepts.

OpenAI allows letters, digits, `_` and `-` up to 64 characters; Gemini wants a letter or `_` first.
A name is mapped back by the book that made it, never by undoing the spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType

from runtime.domain.action import Action
from runtime.engine.compiled import CompiledAction
from runtime.engine.schemas import CompiledSchema
from runtime.kit.canonical_json import digest
from runtime.kit.json_value import JsonObject
from runtime.ports.chat_model import ToolSet

ASK = "ask_clarification"
DECLINE = "decline"
NAME_LIMIT = 64
_SUFFIX_CHARS = 8
LEGAL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_ILLEGAL = re.compile(r"[^A-Za-z0-9_]")

_ASK_TOOL: JsonObject = {
    "type": "function",
    "function": {
        "name": ASK,
        "description": (
            "Ask the person one question when a required input is missing or the request fits "
            "several things. Never ask for what the message, the history, the facts or the state "
            "already tell."
        ),
        "parameters": {
            "type": "object",
            "properties": {
                "question": {"type": "string", "description": "One short question."},
                "asks_for": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Names of the inputs that are missing.",
                },
                "choices": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Answers to pick from, if there are few.",
                },
            },
            "required": ["question", "asks_for"],
            "additionalProperties": False,
        },
    },
}
_DECLINE_TOOL: JsonObject = {
    "type": "function",
    "function": {
        "name": DECLINE,
        "description": (
            "Say no: nothing here does what is asked, the person may not do it, or it would harm."
        ),
        "parameters": {
            "type": "object",
            "properties": {"reason": {"type": "string", "description": "Why, in one sentence."}},
            "required": ["reason"],
            "additionalProperties": False,
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolBook:
    """Pair the tools that a model sees with the actions that they stand for.

    Attributes:
        actions: by tool name.
        names: tool names by action id.
        inputs: compiled input schemas by action id.
        tools: the definitions, with the tools to ask and to decline.
    """

    actions: Mapping[str, Action]
    names: Mapping[str, str]
    inputs: Mapping[str, CompiledSchema]
    tools: ToolSet

    @classmethod
    def of(cls, actions: Iterable[CompiledAction]) -> ToolBook:
        """Name each action legally and uniquely, in a stable order."""
        by_name: dict[str, Action] = {}
        offered = {item.action.id: item for item in actions}
        for action_id in sorted(offered):
            action = offered[action_id].action
            by_name[_legal_name(action, taken={ASK, DECLINE, *by_name})] = action
        definitions = [_definition(name, action) for name, action in by_name.items()]
        return cls(
            actions=MappingProxyType(by_name),
            names=MappingProxyType({action.id: name for name, action in by_name.items()}),
            inputs=MappingProxyType({name: item.inputs for name, item in offered.items()}),
            tools=ToolSet((*definitions, _ASK_TOOL, _DECLINE_TOOL)),
        )

    def action(self, name: str) -> Action | None:
        """Map a tool's name, or an action's id or name, back to the action."""
        found = self.actions.get(name)
        if found is not None:
            return found
        return next((item for item in self.actions.values() if name in {item.id, item.name}), None)


def _legal_name(action: Action, *, taken: set[str]) -> str:
    name = _ILLEGAL.sub("_", action.name)
    if len(name) <= NAME_LIMIT and name not in taken:
        return name
    stem = name[: NAME_LIMIT - _SUFFIX_CHARS - 1]
    suffixes = (digest([action.id, attempt])[-_SUFFIX_CHARS:] for attempt in count())
    return next(free for suffix in suffixes if (free := f"{stem}_{suffix}") not in taken)


def _definition(name: str, action: Action) -> JsonObject:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": _description(action),
            "parameters": action.input_schema,
        },
    }


def _description(action: Action) -> str:
    permission = action.permission
    notes = [f"Risk {permission.risk.value}, cost {action.cost}."]
    if permission.confirmation:
        notes.append("The person is asked to confirm.")
    if permission.approvals:
        notes.append(f"Needs {permission.approvals} approval(s).")
    if permission.roles:
        notes.append(f"Only for: {', '.join(permission.roles)}.")
    notes += [f"Requires: {rule.message}" for rule in action.preconditions]
    return " ".join([f"{action.title}. {action.description}", *notes])
