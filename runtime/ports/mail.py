"""The role of a mail server: take messages to people.

Implemented by `adapters.smtp`. Who a message comes from is the operator's setting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Describe a message to people.

    Attributes:
        to: addresses; each sees the others.
        subject: one line.
        text: the body.
        message_id: equal in every attempt, so that a repetition can be told from a new message.
        reply_to: where answers go, if not to the sender.
    """

    to: tuple[str, ...]
    subject: str = field(repr=False)
    text: str = field(repr=False)
    message_id: str
    reply_to: str | None = None


class Mailer(Protocol):
    """Hand messages to a mail server."""

    async def send(self, mail: Mail) -> tuple[str, ...]:
        """Return once the server took the message, with the addresses that it refused.

        Raises:
            RetryableError: it did not, and may later.
            PermanentError: it never will; it refused all addresses, for one.
        """
        ...
