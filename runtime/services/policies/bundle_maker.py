"""Say what makes the archives that OPA servers fetch; the adapter of OPA knows how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from runtime.domain.policy_unit import PolicyUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Hold the content of a bundle, and what tells it from another."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleMaker:
    """Make archives, all signed by one key.

    Attributes:
        content: from units, their organization, and when they were known to be current.
        etag: of the same, without making it.
        discovery: from ids of organizations, and when it is made.
        discovery_etag: of the same, without making it.
    """

    content: Callable[[Sequence[PolicyUnit], str, datetime], bytes]
    etag: Callable[[Sequence[PolicyUnit], datetime], str]
    discovery: Callable[[Sequence[str], datetime], bytes]
    discovery_etag: Callable[[Sequence[str]], str]
