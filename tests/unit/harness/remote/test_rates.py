"""Prove that no provider is asked more than it allows, and that nobody waits for ever."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.remote.link import Link
from harness.remote.rates import Grant, Pace, Rate, RateError, pace_of, read_rate, read_rates

START_US = 1_700_000_000_000_000
MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Describe one request: when it comes after the last, the most it may use, and what it does."""

    after_us: int
    most: int
    used: int
    corrected: bool


ASKINGS = st.lists(
    st.builds(
        lambda after, most, share, corrected: Asking(
            after_us=after, most=most, used=int(most * share), corrected=corrected
        ),
        st.sampled_from([0, 1, 1_000, 400_000, 3_000_000, 45_000_000]),
        st.integers(min_value=1, max_value=4_000),
        st.floats(min_value=0, max_value=1),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)
RATES = st.builds(
    lambda requests, tokens: Rate(requests=requests, tokens=tokens),
    st.sampled_from([1, 30, 600]),
    st.sampled_from([0, 600, 60_000]),
)


@dataclass(kw_only=True)
class Provider:
    """Remember what it was asked."""

    served: list[tuple[int, int]] = field(default_factory=list)

    def most_in(self, *, tokens: bool, rate: float, burst: float) -> None:
        """Check every span between two requests."""
        for first, last in combinations_with_replacement(range(len(self.served)), 2):
            span = self.served[first : last + 1]
            total = sum(used if tokens else 1 for _, used in span)
            allowed = rate * (span[-1][0] - span[0][0]) / MINUTE_US + burst
            assert total <= allowed + 1e-3


@settings(max_examples=60)
@given(rate=RATES, askings=ASKINGS)
def test_no_span_holds_more_than_the_rate_and_one_burst(
    server: str, rate: Rate, askings: list[Asking]
) -> None:
    """Whatever is asked, corrected and waited for, and whenever."""
    provider = Provider()

    asyncio.run(_asked(server, rate, askings, provider))

    provider.most_in(tokens=False, rate=rate.requests, burst=max(1, rate.requests / 60))
    if rate.tokens:
        largest = max(asking.most for asking in askings)
        burst = max(1, rate.tokens / 60, largest)
        provider.most_in(tokens=True, rate=rate.tokens, burst=burst)


async def _asked(server: str, rate: Rate, askings: list[Asking], provider: Provider) -> None:
    """Ask in turn; who is told to wait comes back when it was told, and is let through."""
    link, now_us = Link(server), START_US
    await link.do("FLUSHALL")
    pace = Pace(link, {"m": rate}, now_us=lambda: now_us)
    pending: list[tuple[Grant, int]] = []
    for asking in askings:
        now_us += asking.after_us
        found = await pace.take(asking.most)
        if not isinstance(found, Grant):
            now_us += round(found * 1e6) + 1
            found = await pace.take(asking.most)
        assert isinstance(found, Grant)
        provider.served.append((now_us, asking.used))
        pending.append((found, asking.used))
        if asking.corrected:
            for grant, used in pending:
                await pace.correct(grant, used)
            pending.clear()
    await link.close()


async def test_machines_share_a_bucket_and_either_bound_holds_a_request_back(link: Link) -> None:
    """Nothing is taken from one bucket while another one is empty."""
    limits = {"openai/x": Rate(requests=60), "openai": Rate(requests=1)}
    here = Pace(link, limits, now_us=lambda: START_US)
    there = Pace(link, limits, now_us=lambda: START_US)
    other = Pace(link, {"openai/x": Rate(requests=60)}, now_us=lambda: START_US + 1_000_000)

    assert isinstance(await here.take(5), Grant)
    assert await there.take(5) == pytest.approx(60)
    assert isinstance(await other.take(5), Grant)


async def test_what_was_not_used_is_given_back(link: Link) -> None:
    """An upper bound that was far too high does not cost minutes."""
    pace = Pace(link, {"m": Rate(requests=6_000, tokens=600)}, now_us=lambda: START_US)
    grant = await pace.take(300)
    assert isinstance(grant, Grant)
    assert await pace.take(10) == pytest.approx(30)

    await pace.correct(grant, 5)

    assert await pace.take(10) == pytest.approx(0.5)


async def test_what_was_used_beyond_is_taken(link: Link) -> None:
    """A bound that was too low is made up for."""
    pace = Pace(link, {"m": Rate(requests=6_000, tokens=600)}, now_us=lambda: START_US)
    grant = await pace.take(10)
    assert isinstance(grant, Grant)

    await pace.correct(grant, 110)

    assert await pace.take(10) == pytest.approx(11)


async def test_a_turn_comes_by_the_servers_clock(link: Link) -> None:
    """Who waits says so, and is let through."""
    pace, naps = Pace(link, {"m": Rate(requests=600)}), list[int]()

    async def waiting() -> None:
        naps.append(1)

    for _ in range(11):
        await pace.turn(1, waiting=waiting)

    assert naps


def test_a_model_is_paced_by_its_own_rate_and_by_its_providers() -> None:
    """Options of a reference do not matter; a model without a rate is not paced."""
    link, rate = Link("redis://127.0.0.1:1/0"), Rate(requests=1)

    assert pace_of(link, "openai/x?tools=json", {"openai/x": rate}) is not None
    assert pace_of(link, "openai/x", {"openai": rate}) is not None
    assert pace_of(link, "openai/x", {"openai/y": rate}) is None


@pytest.mark.parametrize(
    "text", ["openai/x", "openai/x=", "openai/x=0", "openai/x=5,0", "=5", "openai/x=-1", "a/b=1,x"]
)
def test_a_rate_that_can_not_be_read_is_refused(text: str) -> None:
    """The message shows how to write it."""
    with pytest.raises(RateError, match="expected MODEL=RPM"):
        read_rate(text)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param(["openai/y=5"], "meets no model", id="nobody is asked that"),
        pytest.param(["openai/x=5", "openai/x=6"], "given twice", id="twice"),
    ],
)
def test_rates_must_meet_the_run(written: list[str], said: str) -> None:
    """A slip of the pen does not end in an unpaced run."""
    with pytest.raises(RateError, match=said):
        read_rates(written, ["openai/x?tools=json"])

    assert read_rates(["openai=5,7"], ["openai/x"]) == {"openai": Rate(requests=5, tokens=7)}
