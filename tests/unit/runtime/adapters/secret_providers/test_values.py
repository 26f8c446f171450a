"""What a provider keeps becomes the value that a reference names, within bounds."""

from __future__ import annotations

import pytest

from runtime.adapters.secret_providers.values import mark_of, value_of
from runtime.domain.errors import SecretMalformedError
from runtime.domain.secret_reference import SecretRef
from runtime.domain.secret_value import SecretValue
from runtime.ports.secret_provider import MAX_VALUE_BYTES
from tests.secret_canaries import found_in, told_by

CANARY = "canary-7f3a9c51e0"
FIELD = SecretRef(scheme="file", path="/x", field="a")


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (b'{"a": "text"}', "text"),
        (b'{"a": ""}', ""),
        (b'{"a": 5}', "5"),
        (b'{"a": false}', "false"),
        (b'{"a": {"y": 1, "x": [2]}}', '{"x":[2],"y":1}'),
    ],
)
def test_a_member_is_its_text_or_its_json(kept: bytes, expected: str) -> None:
    """A number in a document is no reason to refuse it."""
    assert value_of(kept, reference=FIELD).text() == expected


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(f'{{"a": "{CANARY}'.encode(), id="broken JSON"),
        pytest.param(f'["{CANARY}"]'.encode(), id="no object"),
        pytest.param(f'"{CANARY}"'.encode(), id="a text"),
        pytest.param(CANARY.encode() + b"\xff", id="no text"),
        pytest.param(f'{{"b": "{CANARY}"}}'.encode(), id="another member"),
        pytest.param(f'{{"a": null, "b": "{CANARY}"}}'.encode(), id="null"),
        pytest.param(b'{"a": "' + CANARY.encode() * 5_000 + b'"}', id="too large"),
    ],
)
def test_what_has_no_such_member_says_nothing_of_itself(kept: bytes) -> None:
    """A parser's error holds the whole text; it is not kept with ours."""
    with pytest.raises(SecretMalformedError) as caught:
        value_of(kept, reference=FIELD)

    assert not found_in([CANARY], told_by(caught.value))


def test_the_member_is_bounded_as_the_document_is() -> None:
    """Escapes make a text shorter, never longer than the limit."""
    whole = SecretRef(scheme="file", path="/x")

    assert len(value_of(b"x" * MAX_VALUE_BYTES, reference=whole).bytes()) == MAX_VALUE_BYTES
    with pytest.raises(SecretMalformedError):
        value_of(b"x" * (MAX_VALUE_BYTES + 1), reference=whole)


def test_marks_are_equal_for_equal_values_only() -> None:
    """They stand in for versions where nobody counts."""
    marks = [mark_of(SecretValue(text)) for text in ("one", "one", "two")]

    assert marks[0] == marks[1] != marks[2]
