"""Rebuild what a window counted from the books of projects, should who counted it have forgotten.

Books are written in the commit of what they tell, so nothing that was done is missing from them.
They do not tell whose each action was; where that is not known, an action counts for everybody, so
that a rate is stricter, never less strict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_rates import RateHistory, RateWindow
from runtime.domain.usage_book import UsageBook


def history_of(window: RateWindow, books: Iterable[tuple[str, UsageBook]]) -> RateHistory:
    """Return what a window counted.

    Args:
        window: of an organization, a project or a principal.
        books: those of all projects of the organization that did something lately, by project.
    """
    counts = Counter[int]()
    for project, book in books:
        if window.scope is BudgetScope.PROJECT and project != window.subject:
            continue
        parts: Mapping[int, int] = (
            book.seconds if window.measure is LimitMeasure.PER_MINUTE else book.minutes
        )
        if window.scope is BudgetScope.PRINCIPAL:
            parts = _newest(parts, _most_by(window.subject, book, parts))
        counts.update(parts)
    return RateHistory(window=window, counts=counts)


def _most_by(principal_id: str, book: UsageBook, parts: Mapping[int, int]) -> int:
    """Return how many of the actions a principal can have done.

    A book counts who did what of one day. When that day has more actions than the parts, all of
    these are of that day: a span that began the day before has more than the day so far.
    """
    together = sum(parts.values())
    if book.done < together:
        return together
    return min(together, book.done_by.get(principal_id, 0))


def _newest(parts: Mapping[int, int], most: int) -> Mapping[int, int]:
    """Return the newest so many of the actions, which count for the longest."""
    kept: dict[int, int] = {}
    left = most
    for part in sorted(parts, reverse=True):
        if not left:
            break
        kept[part] = min(parts[part], left)
        left -= kept[part]
    return kept
