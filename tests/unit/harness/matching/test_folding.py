"""Prove which texts each folding takes for the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.matching.folding import bare, caseless, sentence


@pytest.mark.parametrize(
    ("fold", "text", "folded"),
    [
        pytest.param(caseless, " Two  Words. ", "two words.", id="case and space"),
        pytest.param(caseless, "e\u0301", "\u00e9", id="composed letters"),
        pytest.param(sentence, "Close it!? ", "close it", id="what ends a sentence"),
        pytest.param(sentence, "?!", "?!", id="nothing but punctuation"),
        pytest.param(bare, "A, b.c/d-e_f*g^h", "abcdefgh", id="the leaderboard's marks"),
        pytest.param(bare, "it's: (10)", 'it"s:(10)', id="other marks and one kind of quote"),
        pytest.param(bare, "a\tb", "a\tb", id="a tab is no space"),
    ],
)
def test_text_is_folded(fold: Callable[[str], str], text: str, folded: str) -> None:
    """Each folding drops what it names and nothing else."""
    assert fold(text) == folded
