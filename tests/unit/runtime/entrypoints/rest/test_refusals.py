"""An address that guesses is not listened to for a while, but for what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI, Request

from runtime.domain.errors import CredentialRefusedError
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.entrypoints.rest.refusals import Refusals, counted, holder_of
from runtime.kit.clock import FixedClock
from runtime.kit.rates import Rate

RATE = Rate(per_s=1, burst=2)


@pytest.fixture
def clock() -> FixedClock:
    """Give a clock that the test moves."""
    return FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


def a_request(refusals: Refusals, host: str | None = "192.0.2.1") -> Request:
    """Build a request from an address."""
    app = FastAPI()
    app.state.refusals = refusals
    client = None if host is None else (host, 4711)
    return Request({"type": "http", "app": app, "client": client, "headers": []})


def guess(request: Request, *, known: bool = False) -> None:
    """Bring a credential that opens nothing."""
    with counted(request, known=lambda: known):
        raise CredentialRefusedError


def test_one_guess_too_many_is_not_looked_at(clock: FixedClock) -> None:
    """It is told how long to wait, and then is looked at again."""
    request = a_request(Refusals(monotonic_s=clock.monotonic_s, rate=RATE))
    for _ in range(2):
        with pytest.raises(CredentialRefusedError):
            guess(request)

    with pytest.raises(ProblemError) as told:
        guess(request)
    clock.advance(timedelta(seconds=1))

    assert (told.value.code, told.value.status_code) == (ProblemCode.RATE_LIMITED, 429)
    assert told.value.headers == {"Retry-After": "1"}
    with pytest.raises(CredentialRefusedError):
        guess(request)


def test_what_is_known_passes_from_any_address(clock: FixedClock) -> None:
    """Others may sit behind it; only refusals are counted."""
    refusals = Refusals(monotonic_s=clock.monotonic_s, rate=RATE)
    request, passed = a_request(refusals), 0
    for _ in range(9):
        with counted(request, known=lambda: False):
            passed += 1
    for _ in range(3):
        with pytest.raises(CredentialRefusedError):
            guess(request, known=True)

    with counted(request, known=lambda: True):
        passed += 1
    with counted(a_request(refusals, "192.0.2.2"), known=lambda: False):
        passed += 1

    assert passed == 11


def test_other_failures_are_not_counted(clock: FixedClock) -> None:
    """As when the database is away."""
    request = a_request(Refusals(monotonic_s=clock.monotonic_s, rate=RATE))
    for _ in range(9):
        with pytest.raises(RuntimeError), counted(request, known=lambda: False):
            raise RuntimeError


def test_the_least_recent_addresses_are_forgotten(clock: FixedClock) -> None:
    """Memory is bounded."""
    refusals = Refusals(
        monotonic_s=clock.monotonic_s, rate=Rate(per_s=1, burst=1), most_addresses=2
    )
    for address in ("a", "b", "a", "c"):
        refusals.note(address)

    assert [refusals.wait_s(address) > 0 for address in ("a", "b", "c")] == [True, False, True]


@pytest.mark.parametrize(
    ("host", "holder"),
    [
        pytest.param("192.0.2.1", "192.0.2.1", id="IPv4"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="one of a network"),
        pytest.param("2001:db8:1:2::1", "2001:db8:1:2::/64", id="another of it"),
        pytest.param("::ffff:192.0.2.1", "::ffff:192.0.2.1", id="IPv4 in IPv6"),
        pytest.param("testclient", "testclient", id="no address"),
        pytest.param(None, "", id="a socket without one"),
    ],
)
def test_an_address_stands_for_who_holds_it(
    clock: FixedClock, host: str | None, holder: str
) -> None:
    """Nobody has a network of IPv6 for each guess."""
    request = a_request(Refusals(monotonic_s=clock.monotonic_s), host)

    assert holder_of(request) == holder
