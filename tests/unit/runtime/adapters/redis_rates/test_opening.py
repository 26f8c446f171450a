"""Counting rates is opened from addresses."""

from __future__ import annotations

import pytest

from runtime.adapters.redis_rates.opening import open_rates


@pytest.mark.parametrize(
    ("urls", "problem"),
    [
        pytest.param([], "no Redis address", id="none"),
        pytest.param(["redis://a", "redis://a"], "given twice", id="one twice"),
    ],
)
def test_addresses_that_are_none_are_refused(urls: list[str], problem: str) -> None:
    """What is wrong is said before anything is opened."""
    with pytest.raises(ValueError, match=problem):
        open_rates(urls)


async def test_nothing_is_opened_before_it_is_used() -> None:
    """A server that nobody asks need not be there."""
    rates = open_rates(["redis://127.0.0.1:1"])

    await rates.close()
