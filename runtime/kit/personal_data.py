"""Take out of a text what its form gives away as somebody's: addresses, numbers, accounts.

Names are not known by their form, and stay. What looks like a secret is `redact`'s.
"""

from __future__ import annotations

import re
from typing import Final

REMOVED: Final = "[personal]"

_CARD_LENGTHS: Final = range(13, 20)
_PHONE_DIGITS: Final = range(8, 16)
_FORMS: Final = re.compile(
    r"""
      (?P<email>[\w.+%-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})
    | (?P<iban>\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b)
    | (?P<social>\b\d{3}-\d{2}-\d{4}\b)
    | (?P<address>\b(?:\d{1,3}\.){3}\d{1,3}\b)
    | (?P<digits>(?<![\w.])[+(]?\d(?:[ ()/.-]{0,2}\d){6,18}(?![\w]))
    """,
    re.VERBOSE,
)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ ]\d{2})?")


def without_personal_data(text: str) -> str:
    """Return a text with "[personal]" in the place of what is somebody's by its form.

    >>> without_personal_data("mail ada@example.org, call +49 30 123456, order 20261130")
    'mail [personal], call [personal], order 20261130'
    """
    return _FORMS.sub(_replacement, text)


def _replacement(match: re.Match[str]) -> str:
    found = match[0]
    if match.lastgroup != "digits":
        return REMOVED
    digits = re.sub(r"\D", "", found)
    if len(digits) in _CARD_LENGTHS and _checks(digits):
        return REMOVED
    spoken = found != digits and not _DATE.fullmatch(found)
    return REMOVED if spoken and len(digits) in _PHONE_DIGITS else found


def _checks(digits: str) -> bool:
    """Say whether the last digit is the one that cards have. Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004  # the sum of two digits
    return total % 10 == 0
