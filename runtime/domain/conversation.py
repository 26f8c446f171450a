"""Describe conversations: what one member says to the agent of one project, turn by turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

CONVERSATION_PREFIX: Final = "cnv"
MOST_CONVERSATIONS: Final = 1_000
"""How many one member may have in one project."""
MOST_TURNS: Final = 10_000
LONGEST_ANSWER: Final = timedelta(seconds=620)
"""After which a turn is given up, however many models were asked."""
FREED_AFTER: Final = LONGEST_ANSWER + timedelta(seconds=30)
"""After which a conversation is free again, should the process have ended that answered in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Describe a conversation; its owner alone reads and writes in it.

    Attributes:
        id: `cnv_` and 26 letters.
        owner_id: the member who began it.
        turns: how many there were.
        answering: the turn that is being answered.
        free_at: when that one counts as given up.
    """

    id: str
    organization_id: str
    project_id: str
    owner_id: str
    title: str
    created_at: datetime
    turns: int = 0
    answering: str | None = None
    free_at: datetime | None = None

    def busy(self, now: datetime) -> bool:
        """Say whether a turn is being answered."""
        return self.answering is not None and self.free_at is not None and now < self.free_at
