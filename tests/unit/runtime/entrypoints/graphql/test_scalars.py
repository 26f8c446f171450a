"""Scalars take what every reader of JSON reads alike, and nothing else."""

from __future__ import annotations

import math
from typing import Any

import pytest
from graphql import GraphQLError, parse_value
from hypothesis import given
from hypothesis import strategies as st

from runtime.entrypoints.graphql.scalars import (
    instant_of,
    json_of,
    json_of_literal,
    whole_of,
    whole_of_literal,
)
from runtime.kit.canonical_json import MAX_SAFE_INTEGER


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**60, "\ud800", {"a": [math.inf]}])
def test_json_that_can_not_be_kept_is_refused(value: object) -> None:
    """As in REST's bodies."""
    with pytest.raises(GraphQLError):
        json_of(value)


@pytest.mark.parametrize("text", ["1e999", "{a: -1e999}", "[9007199254740993]"])
def test_a_literal_that_can_not_be_kept_is_refused(text: str) -> None:
    """However it is spelled."""
    with pytest.raises(GraphQLError):
        json_of_literal(parse_value(text))


def test_a_literal_is_a_document_of_json() -> None:
    """With variables in their places."""
    node = parse_value('{a: [1, 2.5, "x", true, null], b: $v, c: ON}')

    assert json_of_literal(node, {"v": {"d": 1}}) == {
        "a": [1, 2.5, "x", True, None],
        "b": {"d": 1},
        "c": "ON",
    }


@pytest.mark.parametrize("value", [True, 1.0, "1", None, 2**53, -(2**53)])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:  # noqa: ANN401  # of JSON
    """Truth and fractions too."""
    with pytest.raises(GraphQLError):
        whole_of(value)


@pytest.mark.parametrize("text", ["1.5", '"1"', "true", "9" * 5_000, "9007199254740992"])
def test_a_literal_that_is_no_whole_number_is_refused(text: str) -> None:
    """However long it is."""
    with pytest.raises(GraphQLError):
        whole_of_literal(parse_value(text))


@given(st.integers(min_value=-MAX_SAFE_INTEGER, max_value=MAX_SAFE_INTEGER))
def test_every_whole_number_of_53_bits_is_read(number: int) -> None:
    """From a variable and from a literal."""
    assert whole_of(number) == whole_of_literal(parse_value(str(number))) == number


def test_an_instant_is_a_text() -> None:
    """Which one is judged where it is used."""
    assert instant_of("2026-01-01T00:00:00Z") == "2026-01-01T00:00:00Z"
    with pytest.raises(GraphQLError):
        instant_of(1)
