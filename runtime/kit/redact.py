"""Take secrets out of a document before it is logged, recorded or shown.

Two nets: the names of keys, and the shapes of well-known credentials inside any text. They catch
accidents; a secret that looks like nothing under a key that says nothing passes.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from runtime.kit.json_pointer import PointerError, get, set_value
from runtime.kit.json_value import JsonValue

REDACTED: Final = "[redacted]"

# A key is secret when it ends in one of these words: "access_token" is, "token_count" is not.
_SECRET_ENDINGS: Final = tuple(
    f"_{name}"
    for name in (
        "access_key",
        "api_key",
        "api_keys",
        "apikey",
        "auth",
        "authorization",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "passphrase",
        "passwd",
        "password",
        "passwords",
        "private_key",
        "pwd",
        "secret",
        "secret_key",
        "secrets",
        "signing_key",
        "token",
    )
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Each shape takes all word characters that follow, and none takes brackets: what is left of a text
# can't make a new match, so that redacting twice is redacting once.
_SHAPES: Final = re.compile(
    r"""
      (?<=://)[^\s/:@\[\]]*:[^\s/@\[\]]+(?=@)               # user:password of a URL
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | \b(?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,}
    | \b(?i:basic)\s+[A-Za-z0-9+/=_-]{16,}
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*                     # a JSON Web Token
    | \bsk-[\w-]{16,}                                       # OpenAI, Anthropic and their likes
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                         # AWS
    | \bAIza[\w-]{35,}                                      # Google
    | \bgh[opsur]_\w{36,} | \bgithub_pat_\w{22,}            # GitHub
    | \bxox[abeprs]-[\w-]{10,}                              # Slack
    | \bhv[bs]\.[\w-]{20,}                                  # Vault
    | \bpg[ts]_[0-9A-Za-z]{92,}                             # our own tokens and sessions
    | \bwhs(?:ec|k)_[\w+/=-]{16,}                              # Standard Webhooks
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)


def redact(value: JsonValue) -> JsonValue:
    """Return a copy of a document with "[redacted]" in the place of what looks secret.

    >>> redact({"api_key": "k", "max_tokens": 5, "note": "sent Bearer abcdefgh12"})
    {'api_key': '[redacted]', 'max_tokens': 5, 'note': 'sent [redacted]'}
    """
    if isinstance(value, str):
        return _SHAPES.sub(REDACTED, value)
    if isinstance(value, dict):
        return {key: _member(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item) for item in value]
    return value


def masked(document: JsonValue, pointers: Iterable[str]) -> JsonValue:
    """Return a document with "[redacted]" at each place that is there; one that is not is ignored.

    >>> masked({"card": {"number": 4111}, "amount": 3}, ["/card/number", "/iban"])
    {'card': {'number': '[redacted]'}, 'amount': 3}
    """
    for pointer in pointers:
        with suppress(PointerError):
            get(document, pointer)
            document = set_value(document, pointer, REDACTED)
    return document


def names_secret(key: str) -> bool:
    """Return whether a key's last words name a secret.

    >>> [key for key in ("accessToken", "token_count", "X-API-Key") if names_secret(key)]
    ['accessToken', 'X-API-Key']
    """
    return ("_" + "_".join(_WORD.findall(key)).lower()).endswith(_SECRET_ENDINGS)


def _member(key: str, item: JsonValue) -> JsonValue:
    return REDACTED if item is not None and names_secret(key) else redact(item)
