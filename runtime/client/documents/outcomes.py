"""Spell the documents of operations on outcomes, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import TypedDict


class OutcomeSummaryOut(TypedDict):
    """Say what came of a plan, without its steps."""

    after_version: int
    before_version: int
    cost: int
    created_at: str
    id: str
    number: int
    plan_digest: str
    principal: str
    refusal_code: str | None
    status: str
