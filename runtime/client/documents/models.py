"""Spell the documents of operations on models, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

Keeps: TypeAlias = Literal["everything", "redacted", "nothing"]
"""Hold a Keeps as the API spells it."""

Measure: TypeAlias = Literal["tokens", "cost_micros"]
"""Name what a budget counts."""


class ModelBudgetOut(TypedDict):
    """Describe the use of one budget."""

    limit: int | None
    measure: Measure
    reserved: int
    resets_at: str
    scope: str
    subject: str | None
    used: int


class ModelUsageOut(TypedDict):
    """Describe what was used of models today, a day of UTC."""

    as_of: str
    budgets: list[ModelBudgetOut]


class ModelUse(TypedDict):
    """Say how models are asked; days are those of UTC, money is in millionths of a US dollar."""

    daily_cost_micros: NotRequired[int | None]
    daily_tokens: NotRequired[int | None]
    keeps: NotRequired[Keeps]
    max_tokens: NotRequired[int]
    member_daily_cost_micros: NotRequired[int | None]
    member_daily_tokens: NotRequired[int | None]
    model_daily_cost_micros: NotRequired[int | None]
    model_daily_tokens: NotRequired[int | None]
    models: NotRequired[list[str]]
    requires_gate: NotRequired[bool]
    retention_days: NotRequired[int]
    temperature: NotRequired[float | None]
    timeout_s: NotRequired[int]


class ModelUseOut(TypedDict):
    """Show how models are asked; `ETag` is the version."""

    asked: list[str]
    daily_cost_micros: NotRequired[int | None]
    daily_tokens: NotRequired[int | None]
    keeps: NotRequired[Keeps]
    max_tokens: NotRequired[int]
    member_daily_cost_micros: NotRequired[int | None]
    member_daily_tokens: NotRequired[int | None]
    model_daily_cost_micros: NotRequired[int | None]
    model_daily_tokens: NotRequired[int | None]
    models: NotRequired[list[str]]
    organization: str
    project: str | None
    requires_gate: NotRequired[bool]
    retention_days: NotRequired[int]
    set_at: str | None
    set_by: str | None
    temperature: NotRequired[float | None]
    timeout_s: NotRequired[int]
    version: int
