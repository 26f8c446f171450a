"""Spell the documents of operations on environments, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from runtime.client.documents.shared import ComparabilityOut


class EnvironmentOut(TypedDict):
    """Describe one environment."""

    comparability: ComparabilityOut
    id: str
    title: str


class EnvironmentPage(TypedDict):
    """Hold environments, all of them: there are as many as plugins declare."""

    items: list[EnvironmentOut]
    next_cursor: NotRequired[str | None]
