"""Prove that words are compared whole, in any case, with or without accents, inflected."""

from __future__ import annotations

import pytest

from harness.scoring.wording import mentions, same_word, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Höhe, bitte!", ("hohe", "bitte"), id="case, accents and marks"),
        pytest.param("Ho\u0308he", ("hohe",), id="an accent of its own"),
        pytest.param("Straße", ("strasse",), id="sharp s"),
        pytest.param("t_100 or t_101", ("t_100", "or", "t_101"), id="ids stay whole"),
        pytest.param("heron-7b", ("heron", "7b"), id="hyphens part"),
        pytest.param("What's l'heure?", ("what", "s", "l", "heure"), id="apostrophes part"),
        pytest.param("qué que où ou", ("qué", "que", "où", "ou"), id="told apart by accent"),
        pytest.param("¿?", (), id="no word"),
    ],
)
def test_text_is_folded_into_words(text: str, words: tuple[str, ...]) -> None:
    """Two spellings of a word are one."""
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("ticket", "tickets", id="plural"),
        pytest.param("degree", "degrees", id="the other way round"),
        pytest.param("agree", "agreed", id="past"),
        pytest.param("closing", "close", id="gerund"),
        pytest.param("sums", "sum", id="a short stem with a short ending"),
        pytest.param("betrags", "betrag", id="German genitive"),
        pytest.param("importi", "importo", id="Italian plural"),
        pytest.param("cantidades", "cantidad", id="Spanish plural"),
        pytest.param("zieltemperatur", "temperatur", id="German compound"),
        pytest.param("t_100", "t_100", id="equal ids"),
    ],
)
def test_forms_of_a_word_are_the_same(one: str, other: str) -> None:
    """Inflection tells no words apart."""
    assert same_word(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("start", "art", id="a word inside a word"),
        pytest.param("summary", "sum", id="a word in front of a word"),
        pytest.param("discount", "count", id="a short word at the end"),
        pytest.param("preference", "reference", id="too little before the end"),
        pytest.param("model", "mode", id="another word, one letter longer"),
        pytest.param("sumed", "sum", id="a short stem with a long ending"),
        pytest.param("as", "a", id="no stem"),
        pytest.param("temperatur", "zieltemperatur", id="the part for the compound"),
        pytest.param("t_100s", "t_100", id="an id has no forms"),
        pytest.param("7bs", "7b", id="nor has a number"),
    ],
)
def test_other_words_are_not(one: str, other: str) -> None:
    """What only looks alike is another word."""
    assert not same_word(one, other)


@pytest.mark.parametrize(
    ("phrase", "there"),
    [
        pytest.param("work order", True, id="in a row, inflected"),
        pytest.param("order work", False, id="in another order"),
        pytest.param("which order", False, id="with a word between"),
        pytest.param("these", True, id="at the end"),
        pytest.param("", False, id="an empty phrase"),
        pytest.param("is it which of the work orders of these", False, id="longer than the text"),
    ],
)
def test_a_phrase_is_found_word_by_word(phrase: str, there: bool) -> None:  # noqa: FBT001  # a table
    """Its words stand next to each other."""
    assert mentions(words_of("Which of the work orders of these"), words_of(phrase)) is there
