"""One credential is found in a request, or none."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, Request

from runtime.domain.errors import CredentialRefusedError
from runtime.entrypoints.rest.credentials import brought_by, refuse_other_origins
from runtime.entrypoints.rest.problems import ProblemError

SESSION = "pgs_" + "a" * 92


def a_request(*headers: tuple[str, str], method: str = "POST") -> Request:
    """Build a request with these headers."""
    app = FastAPI()
    app.state.allowed_origins = frozenset({"https://a.example"})
    return Request(
        {
            "type": "http",
            "method": method,
            "app": app,
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        }
    )


@pytest.mark.parametrize(
    ("headers", "text", "by_cookie"),
    [
        pytest.param([("authorization", "Bearer abc")], "abc", False, id="a bearer token"),
        pytest.param([("authorization", "bEARER  abc ")], "abc", False, id="in any letters"),
        pytest.param(
            [("cookie", f"a=b; plangate_session={SESSION}")], SESSION, True, id="a cookie"
        ),
        pytest.param(
            [("cookie", "a=b"), ("cookie", f"plangate_session={SESSION}")],
            SESSION,
            True,
            id="the second of two headers of cookies",
        ),
        pytest.param(
            [("cookie", f"plangate_session={SESSION}"), ("authorization", "Bearer abc")],
            "abc",
            False,
            id="the header goes before",
        ),
    ],
)
def test_a_credential_is_found(
    headers: list[tuple[str, str]],
    text: str,
    by_cookie: bool,  # noqa: FBT001
) -> None:
    """In its one place."""
    brought = brought_by(a_request(*headers))

    assert (brought.text, brought.by_cookie) == (text, by_cookie)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="none"),
        pytest.param([("authorization", "Basic abc")], id="another scheme"),
        pytest.param([("authorization", "")], id="an empty header"),
        pytest.param([("authorization", "Bearer a"), ("authorization", "Bearer b")], id="two"),
        pytest.param([("cookie", "plangate_session=")], id="an empty cookie"),
        pytest.param([("cookie", "plangate_session=pgt_abc")], id="an API token in the cookie"),
        pytest.param(
            [("authorization", "Basic abc"), ("cookie", f"plangate_session={SESSION}")],
            id="another scheme beside a good cookie",
        ),
    ],
)
def test_a_request_without_one_is_refused(headers: list[tuple[str, str]]) -> None:
    """There is no falling back from one to the other."""
    with pytest.raises(CredentialRefusedError):
        brought_by(a_request(*headers))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_changes_nothing_comes_from_anywhere(method: str) -> None:
    """Its answer can't be read there."""
    refuse_other_origins(a_request(method=method))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "BREW"])
def test_all_else_comes_from_an_allowed_origin(method: str) -> None:
    """Whatever its name."""
    refuse_other_origins(a_request(("origin", "https://a.example"), method=method))
    with pytest.raises(ProblemError) as caught:
        refuse_other_origins(a_request(("origin", "https://b.example"), method=method))

    assert caught.value.code == "origin_refused"
