"""Whatever is written, nothing of it becomes a part of a page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from runtime.entrypoints.console.markup import (
    MOST_LETTERS,
    document,
    element,
    escaped,
    joined,
    note,
    table,
    value,
)


class Reader(HTMLParser):
    """Read a page as a browser does."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    @override
    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.tags.append(tag)

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    """Return what a browser makes of HTML."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs"])))
def test_a_text_is_shown_and_is_nothing_else(text: str) -> None:
    """Read back it is the same, no tag comes of it, and no template would find its signs."""
    page = escaped(text)

    assert read(page).text == text
    assert read(page).tags == []
    assert not set("<>\"'`${}") & set(page)


@pytest.mark.parametrize(
    "text",
    ["<img src=x onerror=alert(1)>", "</div><script>1</script>", '" onclick="x', "${1}", "{{x}}"],
)
def test_no_element_is_left_by_what_is_in_it(text: str) -> None:
    """Neither as its part nor in an attribute."""
    page = element("p", text, title=text)

    assert read(page).tags == ["p"]
    assert read(page).text == text


def test_html_of_ours_is_not_escaped_twice() -> None:
    """Parts that were made here are put in as they are."""
    assert joined((element("b", "<"), "<")) == "<b>&#60;</b>&#60;"


def test_a_long_text_is_cut_and_says_so() -> None:
    """A page stays one that a browser can show."""
    assert escaped("x" * (MOST_LETTERS + 1)).endswith("x ... cut")
    assert escaped("x" * MOST_LETTERS) == "x" * MOST_LETTERS


def test_signs_that_turn_the_writing_are_seen() -> None:
    """Nobody is shown another order than the one that is sent."""
    assert escaped("pay \u202e001") == "pay [U+202E]001"


def test_a_table_names_its_columns_in_each_cell() -> None:
    """So that it can be read where it is narrow; without rows it says why."""
    page = table({"Name": "", "Cost": "num"}, [("<a>", 2)], empty="none")

    assert '<td class="num" data-title="Cost">2</td>' in page
    assert "&#60;a&#62;" in page
    assert read(table({"Name": ""}, [], empty="none")).text == "none"


@pytest.mark.parametrize(("item", "shown"), [(None, "null"), ("a", "a"), (7, "7"), ([1], "[1]")])
def test_a_value_is_spelled_as_json_but_for_texts(item: object, shown: str) -> None:
    """A person reads the text, not its quotes."""
    assert read(value(item)).text == shown


def test_a_document_is_ordered_and_a_bad_note_is_an_alert() -> None:
    """Two looks of the same state are the same."""
    assert read(document({"b": 1, "a": 2})).text == '{\n  "a": 2,\n  "b": 1\n}'
    assert 'role="alert"' in note("no", "bad")
    assert 'role="status"' in note("yes", "good")
