"""A document is measured with all that its fragments bring; what is just small enough passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.entrypoints.graphql import limits
from runtime.entrypoints.graphql.limits import read_document
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason


def nested(levels: int) -> str:
    """Nest fields."""
    return "{ " + "a { " * (levels - 1) + "a" + " }" * (levels - 1) + " }"


def repeated(text: str, times: int) -> str:
    """Repeat a text, in which # becomes a number."""
    return " ".join(text.replace("#", str(number)) for number in range(times))


def at(number: int, *, fragments: int = 0) -> str:
    """Spell an operation of some fields, and fragments that it uses."""
    return (
        "{ " + repeated("a#", number) + repeated(" ...f#", fragments) + " } "
        + repeated("fragment f# on Q { b# }", fragments)
    )  # fmt: skip


LIMITS = [
    pytest.param(nested, limits.MOST_DEPTH, Reason.TOO_DEEP, id="levels"),
    pytest.param(at, limits.MOST_ROOT_FIELDS, Reason.TOO_MANY_ROOT_FIELDS, id="root fields"),
    pytest.param(
        lambda n: "{ q { " + repeated("a#: b", n) + " } }",
        limits.MOST_ALIASES,
        Reason.TOO_MANY_ALIASES,
        id="aliases",
    ),
    pytest.param(
        lambda n: "{ q { " + "a " * (n + 1) + " } }",
        limits.MOST_REPETITIONS,
        Reason.TOO_MANY_REPETITIONS,
        id="repetitions",
    ),
    pytest.param(
        lambda n: "{ a " + repeated("@d#", n) + " }",
        limits.MOST_DIRECTIVES,
        Reason.TOO_MANY_DIRECTIVES,
        id="directives",
    ),
    pytest.param(
        lambda n: "{ a } " + repeated("fragment f# on Q { a }", n),
        limits.MOST_FRAGMENTS,
        Reason.TOO_MANY_FRAGMENTS,
        id="fragments",
    ),
    pytest.param(
        lambda n: "query(" + repeated("$v#: ID", n) + ") { a }",
        limits.MOST_VARIABLES,
        Reason.TOO_MANY_VARIABLES,
        id="variables",
    ),
    pytest.param(
        lambda n: "#" + "a" * (n - 7) + "\n{ a }", limits.MOST_BYTES, Reason.TOO_LONG, id="bytes"
    ),
    pytest.param(
        lambda n: '{ a(x: "' + "é" * ((n - 12) // 2) + '") }' + " " * (n % 2),
        limits.MOST_BYTES,
        None,
        id="bytes, not letters",
    ),
]


@pytest.mark.parametrize(("spelled", "most", "reason"), LIMITS)
def test_as_many_as_may_be_pass_and_one_more_does_not(
    spelled: object, most: int, reason: Reason | None
) -> None:
    """Each limit is where it says it is."""
    assert callable(spelled)
    read_document(spelled(most))
    if reason is None:
        return

    with pytest.raises(DocumentRefusedError) as caught:
        read_document(spelled(most + 1))

    assert caught.value.reason is reason


def test_a_fragment_counts_where_it_is_spread() -> None:
    """At the top its fields are fields of the operation."""
    read_document(at(limits.MOST_ROOT_FIELDS - 5, fragments=5))

    with pytest.raises(DocumentRefusedError) as caught:
        read_document(at(limits.MOST_ROOT_FIELDS - 5, fragments=6))

    assert caught.value.reason is Reason.TOO_MANY_ROOT_FIELDS


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("subscription { a @skip(if: true) }", id="a literal"),
        pytest.param("subscription($b: Boolean!) { a @include(if: $b) }", id="a variable"),
        pytest.param("subscription { a b @none }", id="any field, any directive"),
        pytest.param("subscription { ... @skip(if: true) { a } }", id="an inline fragment"),
        pytest.param("subscription { ... { ... { a @skip(if: true) } } }", id="in two of them"),
        pytest.param(
            "subscription { ...f @skip(if: true) } fragment f on S { a }", id="a fragment's spread"
        ),
        pytest.param(
            "subscription { ...f } fragment f on S { ...g } fragment g on S { a @skip(if: true) }",
            id="in a fragment of a fragment",
        ),
    ],
)
def test_a_stream_has_no_directive_at_its_top(text: str) -> None:
    """It has one field, and none may go."""
    assert reason_of(text) is Reason.STREAM_DIRECTIVES


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{ a @skip(if: true) }", id="a query"),
        pytest.param("subscription { a { b @skip(if: true) } }", id="below the top"),
        pytest.param(
            "subscription { a } fragment f on S { a @skip(if: true) }", id="what is not spread"
        ),
        pytest.param("subscription { ...f ...none } fragment f on S { a }", id="no directive"),
    ],
)
def test_directives_may_stand_elsewhere(text: str) -> None:
    """As anybody writes them."""
    assert reason_of(text) is None


def reason_of(text: str) -> Reason | None:
    """Return why a document is refused; None: it is not."""
    try:
        read_document(text)
    except DocumentRefusedError as error:
        return error.reason
    return None


@given(st.text(max_size=200))
def test_no_text_does_more_than_to_be_refused(text: str) -> None:
    """Whatever it is."""
    assert reason_of(text) in {None, *Reason}


@given(st.lists(st.sampled_from(["{", "}", "a", "...", "on", "@a", "(", ")", ":", '"x"', "$v"])))
def test_no_order_of_tokens_does_more_than_to_be_refused(tokens: list[str]) -> None:
    """Nor what nearly is a document."""
    assert reason_of(" ".join(tokens)) in {None, *Reason}
