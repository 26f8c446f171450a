"""The role of who knows, without asking anybody, that an address could never be called.

Implemented by `adapters.egress`, by the same reading and the same rules as its requests: what is
refused here would be refused at every attempt. What a name means is found out at each attempt.
"""

from __future__ import annotations

from typing import Protocol


class EndpointCheck(Protocol):
    """Read addresses that others are to be called at."""

    def place(self, url: str) -> str:
        """Return scheme, host and port of an address, which is all that people see of it.

        Raises:
            PermanentError: no request could ever go there; the message repeats none of it.
        """
        ...
