"""Describe legal holds: while one is placed, what it names in the audit log stays readable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

HOLD_PREFIX: Final = "ahd"
MOST_HOLDS: Final = 1_000
"""Of one organization that are placed at once."""
LONGEST_NAME: Final = 200
LONGEST_REASON: Final = 2_000
_SUBJECT: Final = re.compile(r"[A-Za-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Describe a hold.

    Attributes:
        id: `ahd_` and 26 letters.
        name: of the case, such as `Kiln ./. Sons`; several subjects may be held by one name.
        reason: in words.
        subject: whose records are held; None: everybody's in the organization.
        held_by: who placed it.
        released_at: when it was released; None: it holds.
    """

    id: str
    name: str
    reason: str
    subject: str | None
    held_by: str
    created_at: datetime
    released_at: datetime | None = None
    released_by: str | None = None


def may_be_subject(text: str) -> bool:
    """Say whether a text has the shape of a principal's id, whose records can be held or erased.

    >>> may_be_subject("operator"), may_be_subject("Ada Lovelace")
    (True, False)
    """
    return _SUBJECT.fullmatch(text) is not None
