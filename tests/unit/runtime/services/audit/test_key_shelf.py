"""Keys are held for a short while, and no more of them than there is room for."""

from __future__ import annotations

from datetime import timedelta

from runtime.domain.audit_sealing import SubjectKey
from runtime.kit.clock import FixedClock
from runtime.services.audit.key_shelf import FRESH_S, HeldKey, KeyShelf
from tests.audit_keys import ADA, EVE, NOVEMBER


def a_held(number: int, *, subject: str = ADA, organization: str = "org") -> HeldKey:
    """Build a key of a month that is named by the number."""
    return HeldKey(
        organization_id=organization,
        subject=subject,
        period=f"2026-{number:02}",
        key=SubjectKey(id=f"apk_{organization}_{subject}_{number}", value=bytes([number]) * 32),
    )


def a_shelf(clock: FixedClock, *, most: int = 3) -> KeyShelf:
    """Build a shelf with little room."""
    return KeyShelf(monotonic_s=clock.monotonic_s, most=most)


def test_a_key_is_found_by_what_it_is_of_and_by_its_id_until_it_is_too_old() -> None:
    """However often it is used: its destruction elsewhere has to be noticed."""
    clock = FixedClock(NOVEMBER)
    shelf, held = a_shelf(clock), a_held(1)
    shelf.keep(held)

    clock.advance(timedelta(seconds=FRESH_S - 0.001))
    assert shelf.of("org", ADA, "2026-01") is held.key
    assert shelf.with_id("org", held.key.id) is held.key
    assert shelf.with_id("another", held.key.id) is None
    clock.advance(timedelta(seconds=0.001))
    assert shelf.of("org", ADA, "2026-01") is None
    assert shelf.with_id("org", held.key.id) is None


def test_the_key_that_was_used_the_longest_ago_makes_room() -> None:
    """Not the one that was kept first."""
    shelf = a_shelf(FixedClock(NOVEMBER))
    for number in (1, 2, 3):
        shelf.keep(a_held(number))
    shelf.of("org", ADA, "2026-01")
    shelf.keep(a_held(4))

    kept = [number for number in range(1, 5) if shelf.of("org", ADA, f"2026-{number:02}")]
    assert kept == [1, 3, 4]


def test_another_key_of_the_same_month_takes_the_place_of_the_one_before() -> None:
    """The one before was destroyed."""
    shelf, before = a_shelf(FixedClock(NOVEMBER)), a_held(1)
    after = HeldKey(
        organization_id="org",
        subject=ADA,
        period=before.period,
        key=SubjectKey(id="apk_after", value=b"a" * 32),
    )
    shelf.keep(before)
    shelf.keep(after)
    shelf.keep(after)

    assert shelf.of("org", ADA, before.period) is after.key
    assert shelf.with_id("org", before.key.id) is None


def test_what_is_forgotten_is_of_one_subject_or_of_one_organization() -> None:
    """And of nobody else."""
    shelf = a_shelf(FixedClock(NOVEMBER), most=10)
    ada, eve = a_held(1), a_held(1, subject=EVE)
    other = a_held(1, organization="other")
    for held in (ada, eve, other):
        shelf.keep(held)

    shelf.forget("org", ADA)
    assert shelf.of("org", ADA, "2026-01") is None
    assert shelf.of("org", EVE, "2026-01") is eve.key
    shelf.forget("org", None)
    assert shelf.of("org", EVE, "2026-01") is None
    assert shelf.of("other", ADA, "2026-01") is other.key
