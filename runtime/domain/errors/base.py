"""Give all expected failures one base."""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """Base of all expected failures; `code` is stable across releases."""

    code: ClassVar[str] = "domain_error"
