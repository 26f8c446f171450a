"""Bound what may be done, what may be spent and when: rates, quotas, budgets and windows.

Everything here is a value; counting is the usage book's, which travels with a project's head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, with_config

from runtime.domain.execution_window import ExecutionWindow
from runtime.domain.time_zone import ZoneName
from runtime.kit.json_value import JsonObject

__all__ = [
    "NOTHING_USED",
    "NO_LIMITS",
    "BudgetScope",
    "ExecutionWindow",
    "LimitMeasure",
    "LimitRefusal",
    "Limits",
    "Usage",
]


class BudgetScope(StrEnum):
    """Name whose budget a cost is charged to, from the widest to the narrowest."""

    ORGANIZATION = "organization"
    PROJECT = "project"
    PRINCIPAL = "principal"
    ACTION = "action"


class LimitMeasure(StrEnum):
    """Name what a limit counts; money is in millionths of the organization's currency."""

    WINDOW = "window"
    PER_MINUTE = "per_minute"
    PER_HOUR = "per_hour"
    ACTIONS_A_DAY = "actions_a_day"
    UNITS_A_DAY = "units_a_day"
    TOKENS_A_DAY = "tokens_a_day"
    MONEY_A_DAY = "money_a_day"
    ACTIONS_A_MONTH = "actions_a_month"
    UNITS_A_MONTH = "units_a_month"
    TOKENS_A_MONTH = "tokens_a_month"
    MONEY_A_MONTH = "money_a_month"


_ORGANIZATION: Final = BudgetScope.ORGANIZATION
_PROJECT: Final = BudgetScope.PROJECT
_PRINCIPAL: Final = BudgetScope.PRINCIPAL


class Limits(BaseModel):
    """State what a project allows; `None` means no limit of that kind.

    Attributes:
        per_minute: actions in any 60 seconds.
        per_hour: actions in any 3,600 seconds.
        budgets: integer units a day, by scope.
        quotas: actions a day, by scope.
        windows: when executions may run; empty means always.
        day_zone: by whose midnight budgets and quotas renew.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_minute: int | None = Field(default=None, ge=0)
    per_hour: int | None = Field(default=None, ge=0)
    budgets: dict[BudgetScope, int] = Field(default_factory=dict)
    quotas: dict[BudgetScope, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    windows: tuple[ExecutionWindow, ...] = ()
    day_zone: ZoneName = "UTC"

    @property
    def counts(self) -> bool:
        """Say whether anything here is counted: a rate, a quota or a budget."""
        rates = self.per_minute is not None or self.per_hour is not None
        return rates or bool(self.budgets or self.quotas)


NO_LIMITS = Limits()


class LimitRefusal(BaseModel):
    """Say which limit refused, how much of it is used, and when it would let this pass.

    Attributes:
        scope: whose limit it is.
        subject: the principal or the action that it is counted for, if it is counted by one.
        measure: what it counts.
        limit: how much there is; None for a window.
        used: how much was used before.
        wanted: how much more was asked for: by the step and those behind it.
        resets_at: when it would pass if nothing else ran until then, in UTC; None: it never would
            as things stand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: BudgetScope
    subject: str | None = None
    measure: LimitMeasure
    limit: int | None = None
    used: int | None = None
    wanted: int | None = None
    resets_at: AwareDatetime | None


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Count what was used already, in the spans and scopes that `Limits` bounds.

    Nobody changes the mappings of one; `after` makes new ones.
    """

    last_minute: int = 0
    last_hour: int = 0
    spent: dict[BudgetScope, int] = field(default_factory=dict)
    spent_by_action: dict[str, int] = field(default_factory=dict)
    done: dict[BudgetScope, int] = field(default_factory=dict)
    done_by_action: dict[str, int] = field(default_factory=dict)
    as_of: AwareDatetime | None = None

    def after(self, action: str, *, cost: int) -> Usage:
        """Return the usage once `action` has run and cost `cost` units."""
        spent, by_action = self.spent.get, self.spent_by_action
        done, done_by_action = self.done.get, self.done_by_action
        return Usage(
            last_minute=self.last_minute + 1,
            last_hour=self.last_hour + 1,
            spent={
                _ORGANIZATION: spent(_ORGANIZATION, 0) + cost,
                _PROJECT: spent(_PROJECT, 0) + cost,
                _PRINCIPAL: spent(_PRINCIPAL, 0) + cost,
            },
            spent_by_action={**by_action, action: by_action.get(action, 0) + cost},
            done={
                _ORGANIZATION: done(_ORGANIZATION, 0) + 1,
                _PROJECT: done(_PROJECT, 0) + 1,
                _PRINCIPAL: done(_PRINCIPAL, 0) + 1,
            },
            done_by_action={**done_by_action, action: done_by_action.get(action, 0) + 1},
            as_of=self.as_of,
        )

    def document(self) -> JsonObject:
        """Return the counts as JSON, as they are read; what there is none of is left out."""
        document: JsonObject = {
            "last_minute": self.last_minute,
            "last_hour": self.last_hour,
            "spent": {scope.value: units for scope, units in self.spent.items()},
            "spent_by_action": dict(self.spent_by_action),
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
        }
        if self.done:
            document["done"] = {scope.value: count for scope, count in self.done.items()}
        if self.done_by_action:
            document["done_by_action"] = dict(self.done_by_action)
        return document

    def spent_in(self, scope: BudgetScope, *, action: str) -> int:
        """Return the units spent in a scope; the action scope is counted per action name."""
        if scope is BudgetScope.ACTION:
            return self.spent_by_action.get(action, 0)
        return self.spent.get(scope, 0)

    def done_in(self, scope: BudgetScope, *, action: str) -> int:
        """Return the actions done in a scope; the action scope is counted per action name."""
        if scope is BudgetScope.ACTION:
            return self.done_by_action.get(action, 0)
        return self.done.get(scope, 0)


NOTHING_USED = Usage()
