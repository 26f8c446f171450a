"""Describe what a question can be about, and find it in what a question says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from harness.scoring import speech
from harness.scoring.wording import REMEMBERED, Words, mentions, words_of

SHORT_NAME: Final = 3
"""A name with fewer letters, such as `by`, is too common a word to show anything."""
CANDIDATES: Final = 2
"""So many values of a thing in one question make it a question about that thing."""
_UNIT = re.compile(r"_(?:c|cents|s|seconds|minutes|gb|id)$")
_TOKEN = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Hold a piece of text with its folded words."""

    text: str
    words: Words

    @classmethod
    def of(cls, text: str) -> Said:
        """Fold the words once."""
        return cls(text=text, words=words_of(text))

    @property
    def spaced(self) -> str:
        """Return the words between spaces, so that a phrase between spaces is found whole."""
        return f" {' '.join(self.words)} "

    @property
    def plain(self) -> bool:
        """Say whether no word tells what it is about."""
        return all(plain(word) for word in self.words)

    def has(self, phrases: Iterable[str]) -> bool:
        """Say whether one of some set phrases, which have no other forms, stands in it."""
        spaced = self.spaced
        return any(phrase in spaced for phrase in phrases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Describe one thing that can be asked for.

    Attributes:
        name: the input's name, such as `amount_cents`.
        phrases: how a question's text names it, folded.
        pattern: what its values look like; None where any word might be one.
        values: its values, folded, where they are few.
    """

    name: str
    phrases: tuple[Words, ...]
    pattern: re.Pattern[str] | None = None
    values: tuple[Words, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        words: tuple[str, ...] = (),
        *,
        pattern: str | None = None,
        values: tuple[str, ...] = (),
    ) -> Topic:
        """Fold a name and the words that show a question to be about it."""
        return cls(
            name=name,
            phrases=_phrases(name, words),
            pattern=None if pattern is None else _telling(pattern),
            values=tuple(words_of(value) for value in values),
        )

    def named_in(self, said: Said) -> bool:
        """Say whether a text names it: by a phrase, or by two of its values."""
        if any(mentions(said.words, phrase) for phrase in self.phrases):
            return True
        return self.values_in(said) >= CANDIDATES

    def values_in(self, said: Said) -> int:
        """Count its values in a text: those that are listed, or those of its form."""
        listed = sum(mentions(said.words, value) for value in self.values)
        if self.pattern is None:
            return listed
        formed = {it for it in _TOKEN.findall(said.text) if self.pattern.search(it)}
        return max(listed, len(formed))

    def called(self, name: str) -> bool:
        """Say whether a name in `asks_for` means it."""
        words, own = _name_words(name), _name_words(self.name)
        if words == own or mentions(words, own) or mentions(own, words):
            return True
        return any(mentions(words, phrase) for phrase in self.phrases)

    def leads(self, words: Words) -> bool:
        """Say whether words begin with one of its phrases."""
        return any(mentions(words[: len(phrase)], phrase) for phrase in self.phrases)


def plain(word: str) -> bool:
    """Say whether a word says nothing about what is asked for."""
    return word in speech.PLAIN or word in speech.PICKS or word in speech.MEASURES


def _name_words(name: str) -> Words:
    return words_of(name.replace("_", " "))


@lru_cache(maxsize=REMEMBERED)
def _phrases(name: str, words: tuple[str, ...]) -> tuple[Words, ...]:
    spoken = [words_of(word) for word in words]
    written = (name, _UNIT.sub("", name))
    spoken += [_name_words(it) for it in written if len(it) >= SHORT_NAME]
    return tuple(dict.fromkeys(spoken))


@lru_cache(maxsize=REMEMBERED)
def _telling(pattern: str) -> re.Pattern[str] | None:
    """Compile the form of an id; JSON Schema's dialect may know what Python's does not."""
    try:
        compiled = re.compile(pattern)
    except re.error:
        return None
    return None if compiled.search("word") else compiled
