"""Give the entities of a scenario other ids, the same everywhere: in state, talk and answer.

An id means nothing; a model that reads it must not depend on how it is spelled.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from string import ascii_lowercase

from harness.scenario import Scenario
from harness.strength.entities import collections_of
from runtime.public import (
    Action,
    Component,
    JsonObject,
    JsonValue,
    Plugin,
    State,
    canonical_text,
)

ID = re.compile(r"[a-z]{1,3}_[a-z0-9]+")
"""What counts as an id: a short prefix and a tail. Words such as `home_city` mean something."""

SHAPE_TRIES = 50
"""How many ids of the same length are drawn before a longer one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """Replace ids by others of the same shape."""

    names: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, scenario: Scenario, state: State) -> Renaming:
        """Choose other ids for the entities of a scenario's state.

        An id whose number the conversation says alone keeps its name: `ticket 104` would then
        name nothing.
        """
        known = {name for item in collections_of(state.components) for name in item.ids}
        ids = sorted(name for name in known if ID.fullmatch(name))
        said = _said(scenario)
        free = [name for name in ids if not _tail_is_said(name, said)]
        taken = set(ids)
        names: list[tuple[str, str]] = []
        for name in free:
            other = _another(name, taken=taken)
            taken.add(other)
            names.append((name, other))
        return cls(names=tuple(names))

    def __bool__(self) -> bool:
        """Say whether anything gets another name."""
        return bool(self.names)

    def text(self, text: str) -> str:
        """Rename ids that stand in a text as words, in capitals too."""
        names = dict(self.names)

        def other(found: re.Match[str]) -> str:
            name = names[found[0].lower()]
            return name.upper() if found[0].isupper() else name

        return self._pattern().sub(other, text)

    def value(self, value: JsonValue) -> JsonValue:
        """Rename ids in every text and every key of a document."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        return value

    def plugin(self, plugin: Plugin) -> Plugin:
        """Rename ids in all declarations, also where a description gives one as an example."""
        return replace(
            plugin,
            components=tuple(map(self._component, plugin.components)),
            actions=tuple(map(self._action, plugin.actions)),
        )

    def scenario(self, scenario: Scenario) -> Scenario:
        """Rename ids in what is given, said, attached and expected."""
        document: JsonObject = scenario.model_dump(mode="json", by_alias=True)
        for part in ("given", "when", "expect"):
            document[part] = self.value(document[part])
        for attachment in document["when"]["attachments"]:
            if attachment["base64"] is not None:
                attachment["base64"] = self._base64(attachment["base64"])
        return Scenario.model_validate_json(canonical_text(document))

    def _component(self, component: Component) -> Component:
        return replace(
            component,
            description=self.text(component.description),
            state_schema=self.value(component.state_schema),
            initial_state=self.value(component.initial_state),
        )

    def _action(self, action: Action) -> Action:
        return replace(
            action,
            description=self.text(action.description),
            input_schema=self.value(action.input_schema),
        )

    def _base64(self, encoded: str) -> str:
        """Rename ids in a file that is text; other files stay as they are."""
        try:
            text = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return encoded
        return base64.b64encode(self.text(text).encode()).decode()

    def _pattern(self) -> re.Pattern[str]:
        options = "|".join(re.escape(name) for name, _ in self.names)
        return re.compile(rf"(?<![A-Za-z0-9_])(?:{options})(?![A-Za-z0-9_])", re.IGNORECASE)


def _said(scenario: Scenario) -> str:
    given, when = scenario.given, scenario.when
    turns = (turn.user or turn.assistant or "" for turn in given.history)
    attached = (item.text or "" for item in when.attachments)
    return "\n".join([when.message, canonical_text(given.facts), *turns, *attached])


def _tail_is_said(name: str, said: str) -> bool:
    tail = name.partition("_")[2]
    return re.search(rf"(?i)(?<![a-z0-9_]){re.escape(tail)}(?![a-z0-9_])", said) is not None


def _another(name: str, *, taken: AbstractSet[str]) -> str:
    """Return another id with the same prefix, and digits and letters in the same places."""
    prefix, _, tail = name.partition("_")
    shapes = (tail + tail[-1] * (attempt // SHAPE_TRIES) for attempt in count())
    drawn = (f"{prefix}_{_drawn(shape, f'{name}/{at}')}" for at, shape in enumerate(shapes))
    return next(other for other in drawn if other not in taken)


def _drawn(shape: str, seed: str) -> str:
    random = Random(seed)  # seeded: the same every time
    return "".join(
        random.choice("123456789") if letter.isdigit() else random.choice(ascii_lowercase)
        for letter in shape
    )
