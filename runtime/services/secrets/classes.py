"""Say for how long a value is used without asking again, and how old it may get in an outage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class SecretClass(StrEnum):
    """Name what a secret is for; what ends by a lease is dynamic, whatever else was said."""

    SIGNING = "signing"
    CREDENTIAL = "credential"
    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Bound the use of one class.

    Attributes:
        fresh_s: how long a value is used without asking again, give or take a tenth.
        stale_s: how old it may get, from its fetch on, while nobody can be asked.
    """

    fresh_s: float
    stale_s: float


FRESH_S: Final = 25.0
"""What is revoked is used for no longer than this and a tenth, should nobody tell of it."""

TERMS: Final[Mapping[SecretClass, Term]] = MappingProxyType(
    {
        SecretClass.SIGNING: Term(fresh_s=FRESH_S, stale_s=86_400.0),
        SecretClass.CREDENTIAL: Term(fresh_s=FRESH_S, stale_s=3_600.0),
        SecretClass.DYNAMIC: Term(fresh_s=FRESH_S, stale_s=0.0),
    }
)
