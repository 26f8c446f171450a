"""A component declares itself as JSON."""

from runtime.domain.condition import Condition
from tests.builders import a_component


def test_a_document_holds_the_whole_declaration() -> None:
    """Schema, first value and invariants are in the digest."""
    component = a_component(
        state_schema={"type": "object"}, invariants=(Condition(rule="true", message="always"),)
    )

    assert component.document() == {
        "id": "box",
        "title": "Box",
        "description": "Holds a value.",
        "state_schema": {"type": "object"},
        "initial_state": {"value": 0},
        "invariants": [{"rule": "true", "message": "always"}],
    }
