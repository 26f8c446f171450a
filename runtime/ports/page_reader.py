"""The role of a browser that only reads: open a page as a person would see it, and tell its text.

Implemented by `adapters.chromium`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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


class PageReader(Protocol):
    """Open pages."""

    async def read(self, url: str, *, timeout_s: float) -> Page:
        """Return what a page says.

        Raises:
            RetryableError: it did not answer, or not in time.
            PermanentError: it may not be opened.
        """
        ...
