"""The catalogue holds together: names, shapes, examples and who may read them."""

from __future__ import annotations

import jsonschema_rs
import pytest
from pydantic import ValidationError

from runtime.domain.event_catalogue import EVENT_TYPES, known_pattern, read_with, wanted_by
from runtime.domain.event_type import EventType, by_name
from runtime.kit.canonical_json import canonical_text

EACH = pytest.mark.parametrize(
    "item", [pytest.param(it, id=it.name) for it in EVENT_TYPES.values()]
)


@EACH
def test_an_example_is_what_its_type_says(item: EventType) -> None:
    """Whoever builds on the example builds on what comes."""
    item.data.model_validate_json(canonical_text(item.example))

    assert jsonschema_rs.is_valid(item.schema(), item.example)


@EACH
def test_a_type_is_described(item: EventType) -> None:
    """Each has one sentence, a group, and a scope that shows it."""
    assert item.tells.endswith(".")
    assert known_pattern(item.name)
    assert known_pattern(f"{item.group}.*")
    assert read_with(item.name) is not None


def test_the_platform_holds_itself_to_more_than_its_readers() -> None:
    """A field that nobody described is a fault of ours, and no surprise for a reader."""
    item = EVENT_TYPES["job.redriven"]
    longer = {**item.example, "more": 1}

    assert jsonschema_rs.is_valid(item.schema(), longer)
    with pytest.raises(ValidationError, match="more"):
        item.data.model_validate_json(canonical_text(longer))


def test_a_schema_names_its_dialect_and_its_version() -> None:
    """Programs can tell by which rules to read it, and of which version it is."""
    schema = EVENT_TYPES["limit.reached"].schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "urn:plangate:event:limit.reached:1"
    assert schema["title"] == "limit.reached"
    assert "title" not in schema["properties"]["used"]
    assert EVENT_TYPES["limit.reached"].document()["schema"] == schema


def test_two_types_of_one_name_are_refused() -> None:
    """A name says one thing."""
    item = EVENT_TYPES["plan.executed"]

    with pytest.raises(ValueError, match="two types"):
        by_name((item, item))


@pytest.mark.parametrize(
    ("patterns", "kind", "wanted"),
    [
        pytest.param((), "plan.executed", True, id="no filter"),
        pytest.param(("plan.executed",), "plan.executed", True, id="exactly"),
        pytest.param(("plan.*",), "plan.failed", True, id="its group"),
        pytest.param(("plan.failed", "job.*"), "plan.executed", False, id="others"),
        pytest.param(("limit.*",), "limits.replaced", False, id="a longer group"),
    ],
)
def test_patterns_let_types_through(patterns: tuple[str, ...], kind: str, *, wanted: bool) -> None:
    """A pattern is a type, or all of one group."""
    assert wanted_by(patterns, kind) is wanted


@pytest.mark.parametrize("pattern", ["", "*", ".*", "plan", "plan.exec*", "dreams.*", "plan.*.*"])
def test_patterns_that_match_nothing_are_unknown(pattern: str) -> None:
    """A filter that lets nothing through is a mistake."""
    assert not known_pattern(pattern)


def test_nobody_reads_what_nobody_knows() -> None:
    """A type that is not in the catalogue is shown to nobody."""
    assert read_with("dream.dreamt") is None
