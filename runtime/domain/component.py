"""Declare a piece of state: its schema, its first value and what must always hold."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Describe one piece of a project's state.

    Attributes:
        id: lower-case name, the key of this component in the state document.
        title: what a person calls it.
        description: what it means, for people and for the model.
        state_schema: JSON Schema 2020-12 that its state must satisfy after every step.
        initial_state: the state of a new project.
        invariants: rules over the whole state, checked after every step.
    """

    id: str
    title: str
    description: str
    state_schema: JsonObject
    initial_state: JsonObject
    invariants: tuple[Condition, ...] = ()

    def document(self) -> JsonObject:
        """Return the declaration as JSON, for digests and for the model."""
        return {
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "state_schema": self.state_schema,
            "initial_state": self.initial_state,
            "invariants": [
                {"rule": rule.rule, "message": rule.message} for rule in self.invariants
            ],
        }
