"""Keep what a project has used, so that rates and budgets are judged on facts of its own commits.

A book travels with the project's head and is replaced in the same commit, so what it says can't
differ from what was executed. Rates are counted by second for a minute and by minute for an hour;
the oldest bucket still counts as a whole, so a limit holds in any span, never less. Units and
actions are counted by day, of the zone that the limits name. A day never goes back: when the zone
or the clock changes so that yesterday comes again, what was used stays used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import orjson

from runtime.domain.limits import NO_LIMITS, BudgetScope, Limits, Usage
from runtime.domain.outcome import StepOutcome, StepStatus
from runtime.domain.thresholds import Crossing, DayCounts, crossings, silent_below
from runtime.domain.time_zone import day_of
from runtime.kit.canonical_json import parse

_BUCKETS: Final = 60
_SPELLED: Final = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS | orjson.OPT_STRICT_INTEGER
_DONE: Final = StepStatus.DONE
_ORGANIZATION: Final = BudgetScope.ORGANIZATION
_PROJECT: Final = BudgetScope.PROJECT
_PRINCIPAL: Final = BudgetScope.PRINCIPAL


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageBook:
    """Count actions and cost of one project.

    Attributes:
        day: the day that costs and counts are of, as `2026-01-31`.
        spent: units of the day.
        principals: of these, by principal.
        actions: of these, by action name.
        done: actions of the day.
        done_by: of these, by principal.
        done_of: of these, by action name.
        told: which thresholds of limits were told of that day.
        seconds: actions by second since 1970, the last minute's, the oldest first.
        minutes: actions by minute since 1970, the last hour's, the oldest first.
    """

    day: str = ""
    spent: int = 0
    principals: dict[str, int] = field(default_factory=dict)
    actions: dict[str, int] = field(default_factory=dict)
    done: int = 0
    done_by: dict[str, int] = field(default_factory=dict)
    done_of: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    seconds: dict[int, int] = field(default_factory=dict)
    minutes: dict[int, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> UsageBook:
        """Read what `text` wrote, or wrote before actions were counted; an empty text is new."""
        if not text:
            return cls()
        document = parse(text)
        return cls(
            day=document["day"],
            spent=document["spent"],
            principals=document["principals"],
            actions=document["actions"],
            done=document.get("done", 0),
            done_by=document.get("done_by", {}),
            done_of=document.get("done_of", {}),
            told=document.get("told", {}),
            seconds=_in_order({int(at): count for at, count in document["seconds"].items()}),
            minutes=_in_order({int(at): count for at, count in document["minutes"].items()}),
        )

    def text(self) -> str:
        """Spell the book as JSON: names and whole numbers only, so without the canonical walk."""
        return orjson.dumps(
            {
                "day": self.day,
                "spent": self.spent,
                "principals": self.principals,
                "actions": self.actions,
                "done": self.done,
                "done_by": self.done_by,
                "done_of": self.done_of,
                "told": self.told,
                "seconds": self.seconds,
                "minutes": self.minutes,
            },
            option=_SPELLED,
        ).decode()

    def at(self, now: datetime, limits: Limits = NO_LIMITS) -> UsageTally:
        """Open the book at an instant: what counts then, and room for what is executed then."""
        return UsageTally(self, now=now, limits=limits)

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

    def day_at(self, now: datetime, zone: str) -> str:
        """Return the day that costs are charged to at an instant."""
        return max(self.day, day_of(now, zone))

    def minute_free_at(self, now: datetime, *, used: int, most: int) -> datetime | None:
        """Return when at most `most` of the `used` actions still count for the minute.

        What the book does not hold counts as done at `now`.
        """
        return _free_at(self.seconds, _second(now), span_s=1, over=used - most, most=most)

    def hour_free_at(self, now: datetime, *, used: int, most: int) -> datetime | None:
        """Return when at most `most` of the `used` actions still count for the hour."""
        return _free_at(self.minutes, _second(now) // 60, span_s=60, over=used - most, most=most)


class UsageTally:
    """Count what is executed at one instant on top of a book, and write the book anew in the end.

    One for a group of executions that commit together, so that the book is read and written once.
    What it lends to a usage or a book is copied before it is written to again.
    """

    def __init__(self, book: UsageBook, *, now: datetime, limits: Limits = NO_LIMITS) -> None:
        self._book = book
        self._now = now
        self._limits = limits
        self._silent_units, self._silent_actions = silent_below(limits)
        self._day = book.day_at(now, limits.day_zone)
        today = book.day == self._day
        self._fresh = 0
        self._spent = book.spent if today else 0
        self._done = book.done if today else 0
        self._principals = book.principals if today else {}
        self._done_by = book.done_by if today else {}
        self._actions = book.actions if today else {}
        self._done_of = book.done_of if today else {}
        self._told = book.told if today else {}
        self._of_book = self._lent = True
        self._written: UsageBook | None = book
        second = _second(now)
        self._last_minute = _since(book.seconds, second - _BUCKETS)
        self._last_hour = _since(book.minutes, second // 60 - _BUCKETS)

    def usage(self, principal_id: str) -> Usage:
        """Return what counts against the limits of a principal's step."""
        self._lent = True
        spent, done, fresh = self._spent, self._done, self._fresh
        return Usage(
            last_minute=self._last_minute + fresh,
            last_hour=self._last_hour + fresh,
            spent={
                _ORGANIZATION: spent,
                _PROJECT: spent,
                _PRINCIPAL: self._principals.get(principal_id, 0),
            },
            spent_by_action=self._actions,
            done={
                _ORGANIZATION: done,
                _PROJECT: done,
                _PRINCIPAL: self._done_by.get(principal_id, 0),
            },
            done_by_action=self._done_of,
            as_of=self._now,
        )

    def charge(self, steps: Iterable[StepOutcome], *, principal_id: str) -> tuple[Crossing, ...]:
        """Count the finished steps of a plan, and return the thresholds that they reach."""
        self._own()
        actions, done_of = self._actions, self._done_of
        count = cost = 0
        names = []
        for step in steps:
            if step.status is _DONE:
                count += 1
                cost += step.cost
                name = step.action.rpartition("@")[0]
                names.append(name)
                actions[name] = actions.get(name, 0) + step.cost
                done_of[name] = done_of.get(name, 0) + 1
        if not count:
            return ()
        self._written = None
        self._fresh += count
        self._done += count
        self._spent += cost
        self._principals[principal_id] = self._principals.get(principal_id, 0) + cost
        self._done_by[principal_id] = self._done_by.get(principal_id, 0) + count
        if self._spent < self._silent_units and self._done < self._silent_actions:
            return ()
        return self._crossed(principal_id, names)

    def book(self) -> UsageBook:
        """Return the book with everything in it; the one that was opened, if there is nothing."""
        if self._written is not None:
            return self._written
        self._of_book = self._lent = True
        second = _second(self._now)
        self._written = UsageBook(
            day=self._day,
            spent=self._spent,
            principals=self._principals,
            actions=self._actions,
            done=self._done,
            done_by=self._done_by,
            done_of=self._done_of,
            told=self._told,
            seconds=_counted(self._book.seconds, second, count=self._fresh),
            minutes=_counted(self._book.minutes, second // 60, count=self._fresh),
        )
        return self._written

    def _own(self) -> None:
        if self._lent:
            self._actions, self._done_of = self._actions.copy(), self._done_of.copy()
            self._lent = False
        if self._of_book:
            self._principals, self._done_by = self._principals.copy(), self._done_by.copy()
            self._of_book = False

    def _crossed(self, principal_id: str, actions: Iterable[str]) -> tuple[Crossing, ...]:
        counts = DayCounts(
            day=self._day,
            spent=self._spent,
            done=self._done,
            principals=self._principals,
            done_by=self._done_by,
            actions=self._actions,
            done_of=self._done_of,
        )
        found = crossings(
            self._limits,
            counts,
            principal_id=principal_id,
            actions=dict.fromkeys(actions),
            told=self._told,
        )
        if found:
            self._told = {**self._told, **{item.key: item.percent for item in found}}
        return found


def _free_at(
    buckets: Mapping[int, int], at: int, *, span_s: int, over: int, most: int
) -> datetime | None:
    if most < 0:
        return None
    leaves = at
    for bucket in sorted(bucket for bucket in buckets if bucket >= at - _BUCKETS):
        if over <= 0:
            break
        over -= buckets[bucket]
        leaves = bucket
    last = at if over > 0 else leaves
    return datetime.fromtimestamp((last + _BUCKETS + 1) * span_s, UTC)


def _counted(buckets: Mapping[int, int], at: int, *, count: int) -> dict[int, int]:
    kept = _young(buckets, at - _BUCKETS)
    newest = next(reversed(kept), at)
    kept[at] = kept.get(at, 0) + count
    return kept if newest <= at else _in_order(kept)


def _since(buckets: Mapping[int, int], first: int) -> int:
    return sum(_young(buckets, first).values())


def _young(buckets: Mapping[int, int], first: int) -> dict[int, int]:
    """Return a copy without what is older; the oldest stand first."""
    young = dict(buckets)
    for bucket in buckets:
        if bucket >= first:
            break
        del young[bucket]
    return young


def _in_order(buckets: Mapping[int, int]) -> dict[int, int]:
    return dict(sorted(buckets.items()))


def _second(now: datetime) -> int:
    return int(now.timestamp())
