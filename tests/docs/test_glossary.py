"""Hold the glossary to its own promise: one word, one line, easy to find."""

from pathlib import Path
from typing import Final

GLOSSARY: Final = Path(__file__).parents[2] / "docs" / "glossary.md"


def words() -> list[str]:
    """Read the words that the glossary explains, in its order."""
    rows = [
        line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| ")
    ]
    return [row.split("|")[1].strip() for row in rows[1:]]


def test_each_word_has_one_line() -> None:
    """A word explained twice would mean two things."""
    assert len(words()) == len(set(words()))


def test_words_stand_in_the_order_of_the_alphabet() -> None:
    """A reader finds a word without searching."""
    assert words() == sorted(words())
