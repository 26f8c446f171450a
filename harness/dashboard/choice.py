"""Read from an address which runs a page shows, and spell an address that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from harness.checks import Verdict
from harness.dashboard.card import RunCard, RunState

MOST_SHOWN: Final = 100
WORDS: Final = (
    *(verdict.value for verdict in Verdict),
    "not gated",
    *(state.value for state in RunState if state is not RunState.FINISHED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Hold the filters; empty ones let everything through.

    Attributes:
        model: a model's reference.
        verdict: one of `WORDS`.
        text: what must stand in a run's id, its date, or a model's name, in any case.
        all: show more than the first `MOST_SHOWN` runs.
    """

    model: str = ""
    verdict: str = ""
    text: str = ""
    all: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Choice:
        """Read an address; what it does not know it leaves out."""
        return cls(
            model=query.get("model", ""),
            verdict=query.get("verdict", ""),
            text=query.get("text", "").strip(),
            all=query.get("all", "") == "1",
        )

    @property
    def filters(self) -> bool:
        """Say whether anything is filtered out."""
        return bool(self.model or self.verdict or self.text)

    def takes(self, card: RunCard) -> bool:
        """Say whether a run is shown."""
        names = [item.model for item in card.models]
        if self.model and self.model not in names:
            return False
        if self.verdict and self.verdict != card.word:
            return False
        written = " ".join((card.run, card.folder or "", card.created, *names)).casefold()
        return all(word in written for word in self.text.casefold().split())

    def address(self, *, everything: bool = False) -> str:
        """Return the address of the list with these filters."""
        named = {"model": self.model, "verdict": self.verdict, "text": self.text}
        query = {name: value for name, value in named.items() if value}
        return "/?" + urlencode(query | ({"all": "1"} if everything else {}))


def models_of(cards: Iterable[RunCard]) -> list[str]:
    """Return the names of all models, sorted."""
    return sorted({item.model for card in cards for item in card.models})
