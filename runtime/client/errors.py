"""Say how a request to the platform can fail; each kind is one class.

A problem that the platform answered with carries its stable `code`; all else is about the way
there. No message repeats a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class ClientError(Exception):
    """What ends a request without its answer."""


class UnusableError(ClientError):
    """The address or the token that was given can't be used; nothing was sent."""


class RedirectedError(ClientError):
    """The platform's address leads elsewhere, and no redirect is followed."""

    def __init__(self, url: str, *, location: str) -> None:
        super().__init__(f"{url} sends us to {location}, and no redirect is followed")


class NoAnswerError(ClientError):
    """Nobody answered, or the answer broke off."""

    def __init__(self, url: str, *, reason: str) -> None:
        super().__init__(f"{url} does not answer ({reason}); is the platform running there?")


class StrangerError(ClientError):
    """Somebody answered who does not speak as the platform does."""

    def __init__(self, url: str, *, status: int, content_type: str) -> None:
        super().__init__(
            f"{url} answers {status} with '{content_type}', expected a document of Plangate"
        )


class TooLongError(ClientError):
    """The answer is longer than any document of the platform."""

    def __init__(self, *, most_bytes: int) -> None:
        super().__init__(f"the answer is longer than {most_bytes // 1024 // 1024} MiB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Hold what is wrong with one place of a request's body."""

    pointer: str
    detail: str


class ProblemError(ClientError):
    """The platform answered with a problem.

    Attributes:
        status: of HTTP.
        code: its stable name, such as `project_missing`.
        detail: what happened and what to do, for people.
        places: what is wrong where in the body.
        retry_after_s: after how long it may be asked again; None: nobody said.
        document: the problem as it came.
    """

    def __init__(
        self,
        document: dict[str, Any],
        *,
        status: int,
        code: str,
        detail: str,
        places: Sequence[Place],
        retry_after_s: float | None,
    ) -> None:
        lines = [f"{code}: {detail}", *(f"  {at.pointer}: {at.detail}" for at in places)]
        super().__init__("\n".join(lines))
        self.status = status
        self.code = code
        self.detail = detail
        self.places = tuple(places)
        self.retry_after_s = retry_after_s
        self.document = document
