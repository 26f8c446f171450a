"""Only listed origins are told that they may read."""

from __future__ import annotations

from runtime.entrypoints.rest.cors import Cors

OURS = b"https://console.example.com"


def test_a_listed_origin_is_named() -> None:
    """By itself, because cookies come along."""
    told = dict(Cors([OURS.decode()]).headers(OURS))

    assert told[b"access-control-allow-origin"] == OURS
    assert told[b"access-control-allow-credentials"] == b"true"
    assert b"X-Request-Id" in told[b"access-control-expose-headers"]


def test_other_origins_are_told_nothing_but_that_it_depends() -> None:
    """So that no cache hands the answer for one to another."""
    assert Cors([OURS.decode()]).headers(b"https://evil.example") == ((b"vary", b"Origin"),)
    assert Cors().headers(OURS) == ()


def test_only_a_browser_that_asks_first_is_answered_here() -> None:
    """Other requests go on to the routes."""
    cors = Cors([OURS.decode()])
    asked = [(b"origin", OURS), (b"access-control-request-method", b"POST")]

    answers = [
        cors.preflight({"method": method, "headers": headers})
        for method, headers in (("OPTIONS", asked), ("OPTIONS", asked[:1]), ("POST", asked))
    ]

    assert [answer and answer.status_code for answer in answers] == [204, None, None]
