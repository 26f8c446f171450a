"""Check a step against the project's windows, rates, quotas and budgets.

What is checked is the step together with those behind it, up to the next urgent one: a plan whose
steps pass one by one, but not together, is refused before any of them runs. Nothing that is counted
can be overshot, as what fits before the first of them fits before each.

Urgent steps, such as an emergency stop, are held back by no limit, nor by what stands behind them:
a stretch of steps ends where an urgent one begins, and a new one begins after it. What urgent steps
cost is counted, and leaves less to those behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from runtime.domain.action import Action
from runtime.domain.execution_window import next_opening
from runtime.domain.limits import BudgetScope, LimitMeasure, LimitRefusal
from runtime.domain.outcome import Refusal
from runtime.domain.reason import ReasonCode
from runtime.domain.time_zone import day_end
from runtime.engine.facts import StepFacts

_SCOPES: Final = tuple(BudgetScope)


def inside_window(facts: StepFacts) -> Refusal | None:
    """Refuse executions outside of the project's windows, but for urgent actions."""
    windows, now = facts.facts.limits.windows, facts.facts.now
    if urgent(facts) or not windows or any(window.covers(now) for window in windows):
        return None
    spans = ", ".join(
        f"{window.start:%H:%M}-{window.end:%H:%M} {window.zone}" for window in windows
    )
    opens = next_opening(windows, now)
    return Refusal(
        guard="inside_window",
        code=ReasonCode.OUTSIDE_WINDOW,
        expected=f"a time inside {spans}",
        found=now.isoformat(),
        remedy=f"run it when a window is open{_from(opens)}",
        limit=LimitRefusal(scope=BudgetScope.PROJECT, measure=LimitMeasure.WINDOW, resets_at=opens),
    )


def within_rate(facts: StepFacts) -> Refusal | None:
    """Refuse when the step and those behind it would exceed a rate limit; urgent ones pass."""
    limits, usage = facts.facts.limits, facts.usage
    if urgent(facts) or (limits.per_minute is None and limits.per_hour is None):
        return None
    wanted = 1 + len(facts.ahead)
    for measure, limit, used in (
        (LimitMeasure.PER_MINUTE, limits.per_minute, usage.last_minute),
        (LimitMeasure.PER_HOUR, limits.per_hour, usage.last_hour),
    ):
        if limit is not None and used + wanted > limit:
            return _over_rate(facts, measure, limit=limit, used=used, wanted=wanted)
    return None


def within_quota(facts: StepFacts) -> Refusal | None:
    """Refuse when the step and those behind it are more than a quota allows; urgent ones pass."""
    quotas = facts.facts.limits.quotas
    if urgent(facts) or not quotas:
        return None
    return _first_over_day(facts, quotas, LimitMeasure.ACTIONS_A_DAY)


def within_budget(facts: StepFacts) -> Refusal | None:
    """Refuse when the cost does not fit into every budget it is charged to; urgent ones pass.

    The cost is that of the step and of those behind it.
    """
    budgets = facts.facts.limits.budgets
    if urgent(facts) or not budgets:
        return None
    return _first_over_day(facts, budgets, LimitMeasure.UNITS_A_DAY)


def _first_over_day(
    facts: StepFacts, limits: Mapping[BudgetScope, int], measure: LimitMeasure
) -> Refusal | None:
    """Hold limits of a day against what a step and those behind it use, the widest scope first.

    Whatever order they were given in; a lone step that fits into all of them needs none.
    """
    units, action = measure is LimitMeasure.UNITS_A_DAY, facts.action.action
    used_in = facts.usage.spent_in if units else facts.usage.done_in
    if not facts.ahead:
        name, more = action.name, action.cost if units else 1
        for scope, limit in limits.items():
            if used_in(scope, action=name) + more > limit:
                break
        else:
            return None
    actions = (action, *facts.ahead)
    for scope in (scope for scope in _SCOPES if scope in limits):
        for name, concerned in counted_apart(scope, actions):
            used = used_in(scope, action=name)
            wanted = sum([action.cost for action in concerned]) if units else len(concerned)
            if used + wanted > limits[scope]:
                figures = (limits[scope], used, wanted)
                return _over_day(facts, measure, scope=scope, name=name, figures=figures)
    return None


