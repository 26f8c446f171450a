"""An endpoint's owner may have headers sent along, but none that is the platform's to set."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.adapters.egress.headers import outgoing_headers
from runtime.adapters.egress.target import read_target
from runtime.domain.webhook_headers import headers_problem
from runtime.ports.egress import HttpCall

FINE = [
    {},
    {"Authorization": "Bearer a.b-c_d~e+f/g="},
    {"x-team": "a b  c", "X-Empty": ""},
    {f"x-{number}": "v" for number in range(20)},
    {"x-long": "v" * 4_090},
    {"user-agent": "ours", "cookie": "a=b"},
]


@pytest.mark.parametrize("headers", FINE)
def test_what_is_fine_leaves_the_platform(headers: dict[str, str]) -> None:
    """The one way out, which judges again, takes it beside what we add."""
    url = "https://hooks.example.com/"
    sent = {**headers, "content-type": "application/json"}

    assert headers_problem(headers) is None
    assert outgoing_headers(
        HttpCall(method="POST", url=url, headers=sent),
        read_target(url),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "private"}, id="where it goes"),
        pytest.param({"Transfer-Encoding": "private"}, id="how it is framed"),
        pytest.param({"Content-Length": "private"}, id="how long it is"),
        pytest.param({"content-type": "private"}, id="what it is"),
        pytest.param({"Connection": "private"}, id="hop by hop"),
        pytest.param({"Proxy-Authorization": "private"}, id="for a proxy"),
        pytest.param({"X-Forwarded-For": "private"}, id="who asks"),
        pytest.param({"WEBHOOK-SIGNATURE": "private"}, id="what signs"),
        pytest.param({"webhook-id": "private"}, id="what names"),
        pytest.param({"x-a": "private\r\nx-b: c"}, id="a line break in a value"),
        pytest.param({"x-a\r\nb": "private"}, id="a line break in a name"),
        pytest.param({"x-a": "private\0"}, id="a NUL"),
        pytest.param({"x-a": "pr\u00efvate"}, id="no ASCII"),
        pytest.param({"": "private"}, id="no name"),
        pytest.param({"x-a": " private"}, id="a space before"),
        pytest.param({"x-a": "private", "X-A": "private"}, id="twice"),
        pytest.param({f"x-{number}": "private" for number in range(21)}, id="too many"),
        pytest.param({"x-long": "private" * 600}, id="too long"),
    ],
)
def test_what_is_not_theirs_is_refused_without_its_value(headers: dict[str, str]) -> None:
    """Whatever its spelling."""
    problem = headers_problem(headers)

    assert problem is not None
    assert "private" not in problem
