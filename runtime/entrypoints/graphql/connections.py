"""Page through lists as Relay does it, with the cursors that REST returns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import strawberry

from runtime.domain.errors import CursorUnknownError
from runtime.entrypoints.graphql.inputs import unfit
from runtime.kit.cursors import CursorError, decode_cursor, encode_cursor
from runtime.kit.json_value import JsonValue

MOST_ITEMS: Final = 200
MOST_OUTCOMES: Final = 1_000
USUAL_ITEMS: Final = 50
PAUSED_BEHIND: Final = 50

T = TypeVar("T")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Say which part of a list is asked for.

    Attributes:
        limit: how many items at most.
        after: key of the last item of the page before; None for the first page.
    """

    limit: int
    after: JsonValue = None

    @property
    def after_text(self) -> str | None:
        """Return the key of a list that is sorted by one text; raise CursorUnknownError."""
        if self.after is None:
            return None
        if isinstance(self.after, str) and "\0" not in self.after:
            return self.after
        raise CursorUnknownError(found="it is of another list")

    @property
    def after_number(self) -> int | None:
        """Return the key of a list that is sorted by a whole number; raise CursorUnknownError."""
        if self.after is None or type(self.after) is int:
            return self.after
        raise CursorUnknownError(found="it is of another list")


@strawberry.type(description="Says whether a list goes on.")
class PageInfo:
    """Say whether a list goes on, and with what to ask for the rest."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type(description="One item of a list, and the cursor behind it.")
class Edge(Generic[T]):
    """Hold an item, and the cursor behind it."""

    cursor: str
    node: T


@strawberry.type(description="A part of a list.")
class Connection(Generic[T]):
    """Hold a part of a list."""

    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo


def page_of(first: int, after: str | None, *, most: int = MOST_ITEMS) -> Page:
    """Read which part of a list is asked for.

    Raises:
        RequestValidationError: `first` is out of range.
        CursorUnknownError: no list returned the cursor.
    """
    if not 1 <= first <= most:
        raise unfit("first", f"it is {first}, expected 1 to {most}")
    if after is None:
        return Page(limit=first)
    try:
        return Page(limit=first, after=decode_cursor(after))
    except CursorError as error:
        raise CursorUnknownError(found=str(error)) from None


async def connected(
    found: Sequence[Found],
    page: Page,
    *,
    key_of: Callable[[Found], JsonValue],
    shown: Callable[[Found], T],
) -> Connection[T]:
    """Return a part of a list; others have their turn behind each few items.

    Args:
        found: up to `page.limit + 1` items: one more says that there is more.
        page: what was asked for.
        key_of: by which the list is sorted.
        shown: how an item reads.
    """
    edges: list[Edge[T]] = []
    for item in found[: page.limit]:
        if len(edges) % PAUSED_BEHIND == PAUSED_BEHIND - 1:
            await asyncio.sleep(0)
        edges.append(Edge(cursor=encode_cursor(key_of(item)), node=shown(item)))
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=len(found) > page.limit,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )
