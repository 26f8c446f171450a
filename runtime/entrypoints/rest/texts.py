"""Type the texts that people send: names, addresses and roles; what does not fit is a 422."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, StringConstraints, WithJsonSchema

from runtime.kit.plain_text import (
    MOST_EMAIL_LETTERS,
    MOST_NAME_LETTERS,
    plain_email,
    plain_name,
)

MOST_EXTRA_ROLES: Final = 20
MOST_ID_TEXT: Final = 100
MOST_NAME_TEXT: Final = MOST_NAME_LETTERS

NameText = Annotated[
    str,
    AfterValidator(plain_name),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MOST_NAME_LETTERS}),
]
"""A name: trimmed, composed, without control characters."""

EmailText = Annotated[
    str,
    AfterValidator(plain_email),
    WithJsonSchema(
        {
            "type": "string",
            "format": "email",
            "minLength": 3,
            "maxLength": MOST_EMAIL_LETTERS,
        }
    ),
]
"""An address, in lower case."""

RoleText = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""The name of a role that actions of an environment ask for."""


def instant_anywhere(instant: datetime) -> datetime:
    """Return an instant that has a date in every time zone, and some minutes around it too.

    Raises:
        ValueError: its year is the first or the last that can be spelled.
    """
    if not MINYEAR < instant.year < MAXYEAR:
        raise ValueError(f"the year is {instant.year}, expected {MINYEAR + 1} to {MAXYEAR - 1}")
    return instant


InstantText = Annotated[AwareDatetime, AfterValidator(instant_anywhere)]
"""An instant with its time zone, as RFC 3339 says."""
