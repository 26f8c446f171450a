"""Spell the documents of operations on evaluations, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import TypedDict


class EvaluationLinkOut(TypedDict):
    """Lead a browser to the organization's evaluations, once; null where a request is repeated."""

    expires_at: str
    url: str | None
