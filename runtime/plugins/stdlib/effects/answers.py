"""Keep of an answer what people and the state may see: a bounded part, with no secret in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import orjson

from runtime.kit.json_value import JsonObject, JsonValue
from runtime.kit.redact import REDACTED, redact
from runtime.ports.egress import HttpAnswer
from runtime.ports.secret_source import Secret

MOST_KEPT_BYTES: Final = 32_768
MOST_LETTERS: Final = 16_384


def kept_body(answer: HttpAnswer, *, secrets: Iterable[Secret]) -> JsonObject:
    """Return a body as `{"json": ...}` or `{"text": ...}`, or why it is not kept.

    A receiver that answers what it was sent gives no secret away: neither those that the request
    carried, nor what looks like one.
    """
    if "content-encoding" in answer.headers:
        return {"dropped": "the answer is packed"}
    text = concealed(answer.body.decode(errors="replace"), secrets=secrets)
    document = _document(text) if _says_json(answer) and not answer.truncated else None
    if document is not None:
        return _bounded({"json": redact(document)})
    cut = answer.truncated or len(text) > MOST_LETTERS
    return _bounded({"text": redact(plain(text[:MOST_LETTERS])), **({"cut": True} if cut else {})})


def concealed(text: str, *, secrets: Iterable[Secret]) -> str:
    """Return a text without the values of secrets, plain or as JSON spells them."""
    for secret in secrets:
        for spelling in {secret.value, orjson.dumps(secret.value)[1:-1].decode()}:
            text = text.replace(spelling, REDACTED)
    return text


def plain(text: str) -> str:
    """Return a text without NUL, which no database keeps, and without halves of characters."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _says_json(answer: HttpAnswer) -> bool:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _document(text: str) -> JsonValue:
    """Return the document, or None where it is none or holds what can't be stored."""
    if "\\u0000" in text:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _bounded(kept: JsonObject) -> JsonObject:
    size_bytes = len(orjson.dumps(kept))
    if size_bytes <= MOST_KEPT_BYTES:
        return kept
    return {"dropped": f"the answer has {size_bytes} bytes, at most {MOST_KEPT_BYTES} are kept"}
