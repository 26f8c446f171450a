"""Prove that a question's topic is found by phrase, by name and by candidates."""

from __future__ import annotations

import pytest

from harness.scoring.topic import Said, Topic, plain

TICKET = Topic.of("ticket_id", ("case",), pattern="^t_[0-9]+$")
ACCESS = Topic.of("access", values=("locked", "unlocked"))
BY = Topic.of("by", ("how much",))


@pytest.mark.parametrize(
    ("topic", "text", "there"),
    [
        pytest.param(TICKET, "Which case?", True, id="a word of it"),
        pytest.param(TICKET, "Which ticket?", True, id="the name without its unit"),
        pytest.param(TICKET, "Which ticket id?", True, id="the name in words"),
        pytest.param(TICKET, "t_1 or t_2?", True, id="two values of its form"),
        pytest.param(TICKET, "t_1 or t_1?", False, id="one value twice"),
        pytest.param(TICKET, "What about t_1?", False, id="one value"),
        pytest.param(ACCESS, "Locked or unlocked?", True, id="two listed values"),
        pytest.param(ACCESS, "Is it locked?", False, id="one listed value"),
        pytest.param(BY, "Is it done by Tom?", False, id="a name too short to tell"),
        pytest.param(BY, "How much?", True, id="a phrase"),
    ],
)
def test_a_text_names_a_topic(topic: Topic, text: str, there: bool) -> None:  # noqa: FBT001  # a table
    """By what a person would take it to be about."""
    assert topic.named_in(Said.of(text)) is there


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("ticket_id", True, id="its name"),
        pytest.param("ticket", True, id="a part of its name"),
        pytest.param("the_ticket_id", True, id="more than its name"),
        pytest.param("case", True, id="a word of it"),
        pytest.param("order", False, id="another name"),
        pytest.param("", False, id="no name"),
    ],
)
def test_a_name_means_a_topic(name: str, meant: bool) -> None:  # noqa: FBT001  # a table
    """Models shorten names and use words instead."""
    assert TICKET.called(name) is meant


def test_a_short_name_is_called_by_itself() -> None:
    """Too short for a text, but a name is a name."""
    assert BY.called("by")


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"\S", id="that any word has"),
        pytest.param(r"^\p{L}+$", id="that Python can't read"),
    ],
)
def test_a_form_that_tells_nothing_is_left_out(pattern: str) -> None:
    """Else every text would hold a value of it."""
    assert Topic.of("text", pattern=pattern).pattern is None


def test_words_begin_with_a_topic_or_not() -> None:
    """What stands further back is not what they are about."""
    assert TICKET.leads(("ticket", "t_1"))
    assert not TICKET.leads(("priority", "of", "ticket"))
    assert not TICKET.leads(())


def test_plain_words_say_nothing_about_a_topic() -> None:
    """Question words, measures and small words do not; anything unknown does."""
    assert all(plain(word) for word in ("could", "which", "much", "bitte"))
    assert not plain("ticket")
    assert Said.of("Could you clarify?").plain
    assert not Said.of("Could you clarify the sum?").plain


def test_set_phrases_are_found_whole() -> None:
    """They have no other forms."""
    said = Said.of("Shall I?")

    assert said.has([" shall i "])
    assert not said.has([" shall it ", " hall i "])
