"""Spell the lines of a run's journal and add up what they say; `journal` reads and writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from harness.budget import NOTHING, Spend
from harness.cassette.tape import NEWER, Call, FormError
from harness.trial import TrialKey
from runtime.public import JsonObject, JsonValue, Price

JOURNAL_VERSION: Final = 1


@dataclass(slots=True, kw_only=True)
class Pages:
    """Hold what the lines of a journal amount to.

    Attributes:
        calls: by trial and position, the last one each.
        replaced: calls that a later one took the place of; they were paid for.
        held: worst cases that were set aside and not settled, by number.
        failed: what calls without an answer used.
        next_number: of the next reservation.
    """

    calls: dict[tuple[TrialKey, int], CallLine] = field(default_factory=dict)
    replaced: list[CallLine] = field(default_factory=list)
    held: dict[int, Spend] = field(default_factory=dict)
    failed: Spend = NOTHING
    next_number: int = 0

    def spent(self, prices: Mapping[str, Price | None]) -> Spend:
        """Return what all of it cost; what is held counts in full."""
        total = self.failed
        for worst in self.held.values():
            total = total.plus(worst)
        for line in (*self.replaced, *self.calls.values()):
            total = total.plus(line.spent(prices))
        return total


class Line(Protocol):
    """Say one thing about a run's calls."""

    def document(self) -> JsonObject:
        """Return the line as JSON."""
        ...

    def enter(self, pages: Pages) -> None:
        """Add what the line says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """Keep an answered call.

    Attributes:
        settled: what a budget settled for it; None when none watched.
        reservation: the number of what was set aside for it.
    """

    call: Call
    settled: Spend | None
    reservation: int | None

    def document(self) -> JsonObject:
        """Return the line as JSON."""
        return {
            "journal": JOURNAL_VERSION,
            "call": self.call.document(),
            "settled": None if self.settled is None else _pair(self.settled),
            "reservation": self.reservation,
        }

    def enter(self, pages: Pages) -> None:
        """Keep the call and settle what was set aside for it."""
        place = (self.call.key, self.call.position)
        if place in pages.calls:
            pages.replaced.append(pages.calls[place])
        pages.calls[place] = self
        if self.reservation is not None:
            pages.held.pop(self.reservation, None)

    def spent(self, prices: Mapping[str, Price | None]) -> Spend:
        """Return what the call cost, by a price where nobody settled it or said so."""
        if self.settled is not None:
            return self.settled
        usage, cost = self.call.completion.usage, self.call.completion.cost_micros
        price = prices.get(self.call.key.model)
        if cost is None:
            cost = 0 if price is None else price.micros(usage)
        return Spend(tokens=usage.prompt + usage.completion, cost_micros=cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveLine:
    """Set the worst case of a call aside before it is made."""

    number: int
    worst: Spend

    def document(self) -> JsonObject:
        """Return the line as JSON."""
        return {"journal": JOURNAL_VERSION, "reserve": self.number, "worst": _pair(self.worst)}

    def enter(self, pages: Pages) -> None:
        """Hold it."""
        pages.held[self.number] = self.worst
        pages.next_number = max(pages.next_number, self.number + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleLine:
    """Settle a call that got no answer."""

    number: int
    actual: Spend

    def document(self) -> JsonObject:
        """Return the line as JSON."""
        return {"journal": JOURNAL_VERSION, "settle": self.number, "actual": _pair(self.actual)}

    def enter(self, pages: Pages) -> None:
        """Count what it used in the place of what was held."""
        pages.held.pop(self.number, None)
        pages.failed = pages.failed.plus(self.actual)


def line_from(document: JsonValue) -> Line:
    """Read a line back.

    Raises:
        FormError: it is no line of a journal, or one of another version.
    """
    if not isinstance(document, dict) or "journal" not in document:
        raise FormError("expected an object with its version under 'journal'")
    version = document["journal"]
    if version != JOURNAL_VERSION:
        raise FormError(f"version {version}, expected {JOURNAL_VERSION}: {NEWER}")
    for name, reader in _READERS:
        if name in document:
            try:
                return reader(document)
            except (KeyError, TypeError, ValueError) as error:
                raise FormError(f"{type(error).__name__}: {error}") from error
    raise FormError("it says neither call, reserve nor settle")


def _call(document: JsonObject) -> Line:
    settled, reservation = document["settled"], document["reservation"]
    return CallLine(
        call=Call.from_document(document["call"]),
        settled=None if settled is None else _spend(settled),
        reservation=None if reservation is None else int(reservation),
    )


def _reserve(document: JsonObject) -> Line:
    return ReserveLine(number=int(document["reserve"]), worst=_spend(document["worst"]))


def _settle(document: JsonObject) -> Line:
    return SettleLine(number=int(document["settle"]), actual=_spend(document["actual"]))


def _pair(spend: Spend) -> list[int]:
    return [spend.tokens, spend.cost_micros]


def _spend(pair: JsonValue) -> Spend:
    tokens, cost_micros = pair
    return Spend(tokens=int(tokens), cost_micros=int(cost_micros))


_READERS: Final[tuple[tuple[str, Callable[[JsonObject], Line]], ...]] = (
    ("call", _call),
    ("reserve", _reserve),
    ("settle", _settle),
)
