"""Bring names and addresses that people type into one spelling, or say what is wrong with them.

Refused is what can't be stored or can't be seen: NUL and other control characters, line separators,
lone surrogates, characters that turn the direction of the text around. Emoji are welcome.
"""

from __future__ import annotations

import unicodedata
from typing import Final

MOST_NAME_LETTERS: Final = 200
MOST_EMAIL_LETTERS: Final = 254

_UNFIT: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SEEN: Final = frozenset("LNPS")


class PlainTextError(ValueError):
    """Report a text that is no name or no address; the text is not repeated."""


def plain_name(text: str) -> str:
    """Return a name without space around it, composed (NFC), so that equal looks are equal.

    Raises:
        PlainTextError: It is empty, longer than `MOST_NAME_LETTERS`, or holds what can't be seen.

    >>> plain_name("  Zoe\u0308 ") == "Zo\u00eb"
    True
    """
    name = unicodedata.normalize("NFC", text.strip())
    if not 0 < len(name) <= MOST_NAME_LETTERS:
        raise PlainTextError(f"it has {len(name)} characters, expected 1 to {MOST_NAME_LETTERS}")
    _check_characters(name)
    if not any(unicodedata.category(letter)[0] in _SEEN for letter in name):
        raise PlainTextError("it has no character that can be seen")
    return name


def plain_email(text: str) -> str:
    """Return an address in lower case.

    It is only looked at, not proven: that it is somebody's, their login says.

    Raises:
        PlainTextError: It has not the form NAME@HOST, or is longer than `MOST_EMAIL_LETTERS`.

    >>> plain_email(" Ann@Example.com")
    'ann@example.com'
    """
    email = unicodedata.normalize("NFC", text.strip().lower())
    name, _, host = email.rpartition("@")
    if not name or not host or "@" in name or len(email) > MOST_EMAIL_LETTERS:
        raise PlainTextError(
            f"it is no address of at most {MOST_EMAIL_LETTERS} characters, expected NAME@HOST"
        )
    if any(letter.isspace() for letter in email):
        raise PlainTextError("there is space inside the address")
    _check_characters(email)
    return email


def _check_characters(text: str) -> None:
    for letter in text:
        if letter in _TURNING or unicodedata.category(letter) in _UNFIT:
            raise PlainTextError(f"it holds U+{ord(letter):04X}, which is no character of a text")
