"""Hand on long answers in parts, and give the place of whoever makes them back at the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Final, Self

PART_BYTES: Final = 65_536
"""From which size on a part is worth sending."""


class Parts:
    """Hand on the parts of an export, and give its place back at the end, whatever that is."""

    def __init__(self, parts: AsyncGenerator[bytes], *, leave: Callable[[], None]) -> None:
        self._parts = parts
        self._leave = leave

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next part."""
        try:
            return await anext(self._parts)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """End the export; again if that was done."""
        try:
            await self._parts.aclose()
        finally:
            self._leave()
