"""Make the value that a reference names of what a provider answered; no error repeats any of it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

import orjson

from runtime.domain.errors import SecretMalformedError
from runtime.domain.secret_reference import SecretRef
from runtime.domain.secret_value import SecretValue
from runtime.ports.secret_provider import MAX_VALUE_BYTES

_MARK_KEY: Final = secrets.token_bytes(32)
_MARK_CHARACTERS: Final = 16


def value_of(kept: bytes, *, reference: SecretRef) -> SecretValue:
    """Return all that is kept, or the member of its JSON that the reference names.

    A member that is no text is answered as JSON.

    Raises:
        SecretMalformedError: it is too large, no JSON object, or has no such member.
    """
    within_bounds(kept, reference=reference)
    if reference.field is None:
        return SecretValue(kept)
    document = _document(kept)
    if document is None:
        raise malformed(
            reference,
            problem="it is no JSON object, so it has no fields",
            advice="leave the '#' out, or keep a JSON object there",
        )
    return member_of(document, reference=reference)


def member_of(document: dict[str, object], *, reference: SecretRef) -> SecretValue:
    """Return the member of a document that a reference names; without a field all of it, as JSON.

    Raises:
        SecretMalformedError: there is no such member, or it is too large.
    """
    if reference.field is None:
        member: object = document
    else:
        member = document.get(reference.field)
    if member is None:
        raise malformed(
            reference,
            problem="it has no such field",
            advice="name one that is kept there; what is after '#' is case-sensitive",
        )
    kept = (
        member.encode(errors="surrogatepass")
        if isinstance(member, str)
        else orjson.dumps(member, option=orjson.OPT_SORT_KEYS)
    )
    within_bounds(kept, reference=reference)
    return SecretValue(kept)


def within_bounds(kept: bytes, *, reference: SecretRef) -> None:
    """Refuse what is too large.

    Raises:
        SecretMalformedError: it has more than `MAX_VALUE_BYTES`.
    """
    if len(kept) > MAX_VALUE_BYTES:
        raise malformed(
            reference,
            problem=f"it has more than {MAX_VALUE_BYTES} bytes",
            advice="keep less in one secret",
        )


def malformed(reference: SecretRef, *, problem: str, advice: str) -> SecretMalformedError:
    """Return the error of what is kept, but is not as the reference says."""
    return SecretMalformedError(reference=reference.text(), problem=problem, advice=advice)


def mark_of(value: SecretValue) -> str:
    """Return a version for values that their provider does not count.

    It is keyed with chance of this process: who reads it in a log can't try out values.
    """
    return hmac.new(_MARK_KEY, value.bytes(), hashlib.sha256).hexdigest()[:_MARK_CHARACTERS]


def _document(kept: bytes) -> dict[str, object] | None:
    """Return a JSON object; None: it is none (an error of the parser would hold the text)."""
    try:
        document = orjson.loads(kept)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