def counted_apart(
    scope: BudgetScope, actions: tuple[Action, ...]
) -> list[tuple[str, tuple[Action, ...]]]:
    """Return which actions count together in a scope, each with the name it is counted by."""
    if scope is not BudgetScope.ACTION or len(actions) == 1:
        return [(actions[0].name, actions)]
    names = dict.fromkeys(action.name for action in actions)
    return [(name, tuple(it for it in actions if it.name == name)) for name in names]


def _over_rate(
    facts: StepFacts, measure: LimitMeasure, *, limit: int, used: int, wanted: int
) -> Refusal:
    book, now = facts.facts.book, facts.facts.now
    minute = measure is LimitMeasure.PER_MINUTE
    free_at = book.minute_free_at if minute else book.hour_free_at
    span, resets_at = "minute" if minute else "hour", free_at(now, used=used, most=limit - wanted)
    return Refusal(
        guard="within_rate",
        code=ReasonCode.RATE_LIMITED,
        expected=f"at most {limit} actions a {span}{together(wanted)}",
        found=used + wanted,
        remedy=remedy(f"wait until the {span} has passed", resets_at, wanted=wanted),
        limit=LimitRefusal(
            scope=BudgetScope.PROJECT,
            measure=measure,
            limit=limit,
            used=used,
            wanted=wanted,
            resets_at=resets_at,
        ),
    )


def _over_day(
    facts: StepFacts,
    measure: LimitMeasure,
    *,
    scope: BudgetScope,
    name: str,
    figures: tuple[int, int, int],
) -> Refusal:
    limit, used, wanted = figures
    units = measure is LimitMeasure.UNITS_A_DAY
    what, kind = ("units", "budget") if units else ("actions", "quota")
    steps = 1 + len(facts.ahead)
    resets_at = None if wanted > limit else _renewed_at(facts)
    return Refusal(
        guard=f"within_{kind}",
        code=ReasonCode.BUDGET_EXCEEDED if units else ReasonCode.QUOTA_EXCEEDED,
        expected=f"at most {limit} {what} of the {scope} {kind}{together(steps)}",
        found=used + wanted,
        remedy=remedy(f"raise the {kind} or wait until it renews", resets_at, wanted=steps),
        limit=LimitRefusal(
            scope=scope,
            subject=_subject(facts, scope, name=name),
            measure=measure,
            limit=limit,
            used=used,
            wanted=wanted,
            resets_at=resets_at,
        ),
    )


def _subject(facts: StepFacts, scope: BudgetScope, *, name: str) -> str | None:
    if scope is BudgetScope.ACTION:
        return name
    return facts.facts.principal.id if scope is BudgetScope.PRINCIPAL else None


def _renewed_at(facts: StepFacts) -> datetime:
    zone = facts.facts.limits.day_zone
    return day_end(facts.facts.book.day_at(facts.facts.now, zone), zone)


def together(steps: int) -> str:
    """Say how many steps a limit was held against; nothing of a single one."""
    return f" for {steps} steps together" if steps > 1 else ""


def remedy(text: str, resets_at: datetime | None, *, wanted: int) -> str:
    """Say what would make steps pass: waiting, if they fit at any time at all.

    Args:
        text: what to do, if they do.
        resets_at: from when on; None: they never will.
        wanted: how many steps there are.
    """
    if resets_at is not None:
        return f"{text}{_from(resets_at)}"
    split = "split the plan" if wanted > 1 else "use something smaller"
    return f"{split} or have the limit raised: it is more than fits at any time"


def _from(instant: datetime | None) -> str:
    return "" if instant is None else f", from {instant:%Y-%m-%dT%H:%M:%SZ}"


def urgent(facts: StepFacts) -> bool:
    """Say whether no limit holds a step back."""
    return facts.action.action.permission.urgent
