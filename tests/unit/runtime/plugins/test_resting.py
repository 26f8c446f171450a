"""A plugin rests for whom it failed; for all only when it fails for several."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from runtime.plugins.resting import RestPace, Rests

PACE = RestPace(most_known=4)


@dataclass(slots=True)
class HandClock:
    """Give a time that a test moves on."""

    now_s: float = 1_000.0

    def monotonic_s(self) -> float:
        """Return the time."""
        return self.now_s


@pytest.fixture
def clock() -> HandClock:
    """Return the clock of the rests."""
    return HandClock()


@pytest.fixture
def rests(clock: HandClock) -> Rests:
    """Return a plugin's rests."""
    return Rests(PACE, monotonic_s=clock.monotonic_s)


def test_it_rests_for_whom_it_failed(rests: Rests, clock: HandClock) -> None:
    """Until the rest is over; others notice nothing."""
    rests.lost("acme", "it did not end in time")

    assert rests.why("acme") == (
        "it did not end in time; the plugin rests for this organization for 5 more seconds"
    )
    assert rests.why("blue") is None
    clock.now_s += PACE.rest_s
    assert rests.why("acme") is None


def test_one_organization_alone_never_takes_it_from_others(rests: Rests, clock: HandClock) -> None:
    """However often it fails, its own rests grow and no other's."""
    for _ in range(20):
        rests.lost("acme", "lost")
        rests.took("acme", 1.9)
        clock.now_s += PACE.longest_rest_s

        assert rests.why("blue") is None


def test_it_rests_for_all_when_it_failed_for_several(rests: Rests, clock: HandClock) -> None:
    """Within a minute; two are not several, and it takes several again afterwards."""
    rests.lost("acme", "lost")
    rests.lost("blue", "lost")
    assert rests.why("dune") is None
    rests.lost("coal", "lost")

    told = "it failed for 3 organizations; the plugin rests for 5 more seconds"
    assert rests.why("dune") == told
    clock.now_s += PACE.rest_s
    rests.lost("acme", "lost")
    assert rests.why("dune") is None


def test_failures_of_long_ago_are_not_added_up(rests: Rests, clock: HandClock) -> None:
    """Three organizations in three minutes are three accidents."""
    for organization in ("acme", "blue", "coal"):
        rests.lost(organization, "lost")
        clock.now_s += PACE.lately_s

    assert rests.why("dune") is None


def test_slow_calls_are_counted_for_whom_they_were(rests: Rests) -> None:
    """More than two seconds together rest it for that organization; fast ones never do."""
    for _ in range(1_000):
        rests.took("blue", PACE.slow_s)
    for _ in range(3):
        rests.took("acme", 0.9)

    assert "took too long together" in (rests.why("acme") or "")
    assert rests.why("blue") is None


def test_slow_calls_of_many_rest_it_for_all(clock: HandClock) -> None:
    """None of them used up its own; the loop is one. Afterwards all begin anew."""
    rests = Rests(RestPace(rest_s=1.0), monotonic_s=clock.monotonic_s)
    for organization in ("acme", "blue", "coal", "dune"):
        rests.took(organization, 1.9)

    assert rests.why("else") == (
        "its handlers took too long for many organizations; the plugin rests for 1 more seconds"
    )
    clock.now_s += 1.0
    rests.took("acme", 0.1)
    assert rests.why("else") is None


def test_allowances_come_back(rests: Rests, clock: HandClock) -> None:
    """A quarter of the time that passes."""
    for _ in range(10):
        rests.took("acme", 1.0)
        clock.now_s += 4.0

    assert rests.why("acme") is None


def test_what_can_not_be_started_rests_for_all(rests: Rests) -> None:
    """Nobody's inputs are to blame."""
    rests.broken("its process ended with exit code 1")

    assert rests.why("acme") == (
        "its process ended with exit code 1; the plugin rests for 5 more seconds"
    )


def test_no_more_organizations_are_remembered_than_said(rests: Rests, clock: HandClock) -> None:
    """The one that was longest without a fault is forgotten first."""
    rests.lost("acme", "lost")
    clock.now_s += PACE.lately_s + PACE.rest_s
    for number in range(PACE.most_known):
        rests.took(f"other-{number}", 0.1)
    rests.lost("acme", "lost")

    assert "for 5 more seconds" in (rests.why("acme") or "")  # twice as long, were it remembered
