"""What a browser brings back from its login was sealed here, and recently."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal
from runtime.ports.identity_provider import LoginStart
from runtime.services.identity.pending_logins import LIFE, PendingLogins

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOGINS = PendingLogins(key=b"a key of 32 bytes or even more.....")
START = LoginStart(
    issuer="https://issuer.example",
    redirect_uri="https://plangate.example/v1/sessions:callback",
    url="https://issuer.example/authorize?state=s",
    state="s",
    nonce="n",
    verifier="v",
)


def sealed() -> str:
    """Seal a login."""
    return LOGINS.sealed(START, return_to="/projects", now=NOW)


def test_what_was_sealed_comes_back() -> None:
    """Whole, until it ends, in letters that a cookie takes."""
    text = sealed()

    opened = LOGINS.opened(text, now=NOW + LIFE - timedelta(seconds=1))

    assert (opened.state, opened.nonce, opened.verifier) == ("s", "n", "v")
    assert (opened.issuer, opened.redirect_uri) == (START.issuer, START.redirect_uri)
    assert opened.return_to == "/projects"
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert START.url not in repr(LOGINS)


def test_a_login_ends_after_ten_minutes() -> None:
    """To the second."""
    with pytest.raises(IdentityRefusedError):
        LOGINS.opened(sealed(), now=NOW + LIFE)


def every_change(text: str) -> list[str]:
    """Change each letter of a text, one at a time."""
    return [
        text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        for place in range(len(text) - 1)  # the last letter may carry bits that nobody reads
    ]


def test_a_change_of_any_letter_is_seen() -> None:
    """Nobody else has the key."""
    for text in every_change(sealed()):
        with pytest.raises(IdentityRefusedError):
            LOGINS.opened(text, now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="none"),
        pytest.param("abc", id="too short"),
        pytest.param("a b", id="no base64"),
        pytest.param("é", id="not of ASCII"),
        pytest.param("A" * 5_000, id="too long"),
        pytest.param(
            PendingLogins(key=b"another key of 32 bytes or more....").sealed(
                START, return_to="/", now=NOW
            ),
            id="sealed under another key",
        ),
        pytest.param(base64.urlsafe_b64encode(bytes(64)).decode(), id="sealed by nobody"),
    ],
)
def test_any_other_text_is_no_login(text: str) -> None:
    """Whatever is wrong with it, the browser has none that waits."""
    with pytest.raises(IdentityRefusedError) as caught:
        LOGINS.opened(text, now=NOW)

    assert caught.value.reason is IdentityRefusal.STATE
