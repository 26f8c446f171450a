"""Hold every use case of conversations, wired."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.services.conversations.consenting import Consenting
from runtime.services.conversations.conversations import Conversations
from runtime.services.conversations.exporting import Exporting
from runtime.services.conversations.facts import Facts
from runtime.services.conversations.proposing import Proposing
from runtime.services.conversations.turns import Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDesk:
    """Offer the use cases by what they are about.

    Attributes:
        conversations: begun, listed and deleted.
        turns: read, and decided about.
        proposing: messages are answered.
        consenting: plans are simulated and executed.
        exporting: turns become scenarios.
        facts: what is remembered of members.
    """

    conversations: Conversations
    turns: Turns
    proposing: Proposing
    consenting: Consenting
    exporting: Exporting
    facts: Facts
