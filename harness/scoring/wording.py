"""Compare words as people write them: any case, with or without accents, inflected.

Words are compared whole: "art" is no part of "start". The endings are those of the languages in
which scenarios speak (English, German, French, Spanish, Italian); `harness.scoring.question` asks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeAlias

Words: TypeAlias = tuple[str, ...]

REMEMBERED: Final = 4096
"""Texts that are folded once: names and words of slots come again with every trial."""
SHORT_STEM: Final = 3
LONG_STEM: Final = 4
COMPOUND_HEAD: Final = 6
COMPOUND_LEAD: Final = 3
_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_ENDS_SHORT: Final = frozenset(["", "s", "e", "n", "es", "en"])
_ENDS_LONG: Final = _ENDS_SHORT.union(
    ["a", "as", "d", "ed", "em", "er", "ern", "ers", "i", "ies", "in", "ing", "ly", "nen", "o"],
    ["os", "r", "rn", "se", "x", "y"],
)
_TOLD_APART_BY_ACCENT: Final = frozenset(["qué", "où"])
"""Question words that are conjunctions without their accent."""


@lru_cache(maxsize=REMEMBERED)
def words_of(text: str) -> Words:
    """Split text into folded words; a name such as `t_100` stays whole.

    >>> words_of("Où est l'État n° t_100?")
    ('où', 'est', 'l', 'etat', 'n', 't_100')
    """
    return tuple(_folded(word) for word in _WORD.findall(unicodedata.normalize("NFC", text)))


def mentions(words: Sequence[str], phrase: Sequence[str]) -> bool:
    """Say whether a phrase stands in the words, each of its words whole but maybe inflected."""
    size = len(phrase)
    if not size or size > len(words):
        return False
    return any(
        all(same_word(words[at + step], phrase[step]) for step in range(size))
        for at in range(len(words) - size + 1)
    )


def same_word(one: str, other: str) -> bool:
    """Say whether two folded words are forms of one, or one is a compound that ends with the other.

    A word with a digit has no forms: `t_10` is not `t_100`, and `7b` is not `7bs`.

    >>> same_word("tickets", "ticket"), same_word("zieltemperatur", "temperatur")
    (True, True)
    >>> same_word("summary", "sum"), same_word("start", "art"), same_word("account", "count")
    (False, False, False)
    """
    if one == other:
        return True
    if not (one.isalpha() and other.isalpha()):
        return False
    return _inflected(one, other) or _compound(one, other)


def _inflected(one: str, other: str) -> bool:
    length = min(len(one), len(other))
    stem = next((at for at in range(length) if one[at] != other[at]), length)
    if stem < SHORT_STEM:
        return False
    ends = _ENDS_LONG if stem >= LONG_STEM else _ENDS_SHORT
    return one[stem:] in ends and other[stem:] in ends


def _compound(one: str, head: str) -> bool:
    return (
        len(head) >= COMPOUND_HEAD and len(one) >= len(head) + COMPOUND_LEAD and one.endswith(head)
    )


def _folded(word: str) -> str:
    lowered = word.casefold()
    if lowered.isascii() or lowered in _TOLD_APART_BY_ACCENT:
        return lowered
    parts = unicodedata.normalize("NFKD", lowered)
    return "".join(part for part in parts if not unicodedata.combining(part))
