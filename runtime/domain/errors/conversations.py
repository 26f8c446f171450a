"""Conversations in which nothing can be said now."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class ConversationBusyError(DomainError):
    """A turn of the conversation is being answered, and there is one at a time."""

    code = "conversation_busy"

    def __init__(self, *, turn: str) -> None:
        """Name the turn."""
        self.turn = turn
        super().__init__(
            f"turn '{turn}' of the conversation is being answered; wait for it, or begin another "
            "conversation"
        )


class TurnsBusyError(DomainError):
    """As many turns are being answered as may be at once."""

    code = "turns_busy"

    def __init__(self, *, found: str) -> None:
        """Say what is in the way."""
        self.found = found
        super().__init__(f"no turn begins now: {found}; try again when one has ended")
