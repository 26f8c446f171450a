"""A mapping says all there is to say about a plan, and nothing in it can take long."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from runtime.domain.hook_mapping import (
    MOST_EXPRESSION_LETTERS,
    MOST_SOURCES,
    HookMapping,
)


def a_mapping(*, inputs: dict[str, Any] | None = None, **changes: Any) -> HookMapping:  # noqa: ANN401  # any document
    """Read a mapping of one step."""
    step = {"action": "counter.set", "inputs": inputs or {}}
    return HookMapping.model_validate({"steps": [step], **changes})


def computed(rule: str) -> HookMapping:
    """Read a mapping with one expression."""
    return a_mapping(inputs={"value": {"cel": rule}})


@pytest.mark.parametrize(
    "rule",
    [
        "body.count + 1",
        "has(body.a) ? body.a : 'none'",
        "body.kind in ('a')",
        'body.title.startsWith("it\'s //")',
        "size(body.items) > 0 && body.items[0].name.contains('x')",
        "int(body.total * 100.0)",
    ],
)
def test_plain_expressions_are_taken(rule: str) -> None:
    """As they are, once as an input and once as a condition."""
    assert computed(rule).expressions == (rule,)
    assert a_mapping(when=rule).expressions == (rule,)


@pytest.mark.parametrize(
    "rule",
    [
        "body.items.map(item, item)",
        "body.items . all ( item, true )",
        "body.items.\texists(item, true)",
        "body.items.exists_one(item, true)",
        "body.items.filter(item, body.items.filter(other, true))",
        "'a'+'('+body.items.map(item, item)",
        "body.text.matches('(a+)+$')",
        "timestamp(body.at)",
        "type(body)",
        "'text' // body.items.map(item, item)",
        "'\\''+body.items.map(item, item)+'\\''",
        "r'\\'+body.items.map(item, item)",
        '"""a""" + body.items.map(item, item)',
        "'''a''' + 'b'",
        "body.`map`",
        "body.a\n+ 1",
        "{'a': body}",
        "[" + ", ".join(["body"] * 11) + "]",
        "",
        "1" * (MOST_EXPRESSION_LETTERS + 1),
    ],
)
def test_what_could_take_long_or_hide_is_refused(rule: str) -> None:
    """Macros, regular expressions, unknown functions, and texts with two readings."""
    with pytest.raises(ValidationError):
        computed(rule)
    with pytest.raises(ValidationError):
        a_mapping(when=rule)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param(
            {f"i{number}": {"cel": "body" + " " * 460} for number in range(5)},
            "characters in expressions",
            id="long together",
        ),
        pytest.param(
            {f"i{number}": {"cel": "[body, body]"} for number in range(26)},
            "mentions of the body",
            id="many mentions",
        ),
        pytest.param({"i": {"cel": "body.a" + " + 1" * 9}}, "sums", id="many sums"),
        pytest.param({"i": {"value": "x" * 16_400}}, "bytes", id="a large constant"),
        pytest.param({"i": {"value": float("nan")}}, "expected", id="a constant without JSON"),
    ],
)
def test_a_mapping_has_bounds_as_a_whole(document: dict[str, Any], told: str) -> None:
    """What one expression may, fifty together may not."""
    with pytest.raises(ValidationError, match=told):
        a_mapping(inputs=document)


def test_the_inputs_of_all_steps_are_counted() -> None:
    """Ten steps with fifty inputs each would be five hundred copies of a body."""
    inputs = {f"i{number}": {"pointer": ""} for number in range(MOST_SOURCES // 2)}
    step = {"action": "counter.set", "inputs": inputs}

    HookMapping.model_validate({"steps": [step, step]})
    with pytest.raises(ValidationError, match="inputs"):
        HookMapping.model_validate({"steps": [step, step, {"action": "a", "inputs": {"i": step}}]})
    with pytest.raises(ValidationError, match="inputs"):
        HookMapping.model_validate({"steps": [step, step, step]})


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"steps": []}, id="no step"),
        pytest.param({"steps": [{"action": "a"}] * 11}, id="eleven steps"),
        pytest.param({"steps": [{"action": {"pointer": "/action"}}]}, id="an action of the body"),
        pytest.param({"steps": [{"action": "a"}], "confirm": "x"}, id="a confirmation"),
        pytest.param({"steps": [{"action": "a", "confirmed": True}]}, id="a confirmed step"),
        pytest.param(
            {"steps": [{"action": "a", "inputs": {"i": {"pointer": "a"}}}]}, id="no pointer"
        ),
        pytest.param(
            {"steps": [{"action": "a", "inputs": {"i": {"pointer": "/a", "cel": "1"}}}]},
            id="two sources",
        ),
        pytest.param({"steps": [{"action": "a", "inputs": {"i": {}}}]}, id="no source"),
        pytest.param({"steps": [{"action": "a", "inputs": {"i": "{{body}}"}}]}, id="a template"),
    ],
)
def test_what_is_no_mapping_is_refused(document: dict[str, Any]) -> None:
    """A body never chooses the action, and nothing confirms."""
    with pytest.raises(ValidationError):
        HookMapping.model_validate(document)


def test_a_mapping_is_read_as_it_was_written() -> None:
    """By its canonical text, whatever its sources are."""
    mapping = a_mapping(
        inputs={
            "a": {"value": {"pointer": "/x"}},
            "b": {"pointer": "/b", "optional": True},
            "c": {"cel": "body.c"},
            "d": {"value": None},
        },
        when="body.a == 1",
        atomic=True,
    )

    assert HookMapping.model_validate_json(mapping.text()) == mapping
