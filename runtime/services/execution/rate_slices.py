"""Hand out room of rates that was lent to this process: most executions need no call.

A slice is room in one window, for a moment. Whoever counts holds all of it against everybody until
it is told what came of it: what was done, and what is under way. So no limit is ever passed,
whatever becomes of this process. How much is borrowed follows what is used; never more than a small
part of what is left, so that near its limit a rate is asked for plan by plan.

Pure but for the ids: time is told by who calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Final

from runtime.domain.shared_rates import RateCharge, RateClaim, RateGrant, RateStretch, RateWindow
from runtime.ports.shared_rates import LENT_S

SHARE: Final = 64
"""One part in so many of what is left is lent at most."""
LEAST: Final = 16
MOST: Final = 4096
"""How many steps are borrowed for a window, at first and at most."""
BUSY_S: Final = 1.0
"""A window that was asked for within this time is worth borrowing for."""
MOST_ORGANIZATIONS: Final = 1_000
MOST_WINDOWS: Final = 2_000
"""Of how many organizations, and windows of one, it is remembered how busy they are."""


@dataclass(slots=True, eq=False, kw_only=True)
class Slice:
    """Hold room of one window.

    Attributes:
        id: what who lent it knows it by.
        ends_s: when it is not handed out any more.
        since: an instant at which it was there already.
        free: what is left of it.
        under_way: what is handed out, and not settled.
        done: what was done of it.
        over: it was told of, and is not handed out any more.
    """

    id: str
    window: RateWindow
    units: int
    ends_s: float
    since: datetime
    free: int
    under_way: int = 0
    done: int = 0
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed(RateGrant):
    """Grant what was lent.

    Attributes:
        slices: from which it was taken, one a window.
    """

    slices: tuple[Slice, ...]


@dataclass(slots=True)
class _Demand:
    asked_s: float = -inf
    size: int = LEAST
    paused_s: float = 0.0


@dataclass(slots=True)
class _Held:
    slices: dict[RateWindow, Slice] = field(default_factory=dict)
    demands: dict[RateWindow, _Demand] = field(default_factory=dict)


class Slices:
    """Hold what was lent to each organization; belongs to one event loop."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        """Take what names a loan."""
        self._new_id = new_id
        self._held: dict[str, _Held] = {}

    def handed(self, organization_id: str, claim: RateClaim, *, now_s: float) -> Handed | None:
        """Grant a claim from what was lent; None: somebody has to be asked."""
        held = self._held.get(organization_id)
        if held is None:
            return None
        steps, found = claim.steps, []
        for window in claim.windows:
            piece = held.slices.get(window)
            if piece is None or piece.free < steps or now_s >= piece.ends_s:
                return None
            found.append(piece)
        for piece in found:
            piece.free -= steps
            piece.under_way += steps
        return Handed(steps=steps, slices=tuple(found))

    def settled(self, handed: Handed, *, done: int) -> list[RateCharge]:
        """Learn what was done of a grant, and return what is to be told of it at once."""
        steps, told = handed.steps, []
        for piece in handed.slices:
            piece.under_way -= steps
            piece.done += done
            piece.free += steps - done
            if piece.over and not piece.under_way:
                told.append(_charge(piece))
        return told

    def wanted(
        self, organization_id: str, claims: Iterable[RateClaim], *, now_s: float
    ) -> tuple[list[RateClaim], list[RateCharge]]:
        """Return loans to ask for together with claims that no slice has room for.

        Windows that are not busy are not worth it.

        Returns:
            The loans, and what is to be told of slices whose place they take.
        """
        held = self._of(organization_id)
        steps: dict[RateWindow, list[int]] = {}
        for claim in claims:
            for window in claim.windows:
                steps.setdefault(window, []).append(claim.steps)
        loans: list[RateClaim] = []
        told: list[RateCharge] = []
        for window, asked in steps.items():
            piece = held.slices.get(window)
            if piece is not None and now_s < piece.ends_s and piece.free >= max(asked):
                continue
            if piece is not None:
                told += self._ended(held, piece)
            demand = held.demands.get(window) or _remembered(held, window)
            busy = len(asked) > 1 or now_s - demand.asked_s < BUSY_S
            demand.asked_s = now_s
            if busy and now_s >= demand.paused_s:
                demand.size = min(max(demand.size, 2 * sum(asked)), MOST)
                loans.append(_loan(self._new_id(), window, demand.size))
        return loans, told

    def lent(
        self,
        organization_id: str,
        loans: Sequence[RateClaim],
        grants: Sequence[RateGrant],
        *,
        asked_s: float,
        now: datetime,
    ) -> list[Slice]:
        """Take what was lent, and return it.

        Args:
            organization_id: whose.
            loans: what was asked for.
            grants: what each was answered.
            asked_s: when it was asked for, at the earliest.
            now: an instant after the answer.
        """
        held = self._of(organization_id)
        new = [
            Slice(
                id=loan.outcome_id,
                window=loan.windows[0],
                units=grant.steps,
                ends_s=asked_s + LENT_S,
                since=now,
                free=grant.steps,
            )
            for loan, grant in zip(loans, grants, strict=True)
            if grant.steps
        ]
        held.slices.update((piece.window, piece) for piece in new)
        return new

    def ended(self, organization_id: str, piece: Slice) -> list[RateCharge]:
        """Hand a slice out no more, and return what is to be told of it, if that is not done."""
        return [] if piece.over else self._ended(self._held[organization_id], piece)

    def called_in(self, organization_id: str, windows: Iterable[RateWindow]) -> list[RateCharge]:
        """Hand out no more of windows, whatever they allow, and return what is to be told of it."""
        held = self._held.get(organization_id)
        if held is None or not held.slices:
            return []
        keys = {window.key for window in windows}
        found = [item for item in held.slices.values() if item.window.key in keys]
        return [charge for piece in found for charge in self._ended(held, piece)]

    def pause(self, organization_id: str, windows: Iterable[RateWindow], *, until_s: float) -> None:
        """Borrow nothing in windows for a while, so that who was refused can be told exactly."""
        held = self._of(organization_id)
        for window in windows:
            demand = held.demands.get(window) or _remembered(held, window)
            demand.paused_s = until_s

    def all_ended(self) -> Mapping[str, list[RateCharge]]:
        """Hand nothing out any more, and return what is to be told of it, by organization."""
        return {
            name: [it for piece in tuple(held.slices.values()) for it in self._ended(held, piece)]
            for name, held in self._held.items()
            if held.slices
        }

    def _of(self, organization_id: str) -> _Held:
        held = self._held.get(organization_id)
        if held is None:
            if len(self._held) >= MOST_ORGANIZATIONS:
                self._held = {name: item for name, item in self._held.items() if item.slices}
            held = self._held[organization_id] = _Held()
        return held

    def _ended(self, held: _Held, piece: Slice) -> list[RateCharge]:
        piece.over = True
        del held.slices[piece.window]
        demand = held.demands.get(piece.window)
        if demand is not None:
            demand.size = _next_size(demand.size, used=piece.units - piece.free)
        piece.free = 0
        return [_charge(piece)]


def unused(loan: RateClaim) -> RateCharge:
    """Return what is told of a loan whose answer got lost: nothing of it is handed out."""
    return RateCharge(outcome_id=loan.outcome_id, windows=loan.windows, done=0)


def _remembered(held: _Held, window: RateWindow) -> _Demand:
    if len(held.demands) >= MOST_WINDOWS:
        held.demands.clear()
    demand = held.demands[window] = _Demand()
    return demand


def _next_size(size: int, *, used: int) -> int:
    """Borrow twice as much after most of it was used, and half after little was."""
    if 4 * used >= 3 * size:
        return 2 * size
    return max(size // 2, LEAST) if 4 * used < size else size


def _loan(name: str, window: RateWindow, steps: int) -> RateClaim:
    whole = RateStretch(steps=steps, urgent=False)
    return RateClaim(outcome_id=name, windows=(window,), stretches=(whole,), share=SHARE)


def _charge(piece: Slice) -> RateCharge:
    return RateCharge(
        outcome_id=piece.id, windows=(piece.window,), done=piece.done, left=piece.under_way
    )
