"""Say which models answer, how they are asked, what they may cost and what is kept of it.

One document an organization and one a project. A project's takes the place of its organization's in
how models are asked; budgets hold side by side, each for whom it is set (`domain.model_budget`).
Whether a reference may be used depends on the operator: `services.models.offers` judges it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, field_validator

from runtime.kit.canonical_json import MAX_SAFE_INTEGER

MOST_MODELS: Final = 5
MOST_REFERENCE: Final = 500
DEFAULT_TIMEOUT_S: Final = 60
DEFAULT_MAX_TOKENS: Final = 1_024
DEFAULT_RETENTION_DAYS: Final = 30

Reference = Annotated[str, Field(min_length=3, max_length=MOST_REFERENCE, pattern=r"^[!-~]+$")]
"""A model reference, such as `openai/gpt-4o-mini?tools=json`."""

Most = Annotated[int, Field(strict=True, ge=0, le=MAX_SAFE_INTEGER)] | None
"""How much a day may take; None: as much as is asked for."""


class Keeps(StrEnum):
    """Say what is kept of messages and answers: as written, without secrets and persons, or not."""

    EVERYTHING = "everything"
    REDACTED = "redacted"
    NOTHING = "nothing"


def _whole_or_not(number: float) -> int | float:
    """Return a whole number as one: so an answer that is repeated from storage spells it."""
    return int(number) if number.is_integer() else number


class ModelUse(BaseModel):
    """Say how models are asked; days are those of UTC, money is in millionths of a US dollar.

    Attributes:
        models: references in the order in which they are asked, the others when one fails; none
            leaves it to the organization, and then to the platform.
        timeout_s: how long one request to a model may take; a turn may take twice as long in all.
        max_tokens: upper bound of one answer.
        temperature: None leaves the provider's default.
        daily_tokens: what the organization, or the project, may use.
        daily_cost_micros: the same in money.
        member_daily_tokens: what each member may use there.
        member_daily_cost_micros: the same in money.
        model_daily_tokens: what each model may be used for there.
        model_daily_cost_micros: the same in money.
        keeps: what is kept of messages and answers.
        retention_days: for how long.
        requires_gate: a model is asked only when its evaluation passed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[Reference, ...] = Field(default=(), max_length=MOST_MODELS)
    timeout_s: int = Field(default=DEFAULT_TIMEOUT_S, strict=True, ge=1, le=300)
    max_tokens: int = Field(default=DEFAULT_MAX_TOKENS, strict=True, ge=16, le=128_000)
    temperature: Annotated[float, PlainSerializer(_whole_or_not)] | None = Field(
        default=0.0, strict=True, ge=0, le=2, allow_inf_nan=False
    )
    daily_tokens: Most = None
    daily_cost_micros: Most = None
    member_daily_tokens: Most = None
    member_daily_cost_micros: Most = None
    model_daily_tokens: Most = None
    model_daily_cost_micros: Most = None
    keeps: Keeps = Keeps.REDACTED
    retention_days: int = Field(default=DEFAULT_RETENTION_DAYS, strict=True, ge=1, le=3_650)
    requires_gate: bool = Field(default=False, strict=True)

    @field_validator("models")
    @classmethod
    def _named_once(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(models)) != len(models):
            message = "a model is named twice, expected each once"
            raise ValueError(message)
        return models


def in_force(
    organization: ModelUse | None, project: ModelUse | None, *, platform: tuple[str, ...]
) -> ModelUse:
    """Return how a project asks models: its own settings, else its organization's.

    A gate that the organization demands is demanded of every project.

    >>> in_force(None, ModelUse(timeout_s=5), platform=("plangate/keyword",)).models
    ('plangate/keyword',)
    """
    base = organization or ModelUse()
    chosen = project or base
    models = chosen.models or base.models or platform
    update = {"models": models, "requires_gate": chosen.requires_gate or base.requires_gate}
    return chosen.model_copy(update=update)
