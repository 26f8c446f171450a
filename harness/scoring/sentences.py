"""Take text apart into what asks in it, and tell how each sentence asks.

Judging is left to `harness.scoring.question`; the words by which people ask are in
`harness.scoring.speech`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from harness.scoring import speech
from harness.scoring.topic import Said, plain
from harness.scoring.wording import Words

FRONT: Final = 3
"""How many words in front of a part may hold a question word."""
STATEMENT_WORDS: Final = 4
_END: Final = r".!?;\n\u00bf\u00a1\u2026"
_SENTENCE = re.compile(rf"[^{_END}]+(?:(?<=\d)\.(?=\d)[^{_END}]+)*\??")
_PAUSE = re.compile(r"[,:\u2013\u2014]|\s-\s")
_PART = re.compile(
    rf"{_PAUSE.pattern}|[()]|\b(?:and|und|et|y|e|ed|or|oder|ou|o|oppure)\b", re.IGNORECASE
)


def asking_in(text: str) -> tuple[Said, ...]:
    """Return the sentences that ask: by a mark, a question word, or a request."""
    found: list[Said] = []
    for match in _SENTENCE.finditer(text):
        said = Said.of(match[0].strip())
        if said.words and _asks(said, after=text[match.end() : match.end() + 1]):
            found.append(said)
    return tuple(found)


def clauses_of(sentences: Iterable[Said]) -> Iterator[Said]:
    """Split sentences where a further question word begins a further question."""
    for said in sentences:
        clause: list[Said] = []
        for part in parts_of(said):
            if interrogative(part) and any(interrogative(before) for before in clause):
                yield _joined(clause)
                clause = []
            clause.append(part)
        yield _joined(clause)


def parts_of(said: Said) -> Iterator[Said]:
    """Split a sentence at its pauses and conjunctions."""
    for piece in _PART.split(said.text):
        part = Said.of(piece)
        if part.words:
            yield part


def interrogative(part: Said) -> bool:
    """Say whether a question word opens a part of a sentence, or stands anywhere if it is clear."""
    if picks_one(part) or any(word in speech.OPEN_IN_FRONT for word in part.words[:FRONT]):
        return True
    skipped = 1 if part.words[0] in speech.PREPOSITIONS else 0
    return any(word in speech.OPEN_AT_FIRST for word in part.words[skipped : skipped + 1])


def picks_one(part: Said) -> bool:
    """Say whether a part asks for one definite thing: which, when, how much."""
    if any(word in speech.PICKS for word in part.words):
        return True
    if any(word in speech.PICKS_IN_FRONT for word in part.words[:FRONT]):
        return True
    return any(
        word in speech.HOW and following in speech.MEASURES
        for word, following in pairwise(part.words)
    )


def wants_a_yes(said: Said) -> bool:
    """Say whether a sentence asks for agreement: by how it opens, or by the tag that ends it."""
    if any(interrogative(part) for part in parts_of(said)) or requests(said):
        return False
    return _tagged(said) or said.has(speech.CONSENT)


def offers_alternatives(said: Said) -> bool:
    """Say whether a sentence has an "or" that leads to something."""
    spaced = said.spaced
    for tail in speech.TAILS:
        spaced = spaced.removesuffix(tail)
    return any(word in speech.ALTERNATIVES for word in spaced.split())


def requests(said: Said) -> bool:
    """Say whether a sentence asks without being a question: "please tell me"."""
    return said.has(speech.REQUESTS)


def without_requests(said: Said) -> Words:
    """Return the words of a text without those that only request."""
    spaced = said.spaced
    for phrase in speech.REQUESTS:
        spaced = spaced.replace(phrase, " ")
    return tuple(spaced.split())


def subject_of(clause: Said) -> Words:
    """Return the words of a clause from the first one that tells what it is about."""
    start = next((at for at, word in enumerate(clause.words) if not plain(word)), None)
    return () if start is None else clause.words[start:]


def _asks(said: Said, *, after: str) -> bool:
    if requests(said):
        return True
    if said.text.endswith("?"):
        return not _states(said)
    return after not in {".", "!"} and interrogative(said)


def _states(said: Said) -> bool:
    """Say whether a sentence with a question mark is a statement all the same."""
    parts = tuple(parts_of(said))
    if wants_a_yes(said) or any(interrogative(part) for part in parts):
        return False
    if any(part.words[0] in speech.INVERTED for part in parts):
        return False
    first = said.words[0]
    if first in speech.FIRST_PERSON:
        return True
    if first not in speech.DEFINITE or len(said.words) < STATEMENT_WORDS:
        return False
    return not offers_alternatives(said) and any(word in speech.FINITE for word in said.words)


def _tagged(said: Said) -> bool:
    """Say whether a statement ends by asking for agreement, or whether that is all there is."""
    return Said.of(_PAUSE.split(said.text)[-1]).spaced in speech.TAGS


def _joined(parts: list[Said]) -> Said:
    words = tuple(word for part in parts for word in part.words)
    return Said(text=" , ".join(part.text for part in parts), words=words)
