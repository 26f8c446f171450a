"""A type of event spells its schema so that readers can hold on to it."""

from __future__ import annotations

from runtime.domain.event_type import EventData, EventType, Reach, example_id
from runtime.kit.ids import parse_id


class _Part(EventData):
    title: str
    properties: int


class _Told(EventData):
    title: str
    parts: tuple[_Part, ...]


def test_fields_called_like_words_of_schemas_stay() -> None:
    """Only the titles that repeat names go; a field may be called title or properties."""
    item = EventType(name="test.told", tells="It was told.", data=_Told, example={})

    schema = item.schema()

    assert list(schema["properties"]) == ["title", "parts"]
    assert list(schema["$defs"]["_Part"]["properties"]) == ["title", "properties"]
    assert "additionalProperties" not in schema
    assert "additionalProperties" not in schema["$defs"]["_Part"]
    assert schema["required"] == ["title", "parts"]


def test_a_type_says_what_it_belongs_to() -> None:
    """What is not said otherwise belongs to a project, in its first version."""
    item = EventType(name="test.told", tells="It was told.", data=_Told, example={})

    assert (item.group, item.reach, item.version) == ("test", Reach.PROJECT, 1)


def test_ids_of_examples_are_ids() -> None:
    """Whoever tries an example out is not refused for its spelling."""
    assert parse_id(example_id("prj"), "prj").prefix == "prj"
