"""Spell the documents of operations on plans, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from runtime.client.documents.shared import PlanIn


class PlanRequestIn(TypedDict):
    """Ask for a plan to be simulated or executed."""

    approval: NotRequired[str | None]
    atomic: NotRequired[bool]
    confirm: NotRequired[str | None]
    gate: NotRequired[str | None]
    plan: PlanIn
