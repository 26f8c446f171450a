"""Correct p-values for asking several questions at once.

Pure arithmetic; `harness.comparison` asks once a suite and fails if any suite is worse.
"""

from __future__ import annotations

from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return each question's p-value adjusted so that "any is at most alpha" errs at most alpha.

    Holds under any dependence between the questions, and never has less power than Bonferroni.

    Returns:
        adjusted p-values by the same names in the same order: at most 1, and in the order of the
        raw ones.

    Raises:
        ValueError: a p-value outside 0 to 1, or NaN.

    Source: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian
    Journal of Statistics 6 (1979), 65-70.

    >>> holm({"helpdesk": 0.01, "counter": 0.5, "memory": 0.03})
    {'helpdesk': 0.03, 'counter': 0.5, 'memory': 0.06}
    """
    for name, p_value in p_values.items():
        _require_p_value(name, p_value)
    adjusted: dict[str, float] = {}
    reached = 0.0
    for rank, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = reached
    return {name: adjusted[name] for name in p_values}


def _require_p_value(name: str, p_value: float) -> None:
    if not 0 <= p_value <= 1:
        raise ValueError(f"the p-value of {name!r} is {p_value}, expected a number from 0 to 1")
