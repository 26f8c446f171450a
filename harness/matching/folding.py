"""Reduce texts to what counts as the same, more or less far, before they are compared.

The text matchers of `harness.matching.matcher` use it; plain strings are never folded.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

FINAL_PUNCTUATION: Final = " .,;:!?…。！？"  # noqa: RUF001  # full-width marks end sentences too

_DROPPED: Final = re.compile(r"[ ,./\-_*^]")


def caseless(text: str) -> str:
    """Reduce a text to what a reader sees as the same: no case, single spaces, composed letters."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(composed.split())


def sentence(text: str) -> str:
    """Fold a text and drop what ends its last sentence, unless nothing else is there."""
    folded = caseless(text)
    return folded.rstrip(FINAL_PUNCTUATION) or folded


def bare(text: str) -> str:
    r"""Return the text in lower case, without spaces and , . / - _ * ^, with one kind of quote.

    It takes `-5` for `5` and `1/12` for `11/2`, so it is for answers that were written to be
    compared like this. Source: `standardize_string` of the Berkeley leaderboard's checker.

    >>> bare("April 1, 2024") == bare("april 1 2024")
    True
    """
    return _DROPPED.sub("", text).lower().replace("'", '"')
