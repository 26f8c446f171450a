"""Refuse what can't be kept for long, or be told again and again; every entry point asks here."""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeVar

from runtime.domain.fact import MOST_VALUE_BYTES
from runtime.domain.limits import BudgetScope, Limits
from runtime.kit.canonical_json import MAX_SAFE_INTEGER, canonical_bytes
from runtime.kit.json_value import JsonValue

MOST_PLAN_BYTES: Final = 65_536
MOST_WINDOWS: Final = 50


class Steps(Protocol):
    """Hold steps, as a plan does."""

    @property
    def steps(self) -> tuple[Any, ...]:
        """Return them in order."""

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return its document."""


P = TypeVar("P", bound=Steps)


def storable_plan(plan: P) -> P:
    """Return a plan that is not too long to be kept.

    Raises:
        ValueError: it has no steps, or is too long.
    """
    if not plan.steps:
        raise ValueError("the plan has no steps, expected one at least")
    size_bytes = len(canonical_bytes(plan.model_dump(mode="json")))
    if size_bytes > MOST_PLAN_BYTES:
        raise ValueError(f"the plan has {size_bytes} bytes, at most {MOST_PLAN_BYTES} may be")
    return plan


def storable_value(value: JsonValue) -> JsonValue:
    """Return a value that is not too long to be told in each prompt.

    Raises:
        ValueError: it is.
    """
    size_bytes = len(canonical_bytes(value))
    if size_bytes > MOST_VALUE_BYTES:
        raise ValueError(f"the value has {size_bytes} bytes, at most {MOST_VALUE_BYTES} may be")
    return value


def storable_limits(limits: Limits) -> Limits:
    """Return limits that every reader of JSON reads alike.

    Raises:
        ValueError: a number is below zero or beyond what JSON is sure to keep, there are more
            windows than a week needs, or a limit of the organization is among those of a project.
    """
    numbers = (
        limits.per_minute,
        limits.per_hour,
        *limits.budgets.values(),
        *limits.quotas.values(),
    )
    if any(number is not None and not 0 <= number <= MAX_SAFE_INTEGER for number in numbers):
        raise ValueError(f"a limit is out of range, expected 0 to {MAX_SAFE_INTEGER}")
    if BudgetScope.ORGANIZATION in {*limits.budgets, *limits.quotas}:
        raise ValueError(
            "a project has no budget or quota of the scope organization; set it on the "
            "organization, where all of its projects share it"
        )
    if len(limits.windows) > MOST_WINDOWS:
        raise ValueError(f"there are {len(limits.windows)} windows, at most {MOST_WINDOWS} may be")
    return limits
