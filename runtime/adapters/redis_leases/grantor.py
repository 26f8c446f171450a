"""The role of whoever grants tenures: one Redis (`node`) or a majority of several (`quorum`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Ask for a tenure.

    Attributes:
        key: what to hold.
        owner: the name of the tenure; asking again under the same name is the same wish.
        previous: a tenure of this process that ends with this wish, or nothing.
        floor: the token has to be larger.
        queue: whether to stand in the queue if the key is taken.
    """

    key: str
    owner: str
    previous: str
    floor: int
    queue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Answer a wish: the tenure began."""

    token: int
    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Answer a wish: somebody else holds the key.

    Attributes:
        holder: the tenure that holds it, if that is known.
        ends_in_s: when that tenure ends if it is not renewed.
        place: the place in the queue, from 1, or the place that there would be.
        ticket: what a baton for this very request has to show.
    """

    holder: str | None
    ends_in_s: float
    place: int
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baton:
    """Tell one that waits that it holds the key now, for a short time until it renews.

    Attributes:
        granted: the tenure.
        ticket: that of the request which it answers.
    """

    granted: Granted
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """Answer a renewal: the tenure goes on."""

    wanted: bool


class Listener(Protocol):
    """Hear what Redis tells a process without being asked."""

    def turn_came(self, owner: str, baton: Baton | None) -> None:
        """Note that one who waits was handed the key, or, without a baton, may ask again."""
        ...

    def wish_came(self, owner: str) -> None:
        """Note that another process waits for the key that a tenure holds."""
        ...

    def line_changed(self) -> None:
        """Note that messages may have been missed: the line was lost, or is there again."""
        ...


class Grantor(Protocol):
    """Grant, renew and end tenures; what is asked of Redis may raise LeaseUnavailableError."""

    def start(self, listener: Listener) -> None:
        """Begin to listen for wake-ups; calling it again changes nothing."""
        ...

    async def enter(self, wish: Wish) -> Granted | Refused:
        """Grant a wish, or refuse it and keep its place in the queue."""
        ...

    async def renew(self, key: str, owner: str) -> Renewed | None:
        """Give a tenure its full time again; None if it is over."""
        ...

    async def advance(self, key: str, owner: str, *, token: int, floor: int) -> int | None:
        """Return the tenure's token, raised above the floor; None if the tenure is over."""
        ...

    async def leave(self, key: str, owner: str) -> None:
        """End a tenure and hand over, or leave the queue."""
        ...

    def pause_s(self, refused: Refused, attempt: int) -> float:
        """Return how long to wait for a wake-up before asking again unasked."""
        ...

    async def ready(self) -> None:
        """Return when a wish could be granted now."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
