"""The role of who keeps texts secret that have to be read again: seal them, and open them.

Implemented by `adapters.envelope_seal` under keys of the server, and by `adapters.aes_seal` for
what was sealed before it.
"""

from __future__ import annotations

from typing import Protocol


class SealBrokenError(Exception):
    """Report what does not open: it was sealed for something else, or under a key that is gone."""


class Seal(Protocol):
    """Seal texts, each for one thing only."""

    def sealed(self, text: str, *, bound_to: str) -> bytes:
        """Return a text as it may be stored; it opens for what it is bound to, and nothing else."""
        ...

    def opened(self, sealed: bytes, *, bound_to: str) -> str:
        """Return the text that was sealed.

        Raises:
            SealBrokenError: it does not open.
        """
        ...


class RenewableSeal(Seal, Protocol):
    """Seal texts so that the key of the server under which they are sealed can be changed."""

    def renewed(self, sealed: bytes, *, bound_to: str) -> bytes | None:
        """Return the same text sealed under the newest key; None: it is so already, and it opens.

        Raises:
            SealBrokenError: it does not open.
        """
        ...
