"""Names and addresses have one spelling, and hold only what can be stored and seen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.kit.plain_text import (
    MOST_EMAIL_LETTERS,
    MOST_NAME_LETTERS,
    PlainTextError,
    plain_email,
    plain_name,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("Furnace 3", "Furnace 3", id="plain"),
        pytest.param("  Furnace\t\n", "Furnace", id="space around"),
        pytest.param("Zoe\u0308", "Zo\u00eb", id="composed"),
        pytest.param("🔥👩‍🔬🏭", "🔥👩‍🔬🏭", id="emoji, joined ones too"),
        pytest.param("窯 ٣", "窯 ٣", id="other scripts"),
        pytest.param("x" * MOST_NAME_LETTERS, "x" * MOST_NAME_LETTERS, id="as long as can be"),
        pytest.param("'; drop table projects; --", "'; drop table projects; --", id="quotes"),
    ],
)
def test_a_name_is_trimmed_and_composed(text: str, name: str) -> None:
    """And else left as it is."""
    assert plain_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n ", id="space alone"),
        pytest.param("x" * (MOST_NAME_LETTERS + 1), id="too long"),
        pytest.param("\u0958" * 150, id="too long once composed"),
        pytest.param("a\x00b", id="NUL"),
        pytest.param("a\nb", id="a line break inside"),
        pytest.param("a\x1b[31mb", id="an escape sequence"),
        pytest.param("a\x7fb", id="DEL"),
        pytest.param("a\x85b", id="a C1 control"),
        pytest.param("a\u2028b", id="a line separator"),
        pytest.param("a\u2029b", id="a paragraph separator"),
        pytest.param("evil\u202egnp.exe", id="turned around"),
        pytest.param("a\u2066b", id="isolated"),
        pytest.param("a\ud800b", id="half a surrogate pair"),
        pytest.param("\u200b\u2060", id="nothing to see"),
        pytest.param("\u0308", id="a mark on nothing"),
    ],
)
def test_what_can_not_be_stored_or_seen_is_no_name(text: str) -> None:
    """The message says what is wrong and does not repeat the text."""
    with pytest.raises(PlainTextError) as refused:
        plain_name(text)
    assert text.strip() == "" or text not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "email"),
    [
        pytest.param("ann@example.com", "ann@example.com", id="plain"),
        pytest.param(" Ann.B+c@Example.COM ", "ann.b+c@example.com", id="in lower case"),
        pytest.param("ann@localhost", "ann@localhost", id="a host without a dot"),
        pytest.param("zoë@exämple.com", "zoë@exämple.com", id="other letters"),
    ],
)
def test_an_address_is_spelled_in_lower_case(text: str, email: str) -> None:
    """So that one address is one."""
    assert plain_email(text) == email


@pytest.mark.parametrize(
    "text",
    ["", "ann", "@example.com", "ann@", "a@b@c", "ann b@example.com", "ann@exam\u00a0ple.com",
     "a\x00@b", "a\u202e@b", "x" * (MOST_EMAIL_LETTERS - 1) + "@b"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """It has a name and a host, and nothing that can't be seen."""
    with pytest.raises(PlainTextError):
        plain_email(text)


@given(st.text())
def test_a_name_is_its_own_spelling(text: str) -> None:
    """Whatever passes passes again unchanged, and can be stored."""
    try:
        name = plain_name(text)
    except PlainTextError:
        return
    assert plain_name(name) == name
    assert "\x00" not in name
    assert unicodedata.is_normalized("NFC", name)
    name.encode()
