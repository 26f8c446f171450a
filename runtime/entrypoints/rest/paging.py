"""Page through lists: a bounded number of items, and an opaque cursor to go on with.

A route takes `page: Paging`, asks its service for `page.limit + 1` items after `page.after`, and
returns `paged(found, page, key_of=..., shown=...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.kit.cursors import MAX_LETTERS, CursorError, decode_cursor, encode_cursor
from runtime.kit.json_value import JsonValue

MOST_ITEMS: Final = 200
USUAL_ITEMS: Final = 50

Found = TypeVar("Found")
Shown = TypeVar("Shown")


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
        """Return the key of a list that is sorted by one text, such as an id.

        Raises:
            ProblemError: CURSOR_INVALID for a cursor of another list.
        """
        if self.after is None:
            return None
        if isinstance(self.after, str) and "\0" not in self.after:  # which no database compares
            return self.after
        raise _invalid("it is of another list")

    @property
    def after_number(self) -> int | None:
        """Return the key of a list that is sorted by one whole number, such as a version.

        Raises:
            ProblemError: CURSOR_INVALID for a cursor of another list.
        """
        if self.after is None or type(self.after) is int:
            return self.after
        raise _invalid("it is of another list")


class PageOut(BaseModel, Generic[Shown]):
    """Return a part of a list, and with what to ask for the next one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[Shown, ...]
    next_cursor: str | None


async def page_of(
    limit: Annotated[
        int, Query(ge=1, le=MOST_ITEMS, description="How many items at most")
    ] = USUAL_ITEMS,
    cursor: Annotated[
        str | None,
        Query(max_length=MAX_LETTERS, description="`next_cursor` of the page before, as it was"),
    ] = None,
) -> Page:
    """Read what part of a list a request asks for.

    Raises:
        ProblemError: CURSOR_INVALID for a cursor that no list returned.
    """
    if cursor is None:
        return Page(limit=limit)
    try:
        return Page(limit=limit, after=decode_cursor(cursor))
    except CursorError as error:
        raise _invalid(str(error)) from None


Paging = Annotated[Page, Depends(page_of)]


def paged(
    found: Sequence[Found],
    page: Page,
    *,
    key_of: Callable[[Found], JsonValue],
    shown: Callable[[Found], Shown],
) -> PageOut[Shown]:
    """Return one page.

    Args:
        found: up to `page.limit + 1` items after `page.after`: one more says that there is more.
        page: what was asked for.
        key_of: by which the list is sorted, each item its own.
        shown: how an item reads on the wire.
    """
    kept = found[: page.limit]
    more = len(found) > page.limit
    return PageOut[Shown](
        items=tuple(shown(item) for item in kept),
        next_cursor=encode_cursor(key_of(kept[-1])) if more else None,
    )


def _invalid(problem: str) -> ProblemError:
    return ProblemError(
        ProblemCode.CURSOR_INVALID,
        f"the cursor can't be used: {problem}; send `next_cursor` of the page before, unchanged",
    )
