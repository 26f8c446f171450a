"""Make the errors of this adapter; every sentence is our own, none repeats what was sent."""

from __future__ import annotations

from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal


def refused(reason: IdentityRefusal, detail: str) -> IdentityRefusedError:
    """Return a refusal.

    Args:
        reason: the check that failed.
        detail: what was found and what was expected, without a word of the token.
    """
    return IdentityRefusedError(reason=reason, detail=detail)


def unavailable(detail: str) -> IdentityRefusedError:
    """Return the refusal of an issuer that gave no usable answer."""
    return refused(IdentityRefusal.UNAVAILABLE, detail)
