"""A circuit opens after failures in a row, lets one through later, and closes by success."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runtime.kit.clock import FixedClock
from runtime.services.models.breakers import FAILURES, MOST_CIRCUITS, OPEN_S, Breakers, Line

A = Line(organization_id="org_a", reference="test/a")
B = Line(organization_id="org_b", reference="test/a")


def a_clock() -> FixedClock:
    """Make a clock that stands still."""
    return FixedClock(datetime(2026, 1, 5, tzinfo=UTC))


def test_a_circuit_opens_once_after_failures_in_a_row() -> None:
    """For this organization; another one asks the same model on."""
    circuits = Breakers(monotonic_s=a_clock().monotonic_s)

    opened = [circuits.failed(A) for _ in range(FAILURES + 1)]

    assert opened == [*[False] * (FAILURES - 1), True, False]
    assert circuits.wait_s(A) == OPEN_S
    assert circuits.wait_s(B) == 0.0


def test_a_success_between_begins_anew() -> None:
    """Only failures in a row count."""
    circuits = Breakers(monotonic_s=a_clock().monotonic_s)
    for _ in range(FAILURES - 1):
        circuits.failed(A)

    assert circuits.succeeded(A) is False
    assert circuits.failed(A) is False
    assert circuits.wait_s(A) == 0.0


def test_after_a_while_one_is_let_through_and_others_wait_on() -> None:
    """Until it is answered."""
    clock = a_clock()
    circuits = Breakers(monotonic_s=clock.monotonic_s)
    for _ in range(FAILURES):
        circuits.failed(A)
    clock.advance(timedelta(seconds=OPEN_S))

    assert (circuits.wait_s(A), circuits.wait_s(A)) == (0.0, OPEN_S)
    assert circuits.failed(A) is False
    assert circuits.wait_s(A) == OPEN_S
    assert circuits.succeeded(A) is True
    assert circuits.wait_s(A) == 0.0


def test_no_more_circuits_are_held_than_fit() -> None:
    """The one that failed the longest ago goes."""
    circuits = Breakers(monotonic_s=a_clock().monotonic_s)
    for _ in range(FAILURES):
        circuits.failed(A)
    for number in range(MOST_CIRCUITS):
        circuits.failed(Line(organization_id=f"org_{number}", reference="test/a"))

    assert circuits.wait_s(A) == 0.0
