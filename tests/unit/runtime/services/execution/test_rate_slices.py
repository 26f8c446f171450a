"""What is lent is handed out once, for a moment, and all that became of it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Final

import pytest

from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_rates import (
    RateCharge,
    RateClaim,
    RateGrant,
    RateRefusal,
    RateStretch,
    RateWindow,
)
from runtime.ports.shared_rates import LENT_S
from runtime.services.execution.rate_slices import (
    BUSY_S,
    LEAST,
    MOST,
    MOST_ORGANIZATIONS,
    MOST_WINDOWS,
    SHARE,
    Handed,
    Slice,
    Slices,
    unused,
)

ORG: Final = "org_1"
NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
_NUMBERS: Final = count(1)


def a_window(subject: str = ORG, most: int = 10_000) -> RateWindow:
    """Build a window of a minute."""
    return RateWindow(
        scope=BudgetScope.ORGANIZATION,
        subject=subject,
        measure=LimitMeasure.PER_MINUTE,
        most=most,
    )


WIDE: Final = a_window()
NARROW: Final = a_window("prj_1")


def a_claim(steps: int = 1, *windows: RateWindow) -> RateClaim:
    """Build a claim, by default in one window."""
    return RateClaim(
        outcome_id=f"out_{next(_NUMBERS)}",
        windows=windows or (WIDE,),
        stretches=(RateStretch(steps=steps, urgent=False),),
    )


def some_slices() -> Slices:
    """Build slices of nothing yet."""
    return Slices(lambda: f"slice_{next(_NUMBERS)}")


def lent(slices: Slices, units: int, *windows: RateWindow, at_s: float = 100.0) -> list[Slice]:
    """Let two claims at once make windows busy, and lend so much in each."""
    asked = [a_claim(1, *windows), a_claim(1, *windows)]
    loans, _ = slices.wanted(ORG, asked, now_s=at_s)
    return slices.lent(ORG, loans, [RateGrant(steps=units)] * len(loans), asked_s=at_s, now=NOW)


def handed(slices: Slices, claim: RateClaim, at_s: float = 100.0) -> Handed:
    """Hand out what there must be."""
    found = slices.handed(ORG, claim, now_s=at_s)
    assert found is not None
    return found


def told(charges: Sequence[RateCharge]) -> list[tuple[int, int]]:
    """Return what is told: done, and left."""
    return [(charge.done, charge.left) for charge in charges]


def test_nothing_is_handed_out_that_was_not_lent() -> None:
    """Not before, not to others, and not more."""
    slices = some_slices()
    assert slices.handed(ORG, a_claim(), now_s=100.0) is None
    lent(slices, 3)

    assert slices.handed("org_2", a_claim(), now_s=100.0) is None
    assert slices.handed(ORG, a_claim(1, NARROW), now_s=100.0) is None
    assert slices.handed(ORG, a_claim(4), now_s=100.0) is None
    assert handed(slices, a_claim(3)).steps == 3
    assert slices.handed(ORG, a_claim(1), now_s=100.0) is None


def test_a_slice_ends() -> None:
    """It may be handed out for so long from when it was asked for."""
    slices = some_slices()
    lent(slices, 9)

    assert slices.handed(ORG, a_claim(), now_s=100.0 + LENT_S) is None
    assert slices.handed(ORG, a_claim(), now_s=99.99 + LENT_S) is not None


def test_every_window_has_to_have_room() -> None:
    """What is taken of one is taken of all, or of none."""
    slices = some_slices()
    wide, narrow = lent(slices, 5, WIDE, NARROW)
    narrow.free = 1

    assert slices.handed(ORG, a_claim(2, WIDE, NARROW), now_s=100.0) is None
    assert (wide.free, narrow.free) == (5, 1)
    assert handed(slices, a_claim(1, WIDE, NARROW)).slices == (wide, narrow)
    assert (wide.free, narrow.free) == (4, 0)


def test_what_was_not_done_can_be_handed_out_again() -> None:
    """As long as the slice lasts; nothing has to be told."""
    slices = some_slices()
    (piece,) = lent(slices, 3)

    assert slices.settled(handed(slices, a_claim(3)), done=1) == []

    assert (piece.free, piece.done, piece.under_way) == (2, 1, 0)


def test_what_is_under_way_when_a_slice_ends_is_told_of_twice() -> None:
    """What is reserved stays reserved until it is known what was done."""
    slices = some_slices()
    (piece,) = lent(slices, 9)
    first, second, third = (handed(slices, a_claim(2)) for _ in range(3))
    slices.settled(first, done=2)

    assert told(slices.ended(ORG, piece)) == [(2, 4)]
    assert told(slices.settled(second, done=1)) == []
    assert told(slices.settled(third, done=2)) == [(5, 0)]
    assert slices.ended(ORG, piece) == []
    assert slices.handed(ORG, a_claim(), now_s=100.0) is None


def test_a_loan_is_known_by_its_name() -> None:
    """Who lent it is told of that one, in its window."""
    slices = some_slices()
    (piece,) = lent(slices, 9)

    (charge,) = slices.ended(ORG, piece)

    assert (charge.outcome_id, charge.windows) == (piece.id, (WIDE,))
    assert unused(a_claim(7)).done == 0


def test_what_is_free_is_called_in() -> None:
    """Of the windows that are named, whatever they allow by now."""
    slices = some_slices()
    lent(slices, 9, WIDE, NARROW)
    raised = a_window(most=20_000)

    assert told(slices.called_in(ORG, [raised])) == [(0, 0)]

    assert slices.called_in(ORG, [WIDE]) == []
    assert slices.called_in("org_2", [WIDE]) == []
    assert slices.handed(ORG, a_claim(), now_s=100.0) is None
    assert slices.handed(ORG, a_claim(1, NARROW), now_s=100.0) is not None


def test_what_is_used_up_is_called_in_as_well() -> None:
    """Nothing comes back of it, so that nobody waits for it."""
    slices = some_slices()
    lent(slices, 2)
    handed(slices, a_claim(2))

    assert told(slices.called_in(ORG, [WIDE])) == [(0, 2)]


def test_everything_is_told_at_the_end() -> None:
    """Of each organization; of what is used up as well."""
    slices = some_slices()
    lent(slices, 9, WIDE, NARROW)
    slices.settled(handed(slices, a_claim(9)), done=9)

    found = slices.all_ended()

    assert {name: told(charges) for name, charges in found.items()} == {ORG: [(9, 0), (0, 0)]}
    assert slices.all_ended() == {}


@pytest.mark.parametrize(
    ("asked_before_s", "at_once", "borrows"),
    [
        pytest.param(None, 1, False, id="asked for once"),
        pytest.param(None, 2, True, id="two at once"),
        pytest.param(BUSY_S * 0.9, 1, True, id="a moment after another"),
        pytest.param(BUSY_S, 1, False, id="long after another"),
    ],
)
def test_only_what_is_busy_is_worth_borrowing_for(
    asked_before_s: float | None, at_once: int, *, borrows: bool
) -> None:
    """Who comes now and then asks for what they need, which costs less."""
    slices = some_slices()
    if asked_before_s is not None:
        slices.wanted(ORG, [a_claim()], now_s=100.0 - asked_before_s)

    loans, charges = slices.wanted(ORG, [a_claim() for _ in range(at_once)], now_s=100.0)

    assert bool(loans) is borrows
    assert charges == []


def test_a_loan_asks_for_a_part_of_what_is_left() -> None:
    """In one window, and not more than is used."""
    slices = some_slices()

    loans, _ = slices.wanted(ORG, [a_claim(1, WIDE, NARROW), a_claim(1, WIDE)], now_s=100.0)

    (loan,) = loans
    assert (loan.windows, loan.steps, loan.share) == ((WIDE,), LEAST, SHARE)


def test_a_slice_with_room_stays() -> None:
    """Another window lacked room; what lacks itself is told of, and asked for anew."""
    slices = some_slices()
    wide, narrow = lent(slices, 9, WIDE, NARROW)
    narrow.free = 0
    narrow.done = 9

    loans, charges = slices.wanted(ORG, [a_claim(2, WIDE, NARROW)], now_s=100.1)

    assert [loan.windows for loan in loans] == [(NARROW,)]
    assert told(charges) == [(9, 0)]
    assert handed(slices, a_claim(9)).slices == (wide,)


def test_a_slice_that_ended_makes_room_for_another() -> None:
    """It is told of with the question."""
    slices = some_slices()
    (piece,) = lent(slices, 9)

    loans, charges = slices.wanted(ORG, [a_claim()], now_s=100.0 + LENT_S)

    assert (len(loans), told(charges)) == (1, [(0, 0)])
    assert piece.over


def test_as_much_is_borrowed_as_is_used() -> None:
    """Twice as much after most of it was used, half after little was; between two bounds."""
    slices = some_slices()
    sizes = []
    for used_of_four in (4, 3, 2, 0, 0, 0):
        loans, _ = slices.wanted(ORG, [a_claim(), a_claim()], now_s=100.0)
        sizes.append(loans[0].steps)
        (piece,) = slices.lent(ORG, loans, [RateGrant(steps=4)], asked_s=100.0, now=NOW)
        piece.units = loans[0].steps
        piece.free = piece.units - piece.units * used_of_four // 4
        slices.ended(ORG, piece)

    assert sizes == [LEAST, 2 * LEAST, 4 * LEAST, 4 * LEAST, 2 * LEAST, LEAST]


def test_never_more_than_a_bound_is_borrowed() -> None:
    """However much is used."""
    slices, sizes = some_slices(), []
    for _ in range(20):
        loans, _ = slices.wanted(ORG, [a_claim(), a_claim()], now_s=100.0)
        sizes.append(loans[0].steps)
        grant = RateGrant(steps=sizes[-1])
        (piece,) = slices.lent(ORG, loans, [grant], asked_s=100.0, now=NOW)
        handed(slices, a_claim(grant.steps))
        slices.ended(ORG, piece)

    assert max(sizes) == sizes[-1] == MOST


def test_nothing_is_borrowed_while_somebody_waits_to_be_told() -> None:
    """In the window that refused, for as long as it is paused."""
    slices = some_slices()
    slices.pause(ORG, [WIDE], until_s=100.5)

    paused, _ = slices.wanted(ORG, [a_claim(), a_claim()], now_s=100.4)
    after, _ = slices.wanted(ORG, [a_claim(), a_claim()], now_s=100.5)

    assert (len(paused), len(after)) == (0, 1)


def test_what_is_not_lent_is_no_slice() -> None:
    """Nothing was left to lend."""
    slices = some_slices()

    assert lent(slices, 0) == []


def test_what_is_remembered_is_bounded() -> None:
    """How busy windows and organizations are; what is lent is not forgotten."""
    slices = some_slices()
    lent(slices, 9)
    for number in range(MOST_ORGANIZATIONS + 5):
        slices.wanted(f"org_{number + 2}", [a_claim()], now_s=100.0)
    for number in range(MOST_WINDOWS + 5):
        slices.wanted(ORG, [a_claim(1, a_window(f"prj_{number}"))], now_s=100.0)

    assert len(slices._held) <= MOST_ORGANIZATIONS  # noqa: SLF001  # nothing else tells
    assert len(slices._held[ORG].demands) <= MOST_WINDOWS  # noqa: SLF001
    assert slices.handed(ORG, a_claim(9), now_s=100.0) is not None


def test_a_grant_of_a_slice_is_a_grant() -> None:
    """The engine sees no difference."""
    slices = some_slices()
    lent(slices, 2)

    grant = handed(slices, a_claim(2))

    assert (grant.steps, grant.refusal) == (2, None)
    assert isinstance(grant, RateGrant)
    assert RateRefusal(window=WIDE, used=1, wanted=1, free_at=None).returns_in_s is None
