"""Prove which sentences ask, and how."""

from __future__ import annotations

import pytest

from harness.scoring.sentences import (
    asking_in,
    clauses_of,
    interrogative,
    offers_alternatives,
    picks_one,
    subject_of,
    wants_a_yes,
    without_requests,
)
from harness.scoring.topic import Said


def asking(text: str) -> list[str]:
    """Return the sentences of a text that ask."""
    return [said.text for said in asking_in(text)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Which hall?", id="a question"),
        pytest.param("which hall", id="a question word without a mark"),
        pytest.param("Please tell me the hall", id="a request"),
        pytest.param("North or south?", id="candidates"),
        pytest.param("The amount?", id="a short one"),
        pytest.param("The amount is?", id="one that breaks off"),
        pytest.param("The north one or is it the south one?", id="candidates with a verb"),
        pytest.param("The last week of the month?", id="no verb that states"),
        pytest.param("I set it to 5, ok?", id="a statement with a tag"),
        pytest.param("I would, may I?", id="an offer behind a statement"),
        pytest.param("I did not get it, can you say it again?", id="a question behind a statement"),
        pytest.param("Is 20.5 the value?", id="a decimal point ends nothing"),
        pytest.param("Vous voulez quelle salle ?", id="a French question word further back"),
    ],
)
def test_a_sentence_asks(text: str) -> None:
    """It wants an answer."""
    assert asking(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("I set it to 5?", id="first person with a mark"),
        pytest.param("The hall is locked now?", id="a statement with a mark"),
        pytest.param("The hall is locked.", id="a statement"),
        pytest.param("Which is fine.", id="a relative clause"),
        pytest.param("Which is fine!", id="a relative clause, loud"),
        pytest.param("?", id="a mark alone"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_sentence_does_not_ask(text: str) -> None:
    """A mark is not enough."""
    assert asking(text) == []


def test_only_the_sentences_that_ask_are_returned() -> None:
    """What leads to a question is none."""
    assert asking("It is 20.5 now. Which value? I wait.") == ["Which value?"]
    assert asking("¿Qué sala? ¡Gracias!") == ["Qué sala?"]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        pytest.param("Which hall and what value?", ["Which hall", "what value?"], id="two"),
        pytest.param("Which hall, north or south?", ["Which hall north south?"], id="one"),
        pytest.param(
            "Before I start, which hall, and when?",
            ["Before I start which hall", "when?"],
            id="an opening belongs to the first",
        ),
    ],
)
def test_a_further_question_word_begins_a_further_question(text: str, clauses: list[str]) -> None:
    """Candidates belong to the question before them."""
    found = [clause.words for clause in clauses_of([Said.of(text)])]

    assert found == [Said.of(clause).words for clause in clauses]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        pytest.param("what value", True, id="in front"),
        pytest.param("and by what time", True, id="near the front"),
        pytest.param("do it as soon as what I said", False, id="further back"),
        pytest.param("the hall of which you spoke", True, id="a clear one anywhere"),
        pytest.param("che importo", True, id="che first"),
        pytest.param("a che ora", True, id="che behind a preposition"),
        pytest.param("vuoi che proceda", False, id="che as a conjunction"),
        pytest.param("per", False, id="a preposition alone"),
    ],
)
def test_a_question_word_makes_a_part_interrogative(text: str, is_one: bool) -> None:  # noqa: FBT001  # a table
    """Where it stands tells whether it is one."""
    assert interrogative(Said.of(text)) is is_one


@pytest.mark.parametrize(
    ("text", "definite"),
    [
        pytest.param("which one", True, id="which"),
        pytest.param("when is it", True, id="when in front"),
        pytest.param("tell me so then when", False, id="when as a conjunction"),
        pytest.param("how much", True, id="how with a measure"),
        pytest.param("wie hoch", True, id="German how with a measure"),
        pytest.param("how come", False, id="how alone"),
        pytest.param("what", False, id="what"),
    ],
)
def test_some_question_words_ask_for_one_definite_thing(text: str, definite: bool) -> None:  # noqa: FBT001  # a table
    """The others ask for anything."""
    assert picks_one(Said.of(text)) is definite


@pytest.mark.parametrize(
    ("text", "pleads"),
    [
        pytest.param("Shall I go ahead?", True, id="an offer"),
        pytest.param("I set it to 5, okay?", True, id="a tag"),
        pytest.param("Is that okay?", True, id="nothing but a tag"),
        pytest.param("I set it to 5 - okay?", True, id="a tag behind a dash"),
        pytest.param("Which hall shall I open?", False, id="a question word"),
        pytest.param("Tell me what I can do, can I help?", False, id="a question word further on"),
        pytest.param("Please tell me the sum so that I can do it, ok?", False, id="a request"),
        pytest.param("Do you mean north?", False, id="a yes that settles it"),
    ],
)
def test_some_sentences_only_want_a_yes(text: str, pleads: bool) -> None:  # noqa: FBT001  # a table
    """They ask for agreement with what is decided."""
    assert wants_a_yes(Said.of(text)) is pleads


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        pytest.param("North or south?", True, id="or"),
        pytest.param("Shall I do it or not?", False, id="or not"),
        pytest.param("Soll ich es tun oder nicht?", False, id="German or not"),
        pytest.param("Shall I do it?", False, id="none"),
        pytest.param("The order?", False, id="or inside a word"),
    ],
)
def test_alternatives_lead_somewhere(text: str, offers: bool) -> None:  # noqa: FBT001  # a table
    """Or not is none."""
    assert offers_alternatives(Said.of(text)) is offers


def test_requesting_words_are_left_out() -> None:
    """They would look like a content: "tell me" is not what a letter tells."""
    assert without_requests(Said.of("Please tell me the sum.")) == ("please", "the", "sum")


def test_the_subject_begins_with_the_first_telling_word() -> None:
    """A clause without one has none."""
    assert subject_of(Said.of("Which ticket of hers?")) == ("ticket", "of", "hers")
    assert subject_of(Said.of("Which one?")) == ()
