"""The spans of a lease fit into each other."""

from __future__ import annotations

import pytest

from runtime.adapters.redis_leases.timing import Timing


def test_a_tenure_counts_as_held_for_less_than_redis_keeps_it() -> None:
    """There is a margin, and two renewals may fail before the time is over."""
    timing = Timing(ttl_s=6.0)

    assert timing.renew_every_s == pytest.approx(2.0)
    assert 2 * timing.renew_every_s < timing.valid_s < timing.ttl_s
    assert timing.baton_valid_s < timing.baton_s < timing.ttl_s


@pytest.mark.parametrize(
    ("ttl_s", "answer_s", "message"),
    [
        pytest.param(0.05, 1.0, "ttl_s is 0.05, expected at least 0.1", id="time to live"),
        pytest.param(6.0, 0.0, "answer_s is 0.0, expected more than 0", id="time to answer"),
    ],
)
def test_spans_that_no_network_keeps_are_refused(
    ttl_s: float, answer_s: float, message: str
) -> None:
    """The message says which span, and what was expected."""
    with pytest.raises(ValueError, match=message):
        Timing(ttl_s=ttl_s, answer_s=answer_s)
