"""Tests of redaction. The secrets here are made up, and put together so that no scanner minds."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.kit.json_value import JsonValue
from runtime.kit.redact import REDACTED, masked, names_secret, redact

BODY = "Ab1" * 12


@pytest.mark.parametrize(
    "key",
    ["api_key", "apiKey", "APIKey", "X-API-Key", "apikey", "OPENAI_API_KEY", "Authorization",
     "Proxy-Authorization", "password", "db_password", "PASSWD", "pwd", "token", "accessToken",
     "access_token", "ID_TOKEN", "client_secret", "clientSecret", "secrets", "Set-Cookie", "cookie",
     "aws_secret_access_key", "private_key", "signing key", "credentials", "passphrase", "auth"],
)  # fmt: skip
def test_values_of_secret_keys_are_replaced(key: str) -> None:
    """The name alone is enough, whatever the spelling and the value."""
    assert names_secret(key)
    assert redact({key: "x"}) == {key: REDACTED}
    assert redact([{key: {"deep": [1]}}]) == [{key: REDACTED}]
    assert redact({key: 1234}) == {key: REDACTED}
    assert redact({key: None}) == {key: None}


@pytest.mark.parametrize(
    "key",
    ["max_tokens", "token_count", "tokens", "tokenizer", "secretary", "password_policy", "author",
     "key", "primary_key", "cookie_count", "compass", "authorized", "secret_name", "", "123", "é"],
)  # fmt: skip
def test_values_of_other_keys_stay(key: str) -> None:
    """Only whole words at the end of a key count."""
    assert not names_secret(key)
    assert redact({key: "x"}) == {key: "x"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param(f"use sk-{BODY} now", f"use {REDACTED} now", id="sk"),
        pytest.param(f"sk-ant-api03-{BODY}", REDACTED, id="sk with a vendor"),
        pytest.param(f"pgt_{BODY * 3}", REDACTED, id="a token of ours"),
        pytest.param("bearer abcdefgh.12", REDACTED, id="bearer"),
        pytest.param(f"Basic {BODY}==", REDACTED, id="basic"),
        pytest.param("id AKIA" + "A1" * 8 + ".", f"id {REDACTED}.", id="AWS"),
        pytest.param("ASIA" + "A1" * 8, REDACTED, id="AWS, temporary"),
        pytest.param("AIza" + "x" * 35, REDACTED, id="Google"),
        pytest.param(f"ghp_{BODY}", REDACTED, id="GitHub"),
        pytest.param(f"github_pat_{BODY}", REDACTED, id="GitHub, fine-grained"),
        pytest.param(f"xoxb-{BODY}", REDACTED, id="Slack"),
        pytest.param(f"hvs.{BODY}", REDACTED, id="Vault"),
        pytest.param(f"whsec_{BODY}=", REDACTED, id="webhook secret"),
        pytest.param(f"eyJ{BODY}.{BODY}.{BODY}", REDACTED, id="JSON Web Token"),
        pytest.param(
            "redis://user:pa55@host/0", f"redis://{REDACTED}@host/0", id="password in a URL"
        ),
        pytest.param("redis://:pa55@host", f"redis://{REDACTED}@host", id="URL without a user"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\nend",
            f"{REDACTED}\nend",
            id="private key",
        ),
        pytest.param("-----BEGIN PRIVATE KEY-----\ncut o", REDACTED, id="private key, cut off"),
        pytest.param(f"sk-{BODY} and sk-{BODY}", f"{REDACTED} and {REDACTED}", id="two"),
    ],
)
def test_credentials_inside_texts_are_replaced(text: str, left: str) -> None:
    """The shape is enough, under any key and at any depth; the text around it stays."""
    assert redact(text) == left
    assert redact({"note": [text]}) == {"note": [left]}


@pytest.mark.parametrize(
    "text",
    ["task-force-of-many-people", "sk-short", "the bearer of news", "Bearer x", "basic training",
     "AKIA", "https://host/a:b@c", "https://user@host", "eyJ.x.y", "a risk-" + BODY, "", "ghp_1"],
)  # fmt: skip
def test_other_texts_stay(text: str) -> None:
    """What only looks a little like a credential is left alone."""
    assert redact(text) == text


@pytest.mark.parametrize("value", [None, True, 3, 2.5, [], {}])
def test_other_values_stay(value: JsonValue) -> None:
    """Numbers, literals and empty containers hold no secret."""
    assert redact(value) == value


def test_redaction_copies() -> None:
    """The document that came in stays as it was."""
    document = {"password": "x", "list": [{"token": "y"}]}

    redacted = redact(document)

    assert document == {"password": "x", "list": [{"token": "y"}]}
    assert redacted["list"] is not document["list"]


PIECES = st.sampled_from(
    ["Bearer ", "basic ", f"sk-{BODY}", "AKIA" + "A1" * 8, "AIza" + "x" * 35, f"ghp_{BODY}", "://",
     "u:", "p@", "a", "é", "_", "-", "[", "]", " ", f"eyJ{BODY}.", BODY,
     "-----BEGIN PRIVATE KEY-----",
     "-----END PRIVATE KEY-----", "hvs.", "whsec_", "xoxb-", "/", "="]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
@example("://u:.Bearer abcdefgh@h")
def test_redacting_twice_is_redacting_once(text: str) -> None:
    """What is left of a text makes no new match."""
    once = redact(text)

    assert redact(once) == once


def test_places_are_masked_whatever_they_hold() -> None:
    """A place that is not there changes nothing; the document that was given stays as it was."""
    document = {"cards": [{"number": 1}, {"number": 2}], "note": "n"}

    hidden = masked(document, ["/cards/1/number", "/cards/9/number", "/note/deeper"])

    assert hidden == {"cards": [{"number": 1}, {"number": REDACTED}], "note": "n"}
    assert document["cards"][1] == {"number": 2}
