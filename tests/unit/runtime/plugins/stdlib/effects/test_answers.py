"""Tests of what is kept of an answer."""

import pytest

from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.effects.answers import MOST_LETTERS, kept_body
from runtime.ports.egress import HttpAnswer
from runtime.ports.secret_source import Secret

SECRET = Secret(name="crm", value='hun"ter2', hosts=("a.example",))


def kept(body: bytes, kind: str = "text/plain", **changes: object) -> JsonObject:
    """Return what is kept of a body."""
    facts = {"status": 200, "headers": {"content-type": kind}, "body": body}
    return kept_body(HttpAnswer(**{**facts, **changes}), secrets=[SECRET])  # type: ignore[arg-type]  # a table's values


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b'{"a": [1]}', "application/json", {"json": {"a": [1]}}),
        (b'{"a": 1}', "Application/Problem+JSON; charset=utf-8", {"json": {"a": 1}}),
        (b'{"a": 1}', "text/html", {"text": '{"a": 1}'}),
        (b"{a: 1}", "application/json", {"text": "{a: 1}"}),
        (b'{"a": "\\u0000"}', "application/json", {"text": '{"a": "\\u0000"}'}),
        (b"a\0b\xff", "text/plain", {"text": "a\ufffdb\ufffd"}),
        (b"", "", {"text": ""}),
    ],
)
def test_json_is_kept_as_such_and_the_rest_as_text(
    body: bytes, kind: str, expected: JsonObject
) -> None:
    """What no database keeps is replaced."""
    assert kept(body, kind) == expected


def test_a_secret_that_is_answered_is_not_kept() -> None:
    """A receiver that echoes its request shows nobody the secret, plain or in JSON."""
    assert kept(b'key: hun"ter2') == {"text": "key: [redacted]"}
    assert kept(b'{"key": "x hun\\"ter2"}', "application/json") == {"json": {"key": "x [redacted]"}}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"AKIAABCDEFGHIJKLMNOP", "text/plain"),
        (b'{"SecretAccessKey": "whatever"}', "application/json"),
        (b'["Bearer abcdefghijk"]', "application/json"),
    ],
)
def test_what_looks_like_a_credential_is_not_kept(body: bytes, kind: str) -> None:
    """An answer that holds somebody else's secret is not a way to read it."""
    assert "[redacted]" in str(kept(body, kind))


def test_a_long_answer_is_cut() -> None:
    """People see its first part, with a mark."""
    assert kept(b"x" * (MOST_LETTERS + 1)) == {"text": "x" * MOST_LETTERS, "cut": True}
    assert kept(b"{}", "application/json", truncated=True) == {"text": "{}", "cut": True}


def test_what_would_not_fit_is_dropped() -> None:
    """JSON is kept whole or not at all, and control characters grow in it."""
    assert "dropped" in kept(b'["' + b"x" * 40_000 + b'"]', "application/json")
    assert "dropped" in kept(b"\x01" * MOST_LETTERS)
    assert "dropped" in kept(b"?", headers={"content-encoding": "gzip"})
