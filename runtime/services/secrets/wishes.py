"""Say which secret is wanted, and how reading goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.domain.secret_reference import SecretRef
from runtime.services.secrets.cache import SecretKey
from runtime.services.secrets.classes import SecretClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Say which secret is wanted.

    Attributes:
        reference: which one.
        why: in words, for the record, such as `effect http.call`.
        organization: whose configuration names it; None: the platform's own.
        kind: what it is for, which says how old it may get.
    """

    reference: SecretRef
    why: str
    organization: str | None = None
    kind: SecretClass = SecretClass.CREDENTIAL

    @property
    def key(self) -> SecretKey:
        """Return what it is remembered by."""
        return (self.organization, self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretStanding:
    """Say how reading goes.

    Attributes:
        hits: values given out without asking.
        stale: values that serve although nobody could be asked of late.
        oldest_stale_s: how old the oldest of them is; 0: there are none.
        closed: secrets that nobody gets, because nobody can be asked for too long.
        calls_left: by scheme.
    """

    hits: int
    stale: int
    oldest_stale_s: float
    closed: int
    calls_left: Mapping[str, int]
