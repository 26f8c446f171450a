"""Bound what may be spent and when: rates, budgets and execution windows.

Everything here is a value; counting and reserving in storage is the platform's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    with_config,
)

from runtime.kit.json_value import JsonObject


class BudgetScope(StrEnum):
    """Name whose budget a cost is charged to, from the widest to the narrowest."""

    ORGANIZATION = "organization"
    PROJECT = "project"
    PRINCIPAL = "principal"
    ACTION = "action"


_TOTALLED: Final = tuple(scope for scope in BudgetScope if scope is not BudgetScope.ACTION)


class ExecutionWindow(BaseModel):
    """Allow executions on some weekdays between two times of day, in UTC.

    A window whose end is before its start runs past midnight and belongs to the day it starts on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(
        default=(0, 1, 2, 3, 4, 5, 6), description="0 is Monday"
    )
    start: time
    end: time

    @field_validator("start", "end")
    @classmethod
    def _without_zone(cls, value: time) -> time:
        if value.utcoffset() not in (None, timedelta(0)):
            message = f"{value} names another zone than UTC; give the time of day in UTC"
            raise ValueError(message)
        return value.replace(tzinfo=None)

    def covers(self, instant: datetime) -> bool:
        """Say whether `instant` lies in the window; the end is exclusive."""
        in_utc = instant.astimezone(UTC)
        clock, today = in_utc.time(), in_utc.weekday()
        if self.start <= self.end:
            return today in self.days and self.start <= clock < self.end
        if clock >= self.start:
            return today in self.days
        return (today - 1) % 7 in self.days and clock < self.end


class Limits(BaseModel):
    """State what a project allows; `None` means no limit of that kind.

    Attributes:
        per_minute: actions in any 60 seconds.
        per_hour: actions in any 3,600 seconds.
        budgets: integer units a day, by scope.
        windows: when executions may run; empty means always.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_minute: int | None = Field(default=None, ge=0)
    per_hour: int | None = Field(default=None, ge=0)
    budgets: dict[BudgetScope, int] = Field(default_factory=dict)
    windows: tuple[ExecutionWindow, ...] = ()


NO_LIMITS = Limits()


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Count what was used already, in the spans and scopes that `Limits` bounds."""

    last_minute: int = 0
    last_hour: int = 0
    spent: dict[BudgetScope, int] = field(default_factory=dict)
    spent_by_action: dict[str, int] = field(default_factory=dict)
    as_of: AwareDatetime | None = None

    def after(self, action: str, *, cost: int) -> Usage:
        """Return the usage once `action` has run and cost `cost` units."""
        spent, by_action = self.spent, self.spent_by_action
        return Usage(
            last_minute=self.last_minute + 1,
            last_hour=self.last_hour + 1,
            spent={scope: spent.get(scope, 0) + cost for scope in _TOTALLED},
            spent_by_action={**by_action, action: by_action.get(action, 0) + cost},
            as_of=self.as_of,
        )

    def document(self) -> JsonObject:
        """Return the counts as JSON, as they are read."""
        return {
            "last_minute": self.last_minute,
            "last_hour": self.last_hour,
            "spent": {scope.value: units for scope, units in self.spent.items()},
            "spent_by_action": dict(self.spent_by_action),
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
        }

    def spent_in(self, scope: BudgetScope, *, action: str) -> int:
        """Return the units spent in a scope; the action scope is counted per action name."""
        if scope is BudgetScope.ACTION:
            return self.spent_by_action.get(action, 0)
        return self.spent.get(scope, 0)


NOTHING_USED = Usage()
