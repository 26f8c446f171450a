"""Hold the components and actions that one project knows, and find them by id."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from runtime.domain.action import ACTION_ID, Action, Visibility
from runtime.domain.component import Component
from runtime.domain.errors import DeclarationError, UnknownActionError
from runtime.kit.canonical_json import digest
from runtime.kit.json_pointer import parse
from runtime.kit.json_value import JsonObject

COMPONENT_ID = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Index declarations; build one with `Registry.of`, which checks them together."""

    components: Mapping[str, Component]
    actions: Mapping[str, Action]
    latest: Mapping[str, str]
    digest: str

    @classmethod
    def of(cls, components: Iterable[Component], actions: Iterable[Action]) -> Registry:
        """Check declarations against each other and index them.

        Raises:
            DeclarationError: ids that are malformed or taken, targets or paths that don't exist.
        """
        component_list, action_list = list(components), list(actions)
        problems = [
            *_component_problems(component_list),
            *_action_problems(action_list, {component.id for component in component_list}),
        ]
        if problems:
            raise DeclarationError(subject="registry", problems=tuple(problems))
        by_id = {action.id: action for action in sorted(action_list, key=lambda item: item.id)}
        latest: dict[str, str] = {}
        for action in sorted(action_list, key=lambda item: item.version):
            latest[action.name] = action.id
        return cls(
            components=MappingProxyType(
                {item.id: item for item in sorted(component_list, key=lambda item: item.id)}
            ),
            actions=MappingProxyType(by_id),
            latest=MappingProxyType(latest),
            digest=digest(_document(component_list, action_list)),
        )

    def action(self, action_id: str) -> Action:
        """Find an action by full id, or the latest version by name.

        Raises:
            UnknownActionError: nothing has that id; the message names the closest ids.
        """
        found = self.find(action_id)
        if found is None:
            close = difflib.get_close_matches(action_id, [*self.latest, *self.actions], n=3)
            raise UnknownActionError(action=action_id, known=tuple(close) or tuple(self.latest))
        return found

    def find(self, action_id: str) -> Action | None:
        """Find an action by full id or by name, or return None."""
        return self.actions.get(self.latest.get(action_id, action_id))

    def visible(self) -> tuple[Action, ...]:
        """Return the latest version of each action that users, and so the model, may see."""
        newest = (self.actions[action_id] for action_id in self.latest.values())
        return tuple(
            sorted(
                (item for item in newest if item.permission.visibility is Visibility.USER),
                key=lambda item: item.id,
            )
        )

    def initial_state(self) -> JsonObject:
        """Return the state of a new project."""
        return {name: item.initial_state for name, item in self.components.items()}


def _document(components: list[Component], actions: list[Action]) -> JsonObject:
    return {
        "components": sorted((item.document() for item in components), key=lambda doc: doc["id"]),
        "actions": sorted((item.document() for item in actions), key=lambda doc: doc["id"]),
    }


def _component_problems(components: list[Component]) -> list[str]:
    problems = _duplicates([component.id for component in components], kind="component")
    problems += [
        f"component id '{component.id}' must be lower-case letters, digits and underscores"
        for component in components
        if not COMPONENT_ID.fullmatch(component.id)
    ]
    return problems


def _action_problems(actions: list[Action], components: set[str]) -> list[str]:
    problems = _duplicates([action.id for action in actions], kind="action")
    for action in actions:
        where = f"action '{action.id}'"
        if not ACTION_ID.fullmatch(action.id):
            problems.append(f"{where}: the id must look like noun.verb@1")
        problems += [
            f"{where}: target '{target}' is not a component"
            for target in action.targets
            if target not in components
        ]
        problems += [
            f"{where}: may_change '{pointer}' is not a JSON Pointer below a target"
            for pointer in action.may_change
            if not _below_one_of(action.targets, pointer)
        ]
        problems += [
            f"{where}: {name} {count} must not be negative"
            for name, count in _counts(action)
            if count < 0
        ]
        if action.input_schema.get("type") != "object":
            problems.append(f"{where}: input_schema must have type object")
    return problems


def _counts(action: Action) -> tuple[tuple[str, int], ...]:
    return (
        ("cost", action.cost),
        ("tokens", action.tokens),
        ("money_micros", action.money_micros),
        ("approvals", action.permission.approvals),
    )


def _below_one_of(targets: tuple[str, ...], pointer: str) -> bool:
    try:
        component, *_ = parse(pointer)
    except ValueError:  # malformed, or the whole document
        return False
    return component in targets


def _duplicates(ids: list[str], *, kind: str) -> list[str]:
    return [
        f"{kind} '{item}' is declared twice"
        for item in sorted({i for i in ids if ids.count(i) > 1})
    ]
