"""Prove that the lists of words hold what folded text can hold; anything else would never match."""

from __future__ import annotations

import pytest

from harness.scoring import speech
from harness.scoring.wording import words_of

WORDS = {name: it for name, it in vars(speech).items() if isinstance(it, frozenset)}
PHRASES = {
    name: it for name, it in vars(speech).items() if isinstance(it, tuple) and name.isupper()
}


@pytest.mark.parametrize("name", WORDS)
def test_every_listed_word_is_folded(name: str) -> None:
    """An accent or a capital would keep it from ever being found."""
    assert WORDS[name]
    assert {word for word in WORDS[name] if words_of(word) != (word,)} == set()


@pytest.mark.parametrize("name", PHRASES)
def test_every_set_phrase_is_folded_and_stands_between_spaces(name: str) -> None:
    """So that it is found as whole words."""
    assert PHRASES[name]
    wrong = [it for it in PHRASES[name] if f" {' '.join(words_of(it))} " != it]
    assert wrong == []
