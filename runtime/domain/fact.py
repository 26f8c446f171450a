"""Describe facts: what the agent of a project is told of one member in each of their turns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from runtime.kit.json_value import JsonValue

MOST_FACTS: Final = 100
"""How many one member may have in one project."""
MOST_KEY: Final = 100
MOST_VALUE_BYTES: Final = 2_000
LONGEST: Final = timedelta(days=3_650)


class FactSource(StrEnum):
    """Say who a fact comes from: the person, one of their turns, or a service that brought it."""

    PERSON = "person"
    TURN = "turn"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Describe a fact of one member in one project; nobody else's prompt ever has it.

    Attributes:
        turn_id: from which it was learned.
        set_at: when it was told last.
        expires_at: from when on it is no fact any more; None: never.
    """

    project_id: str
    member_id: str
    key: str
    value: JsonValue
    source: FactSource
    set_at: datetime
    turn_id: str | None = None
    expires_at: datetime | None = None
