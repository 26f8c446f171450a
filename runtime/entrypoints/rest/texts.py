"""Type the texts that people send: names, addresses and roles; what does not fit is a 422."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, StringConstraints, WithJsonSchema

from runtime.domain.limits import BudgetScope, Limits
from runtime.kit.canonical_json import MAX_SAFE_INTEGER
from runtime.kit.plain_text import (
    MOST_EMAIL_LETTERS,
    MOST_NAME_LETTERS,
    plain_email,
    plain_name,
)

MOST_EXTRA_ROLES: Final = 20
MOST_ID_TEXT: Final = 100
MOST_NAME_TEXT: Final = MOST_NAME_LETTERS
MOST_WINDOWS: Final = 50

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


def storable_limits(limits: Limits) -> Limits:
    """Return limits that every reader of JSON reads alike.

    Raises:
        ValueError: a number is below zero or beyond what JSON is sure to keep, there are more
            windows than a week needs, or a limit of the organization is among those of a project.
    """
    numbers = (
        limits.per_minute,
        limits.per_hour,
        *limits.budgets.values(),
        *limits.quotas.values(),
    )
    if any(number is not None and not 0 <= number <= MAX_SAFE_INTEGER for number in numbers):
        raise ValueError(f"a limit is out of range, expected 0 to {MAX_SAFE_INTEGER}")
    if BudgetScope.ORGANIZATION in {*limits.budgets, *limits.quotas}:
        raise ValueError(
            "a project has no budget or quota of the scope organization; set it on the "
            "organization, where all of its projects share it"
        )
    if len(limits.windows) > MOST_WINDOWS:
        raise ValueError(f"there are {len(limits.windows)} windows, at most {MOST_WINDOWS} may be")
    return limits
