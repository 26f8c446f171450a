"""Prove that no process answers more at once than it may."""

from __future__ import annotations

import pytest

from runtime.domain.errors import TurnsBusyError
from runtime.services.conversations.places import (
    MOST_AT_ONCE,
    MOST_BYTES_AT_ONCE,
    MOST_OF_ORGANIZATION,
    Place,
    Places,
)


def a_place(number: int = 0, *, size_bytes: int = 0) -> Place:
    """Build a place of one of many organizations."""
    return Place(organization_id=f"org_{number}", size_bytes=size_bytes)


def test_an_organization_takes_no_more_than_its_part() -> None:
    """Another one still finds a place, and a place that is given back is free."""
    places = Places()
    for _ in range(MOST_OF_ORGANIZATION):
        places.take(a_place())

    with pytest.raises(TurnsBusyError, match="your organization has 50 under way"):
        places.take(a_place())

    places.take(a_place(1))
    places.give_back(a_place())
    places.take(a_place())


def test_a_process_answers_a_number_of_turns() -> None:
    """Whoever asks."""
    places = Places()
    for number in range(MOST_AT_ONCE):
        places.take(a_place(number))

    with pytest.raises(TurnsBusyError, match="this process answers 200 already"):
        places.take(a_place(MOST_AT_ONCE))

    places.give_back(a_place(7))
    places.take(a_place(MOST_AT_ONCE))


def test_the_files_of_all_turns_are_bounded() -> None:
    """To the byte; a message without any still goes through."""
    places, half = Places(), MOST_BYTES_AT_ONCE // 2
    places.take(a_place(1, size_bytes=half))
    places.take(a_place(2, size_bytes=half - 1))

    with pytest.raises(TurnsBusyError, match="the files under way have 499999999 bytes"):
        places.take(a_place(3, size_bytes=2))

    places.take(a_place(3, size_bytes=1))
    places.take(a_place(3))
    places.give_back(a_place(1, size_bytes=half))
    places.take(a_place(3, size_bytes=half))


def test_a_process_that_ends_takes_nothing_more() -> None:
    """Whoever asks is told so."""
    places = Places()

    places.end()

    with pytest.raises(TurnsBusyError, match="the process ends"):
        places.take(a_place())
