"""Define the scalars of the schema: JSON, whole numbers of 53 bits, and instants."""

from __future__ import annotations

from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError, IntValueNode, ValueNode, value_from_ast_untyped

from runtime.kit.canonical_json import MAX_SAFE_INTEGER, CanonicalJsonError, canonical_bytes

Json = NewType("Json", object)
"""A document of JSON."""

Whole = NewType("Whole", int)
"""A whole number that every reader of JSON keeps; `Int` has 32 bits only."""

Instant = NewType("Instant", str)
"""An instant with its time zone, as RFC 3339 says."""


def _kept(value: Any) -> Any:  # noqa: ANN401  # of GraphQL
    return value


def json_of(value: Any) -> object:  # noqa: ANN401  # of GraphQL
    """Return a document that has one spelling.

    Raises:
        GraphQLError: it holds NaN, an infinite number, or a text that is none.
    """
    try:
        canonical_bytes(value)
    except CanonicalJsonError as error:
        raise GraphQLError(f"Json can't be kept: {error}") from None
    found: object = value
    return found


def json_of_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
    """Return the document that a literal spells; raise as `json_of` does."""
    return json_of(value_from_ast_untyped(node, variables))


def whole_of(value: Any) -> int:  # noqa: ANN401  # of GraphQL
    """Return a whole number.

    Raises:
        GraphQLError: it is none, or out of range.
    """
    if type(value) is not int or abs(value) > MAX_SAFE_INTEGER:
        raise GraphQLError(f"Whole is a whole number of up to {MAX_SAFE_INTEGER}")
    return value


def whole_of_literal(node: ValueNode, _: dict[str, Any] | None = None) -> int:
    """Return the number that a literal spells; raise as `whole_of` does."""
    if not isinstance(node, IntValueNode) or len(node.value) > len(str(MAX_SAFE_INTEGER)) + 1:
        raise GraphQLError(f"Whole is a whole number of up to {MAX_SAFE_INTEGER}")
    return whole_of(int(node.value))


def instant_of(value: Any) -> str:  # noqa: ANN401  # of GraphQL
    """Return a text; whether it is an instant is judged where it is used.

    Raises:
        GraphQLError: it is no text.
    """
    if not isinstance(value, str):
        raise GraphQLError("Instant is a text, as RFC 3339 says")
    return value


SCALARS: Final[dict[object, Any]] = {
    Json: strawberry.scalar(
        name="Json",
        description="A document of JSON.",
        serialize=_kept,
        parse_value=json_of,
        parse_literal=json_of_literal,
    ),
    Whole: strawberry.scalar(
        name="Whole",
        description="A whole number of up to 53 bits.",
        serialize=_kept,
        parse_value=whole_of,
        parse_literal=whole_of_literal,
    ),
    Instant: strawberry.scalar(
        name="Instant",
        description="An instant with its time zone, as RFC 3339 says.",
        serialize=_kept,
        parse_value=instant_of,
    ),
}
"""What the schema is built with."""
