"""Say what a way of tampering is, and where it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.abuse.audit.forged_log import ForgedLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Name a way to tamper; `alone`: the export alone gives it away, at that very place."""

    name: str
    act: Callable[[ForgedLog], None]
    alone: bool = True


def other_hex(log: ForgedLog, text: str) -> str:
    """Return hex with one letter changed."""
    place = log.rng.randrange(len(text))
    letter = log.rng.choice([item for item in "0123456789abcdef" if item != text[place]])
    return text[:place] + letter + text[place + 1 :]
