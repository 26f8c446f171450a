"""No credential that a model repeats is kept, and what is kept stays usable."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

import pytest

from harness.cassette.redaction import presentable, presentable_arguments
from tests.models.scripted import a_call, saying

KEY: Final = "sk-" + "a1B2" * 6


def test_no_text_of_a_completion_keeps_a_credential() -> None:
    """Every field that a model writes is looked through."""
    spoken = replace(
        saying(f"Use {KEY}.", calls=[a_call(KEY, id_note=KEY)], finish_reason=KEY, refusal=KEY),
        model=KEY,
    )
    spoken = replace(spoken, tool_calls=tuple(replace(call, id=KEY) for call in spoken.tool_calls))

    kept = presentable(spoken)

    assert KEY not in repr(kept)
    assert kept.text == "Use [redacted]."
    assert (kept.usage, kept.cost_micros) == (spoken.usage, spoken.cost_micros)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param('{"b" :1, "a": 2.50}', '{"b" :1, "a": 2.50}', id="nothing to hide"),
        pytest.param('{"password": "x", "n": 1}', '{"password":"[redacted]","n":1}', id="a name"),
        pytest.param(f'["{KEY}"]', '["[redacted]"]', id="a shape"),
        pytest.param(f'{{"a": "{KEY}"', '{"a": "[redacted]"', id="no JSON stays no JSON"),
        pytest.param(
            f'{{"a": 1, "a": "{KEY}"}}', '{"a": 1, "a": "[redacted]"}', id="a repeated key is shown"
        ),
        pytest.param(f'{{"a": NaN, "b": "{KEY}"}}', '{"a": NaN, "b": "[redacted]"}', id="NaN"),
        pytest.param(
            f'{{"a": {10**30}, "b": "{KEY}"}}',
            f'{{"a": {10**30}, "b": "[redacted]"}}',
            id="a number that can't be written anew",
        ),
        pytest.param("[" * 100_000, "[" * 100_000, id="too deep to read"),
        pytest.param("\ud800", "?", id="half a character"),
    ],
)
def test_arguments_lose_what_is_secret_and_nothing_else(written: str, kept: str) -> None:
    """The spelling stays where nothing had to go."""
    assert presentable_arguments(written) == kept


def test_a_private_key_takes_no_bracket_with_it() -> None:
    """A shape that runs to the end of a text ends with the value that it stands in."""
    written = json.dumps({"note": "-----BEGIN PRIVATE KEY-----\nabc", "value": 3})

    assert json.loads(presentable_arguments(written)) == {"note": "[redacted]", "value": 3}
