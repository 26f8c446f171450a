"""The role of a browser: open a page as a person would, use it where that is asked, tell its text.

Implemented by `adapters.chromium`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Hold what a page said once its scripts had run.

    Attributes:
        url: where the browser ended, after redirects.
        status: of the page itself.
        title: its title.
        text: what can be read on it.
        truncated: whether there was more.
    """

    url: str
    status: int
    title: str = field(repr=False)
    text: str = field(repr=False)
    truncated: bool = False


class GestureKind(StrEnum):
    """Name what a person does on a page."""

    CLICK = "click"
    TYPE = "type"
    SCROLL = "scroll"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gesture:
    """Say one thing that is done on a page.

    Attributes:
        kind: what is done.
        at: CSS selector of the one element that is clicked or typed into.
        text: what is typed, in the place of what stood there.
        down_px: how far the page is scrolled; negative is up.
    """

    kind: GestureKind
    at: str = ""
    text: str = field(default="", repr=False)
    down_px: int = 0


class PageReader(Protocol):
    """Open pages."""

    async def read(self, url: str, *, timeout_s: float) -> Page:
        """Return what a page says.

        Raises:
            RetryableError: it did not answer, or not in time.
            PermanentError: it may not be opened.
        """
        ...

    async def visit(self, url: str, gestures: tuple[Gesture, ...], *, timeout_s: float) -> Page:
        """Return what a page says after gestures were made on it, one after the other.

        Raises:
            RetryableError: nothing was done on it, because it did not answer in time.
            PermanentError: it may not be opened, or a gesture can't be made; those before it were.
        """
        ...
