"""Failures are spread and bounded, and the last one ends the work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.retry import DEFAULT_RETRIES, RetryPolicy

JITTER = st.floats(0, 1, exclude_max=True)


@given(errors=st.integers(1, 100), jitter=JITTER, after_s=st.none() | st.floats(0, 1e9))
def test_a_wait_is_bounded_or_the_end(errors: int, jitter: float, after_s: float | None) -> None:
    """No wait is longer than the cap, and after as many errors as allowed there is none."""
    wait_s = DEFAULT_RETRIES.wait_s(errors, jitter=jitter, after_s=after_s)

    assert (wait_s is None) == (errors >= DEFAULT_RETRIES.errors)
    assert wait_s is None or 0 <= wait_s <= DEFAULT_RETRIES.cap_s


def test_waits_grow_and_depend_on_chance() -> None:
    """Those who failed together come back apart."""
    policy = RetryPolicy(errors=10, base_s=1.0, cap_s=8.0)

    assert [policy.wait_s(errors, jitter=0.5) for errors in range(1, 6)] == [0.5, 1, 2, 4, 4]
    assert policy.wait_s(3, jitter=0.0) == 0.0


def test_who_asks_to_be_asked_later_is_not_asked_earlier() -> None:
    """The other side's wish comes first, and all whom it told so are spread behind it."""
    policy = RetryPolicy(errors=10, base_s=1.0, cap_s=100.0)

    assert policy.wait_s(1, jitter=0.0, after_s=30.0) == 30.0
    assert policy.wait_s(1, jitter=0.5, after_s=30.0) == 30.5
    assert policy.wait_s(1, jitter=0.5, after_s=-5.0) == 0.5
    assert policy.wait_s(1, jitter=0.5, after_s=1e6) == 100.0


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        pytest.param({"errors": 0}, "errors is 0", id="no try"),
        pytest.param({"base_s": 0.0}, "base_s is 0", id="no wait"),
        pytest.param({"base_s": 2.0, "cap_s": 1.0}, "cap_s is 1", id="cap below base"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(bounds: dict[str, float], message: str) -> None:
    """A wrong bound is told where it is written."""
    with pytest.raises(ValueError, match=message):
        RetryPolicy(**bounds)  # type: ignore[arg-type]  # a table of wrong values
