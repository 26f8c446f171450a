"""Keep what a project has used, so that rates and budgets are judged on facts of its own commits.

A book travels with the project's head and is replaced in the same commit, so what it says can't
differ from what was executed. Rates are counted by second for a minute and by minute for an hour;
the oldest bucket still counts as a whole, so a limit holds in any span, never less. Budgets are
counted by day, in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from runtime.domain.limits import BudgetScope, Usage
from runtime.domain.outcome import StepOutcome, StepStatus
from runtime.kit.canonical_json import canonical_text, parse

_BUCKETS: Final = 60
_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})
_NEVER: Final[Mapping[int, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageBook:
    """Count actions and cost of one project.

    Attributes:
        day: the day that the costs are of, as `2026-01-31`.
        spent: units of the day.
        principals: of these, by principal.
        actions: of these, by action name.
        seconds: actions by second since 1970, the last minute's.
        minutes: actions by minute since 1970, the last hour's.
    """

    day: str = ""
    spent: int = 0
    principals: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    actions: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    seconds: Mapping[int, int] = field(default_factory=lambda: _NEVER)
    minutes: Mapping[int, int] = field(default_factory=lambda: _NEVER)

    @classmethod
    def read(cls, text: str) -> UsageBook:
        """Read what `text` wrote; an empty text is a new book."""
        if not text:
            return cls()
        document = parse(text)
        return cls(
            day=document["day"],
            spent=document["spent"],
            principals=document["principals"],
            actions=document["actions"],
            seconds={int(at): count for at, count in document["seconds"].items()},
            minutes={int(at): count for at, count in document["minutes"].items()},
        )

    def text(self) -> str:
        """Spell the book as canonical JSON."""
        return canonical_text(
            {
                "day": self.day,
                "spent": self.spent,
                "principals": dict(self.principals),
                "actions": dict(self.actions),
                "seconds": {str(at): count for at, count in self.seconds.items()},
                "minutes": {str(at): count for at, count in self.minutes.items()},
            }
        )

    def at(self, now: datetime) -> UsageTally:
        """Open the book at an instant: what counts then, and room for what is executed then."""
        return UsageTally(self, now=now)

    def usage(self, principal_id: str, *, now: datetime) -> Usage:
        """Return what counts at an instant against the limits of a principal's step."""
        return self.at(now).usage(principal_id)

    def charged(
        self, steps: Iterable[StepOutcome], *, principal_id: str, now: datetime
    ) -> UsageBook:
        """Return the book once the finished steps of a plan are in it."""
        tally = self.at(now)
        tally.charge(steps, principal_id=principal_id)
        return tally.book()


class UsageTally:
    """Count what is executed at one instant on top of a book, and write the book anew in the end.

    One for a group of executions that commit together, so that the book is read and written once.
    """

    def __init__(self, book: UsageBook, *, now: datetime) -> None:
        today = book.day == _day(now)
        self._book = book
        self._now = now
        self._done = 0
        self._spent = book.spent if today else 0
        self._principals = dict(book.principals) if today else {}
        self._actions = dict(book.actions) if today else {}
        second = _second(now)
        self._last_minute = _since(book.seconds, second - _BUCKETS)
        self._last_hour = _since(book.minutes, second // 60 - _BUCKETS)

    def usage(self, principal_id: str) -> Usage:
        """Return what counts against the limits of a principal's step."""
        return Usage(
            last_minute=self._last_minute + self._done,
            last_hour=self._last_hour + self._done,
            spent={
                BudgetScope.ORGANIZATION: self._spent,
                BudgetScope.PROJECT: self._spent,
                BudgetScope.PRINCIPAL: self._principals.get(principal_id, 0),
            },
            spent_by_action=self._actions.copy(),
            as_of=self._now,
        )

    def charge(self, steps: Iterable[StepOutcome], *, principal_id: str) -> None:
        """Count the finished steps of a plan."""
        for step in steps:
            if step.status is StepStatus.DONE:
                self._done += 1
                self._spent += step.cost
                for spent, name in (
                    (self._principals, principal_id),
                    (self._actions, step.action.rpartition("@")[0]),
                ):
                    spent[name] = spent.get(name, 0) + step.cost

    def book(self) -> UsageBook:
        """Return the book with everything in it; the one that was opened, if there is nothing."""
        if not self._done:
            return self._book
        second = _second(self._now)
        return UsageBook(
            day=_day(self._now),
            spent=self._spent,
            principals=self._principals.copy(),
            actions=self._actions.copy(),
            seconds=_counted(self._book.seconds, second, count=self._done),
            minutes=_counted(self._book.minutes, second // 60, count=self._done),
        )


def _counted(buckets: Mapping[int, int], at: int, *, count: int) -> dict[int, int]:
    kept = {bucket: found for bucket, found in buckets.items() if bucket >= at - _BUCKETS}
    kept[at] = kept.get(at, 0) + count
    return kept


def _since(buckets: Mapping[int, int], first: int) -> int:
    return sum(count for bucket, count in buckets.items() if bucket >= first)


def _second(now: datetime) -> int:
    return int(now.timestamp())


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
