"""Tests of what a request says of itself."""

import pytest

from runtime.adapters.egress.headers import MOST_HEADERS, outgoing_headers
from runtime.adapters.egress.target import read_target
from runtime.kit.webhook_signature import signature_headers
from runtime.ports.effect_failure import PermanentError
from runtime.ports.egress import HttpCall
from tests.egress import NOW

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # the published example
URL = "https://a.example:8443/"


def written(call: HttpCall) -> dict[str, str]:
    """Return the headers of a call."""
    return dict(outgoing_headers(call, read_target(call.url), now=NOW))


def test_the_platform_says_where_to_and_that_it_unpacks_nothing() -> None:
    """Host is the name, also where the connection goes to an address."""
    headers = written(
        HttpCall(method="GET", url=URL, headers={"X-Team": "a b", "Accept": "text/x"})
    )

    assert headers == {
        "user-agent": "Plangate",
        "accept": "text/x",
        "x-team": "a b",
        "host": "a.example:8443",
        "accept-encoding": "identity",
    }


def test_a_signed_message_carries_its_signature() -> None:
    """The three headers are those of the specification, dated by the clock."""
    call = HttpCall(
        method="POST", url=URL, body=b"{}", signing_secrets=(SECRET,), message_id="job_1"
    )

    expected = signature_headers(
        b"{}", secrets=[SECRET], message_id="job_1", timestamp_s=int(NOW.timestamp())
    )
    assert written(call).items() >= expected.items()


def test_what_can_not_be_signed_is_not_sent() -> None:
    """A broken secret never leads to an unsigned message; it is not repeated."""
    call = HttpCall(method="POST", url=URL, signing_secrets=("hunter2",), message_id="job_1")

    with pytest.raises(PermanentError, match="can't be signed") as raised:
        written(call)
    assert "hunter2" not in raised.value.reason


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Content-Length",
        "transfer-encoding",
        "Connection",
        "Keep-Alive",
        "Upgrade",
        "Expect",
        "TE",
        "Trailer",
        "Accept-Encoding",
        "Proxy-Authorization",
        "Webhook-Signature",
        "webhook-id",
        "X-Forwarded-For",
        "HTTP2-Settings",
    ],
)
def test_what_frames_routes_or_signs_is_not_the_callers(name: str) -> None:
    """No caller can smuggle a second request or another host, or forge a signature."""
    with pytest.raises(PermanentError, match="set by the platform"):
        written(HttpCall(method="GET", url=URL, headers={name: "x"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nHost: b"),
        ("X-A", "a\nb"),
        ("X-A", "a\0b"),
        ("X-A", "\u00e9"),
        ("X-A", " a"),
        ("X-A", "a "),
        ("X-A\r\nHost", "a"),
        ("X A", "a"),
        ("X-A:", "a"),
        ("", "a"),
        ("X-\u00c9", "a"),
    ],
)
def test_what_could_split_a_request_is_refused(name: str, value: str) -> None:
    """Names are tokens, values are visible ASCII."""
    with pytest.raises(PermanentError, match="can't be sent"):
        written(HttpCall(method="GET", url=URL, headers={name: value}))


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({f"x-{number}": "a" for number in range(MOST_HEADERS + 1)}, "at most 32"),
        ({"x-a": "a" * 9_000}, "8192"),
        ({"X-A": "1", "x-a": "2"}, "twice"),
    ],
    ids=["many", "large", "twice"],
)
def test_headers_are_bounded_and_named_once(headers: dict[str, str], problem: str) -> None:
    """What is too much, or ambiguous, is refused before anything is sent."""
    with pytest.raises(PermanentError, match=problem):
        written(HttpCall(method="GET", url=URL, headers=headers))
