"""Say of one thing that a gate looks at how it ended, and of a comparison what it proves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.comparison import Comparison, Difference, Tier
from runtime.public import JsonObject

SHOWN_SCENARIOS = 5


class Verdict(StrEnum):
    """Name how a check or a run ended."""

    PASS = "pass"  # noqa: S105  # a verdict, not a password
    REGRESSION = "regression"
    GOVERNANCE = "governance"
    INCONCLUSIVE = "inconclusive"
    INFRASTRUCTURE = "infrastructure"

    @property
    def exit_code(self) -> int:
        """Return the process exit code; 5 is configuration, which never reaches the gate."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Verdict.PASS: 0,
    Verdict.REGRESSION: 1,
    Verdict.GOVERNANCE: 2,
    Verdict.INCONCLUSIVE: 3,
    Verdict.INFRASTRUCTURE: 4,
}
_WORST_FIRST = (
    Verdict.GOVERNANCE,
    Verdict.REGRESSION,
    Verdict.INFRASTRUCTURE,
    Verdict.INCONCLUSIVE,
    Verdict.PASS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Report one comparison of one model."""

    model: str
    name: str
    verdict: Verdict
    detail: str

    def document(self) -> JsonObject:
        """Return the check as JSON."""
        return {
            "model": self.model,
            "name": self.name,
            "verdict": self.verdict.value,
            "detail": self.detail,
        }


def worst(checks: Iterable[Check]) -> Verdict:
    """Return the verdict of the worst check; nothing checked is inconclusive."""
    found = {check.verdict for check in checks}
    return next((verdict for verdict in _WORST_FIRST if verdict in found), Verdict.INCONCLUSIVE)


def compared(model: str, comparison: Comparison | None) -> list[Check]:
    """Return the checks of a comparison: what is gone or left out, then every group."""
    if comparison is None:
        return []
    name = f"against {comparison.base_run}"
    checks: list[Check] = []
    if comparison.gone:
        detail = (
            f"{len(comparison.gone)} scenarios are gone: {_some(comparison.gone)}; "
            "restore them or bless a new baseline"
        )
        checks.append(Check(model=model, name=name, verdict=Verdict.REGRESSION, detail=detail))
    if comparison.lost:
        checks.append(_lost(model, comparison))
    if comparison.changed:
        detail = (
            f"{len(comparison.changed)} scenarios changed their text and were left out: "
            f"{_some(comparison.changed)}; bless a new baseline when they are as they should be"
        )
        checks.append(Check(model=model, name=name, verdict=Verdict.PASS, detail=detail))
    if comparison.mismatches:
        why = _why(comparison)
        return [*checks, Check(model=model, name=name, verdict=Verdict.INCONCLUSIVE, detail=why)]
    groups = (comparison.overall, *comparison.suites)
    return [*checks, *(_moved(model, item, comparison) for item in groups)]


def _lost(model: str, comparison: Comparison) -> Check:
    """Judge what lost every trial on one side: it passes while it can't hide more than the margin.

    Whether those scenarios got worse is not known; at worst, all of them did.
    """
    lost = len(comparison.lost)
    hidden = lost / (lost + comparison.overall.pairs)
    return Check(
        model=model,
        name=f"against {comparison.base_run}",
        verdict=Verdict.PASS if hidden <= comparison.margin else Verdict.INCONCLUSIVE,
        detail=f"{lost} scenarios have no scored trial on one side: {_some(comparison.lost)}; "
        f"they may hide a loss of {hidden:.1%}: see why their trials were lost and run again",
    )


def _why(comparison: Comparison) -> str:
    """Say which parts differ; a part of several environments is told once."""
    parts = ", ".join(_unique(item.part for item in comparison.mismatches))
    return (
        f"unverifiable: {parts} differ, so the figures can't be compared; bless a new baseline, "
        "run both sides in one go with --against, or list in `varied` what was meant to change"
    )


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


_OF_TIER = {
    Tier.REGRESSION: Verdict.REGRESSION,
    Tier.UNVERIFIABLE: Verdict.INCONCLUSIVE,
    Tier.INSUFFICIENT: Verdict.INCONCLUSIVE,
    Tier.STABLE: Verdict.PASS,
    Tier.IMPROVEMENT: Verdict.PASS,
}


def _moved(model: str, moved: Difference, comparison: Comparison) -> Check:
    name = f"against {comparison.base_run}"
    named = name if moved is comparison.overall else f"{name}, suite {moved.name}"
    return Check(
        model=model, name=named, verdict=_of(moved, comparison), detail=told(moved, comparison)
    )


def _of(moved: Difference, comparison: Comparison) -> Verdict:
    """Judge a group; of a suite only a regression counts, for suites are small.

    A loss that is real but within the margin passes where more than the margin is ruled out.
    """
    if moved.tier is Tier.SOFT_REGRESSION:
        bound = moved.interval[0] if moved.interval else -1.0
        verdict = Verdict.PASS if bound > -comparison.margin else Verdict.INCONCLUSIVE
    else:
        verdict = _OF_TIER[moved.tier]
    if moved is not comparison.overall and verdict is Verdict.INCONCLUSIVE:
        return Verdict.PASS
    return verdict


def told(moved: Difference, comparison: Comparison) -> str:
    """Say in one line how a group of scenarios moved, and what its size could show."""
    if moved.change is None or moved.interval is None or moved.p_worse is None:
        return "no scenario is the same on both sides; bless a new baseline"
    low, high = moved.interval
    pairs = f"{moved.pairs} scenarios in {moved.families} families"
    text = (
        f"{moved.tier.value}: {moved.base_rate:.1%} -> {moved.head_rate:.1%} "
        f"({moved.change:+.1%} [{low:+.1%}, {high:+.1%}], p {moved.p_worse:.3g}) on {pairs}; "
        f"a loss of {moved.detectable:.1%} would be noticed"
    )
    if moved.tier in {Tier.INSUFFICIENT, Tier.SOFT_REGRESSION} and moved.needed is not None:
        text += f"; {moved.needed} families could rule out one of {comparison.margin:.1%}"
    return text + (f"; worse: {_some(moved.worse)}" if moved.worse else "")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN_SCENARIOS])
    return (
        shown
        if len(names) <= SHOWN_SCENARIOS
        else f"{shown} and {len(names) - SHOWN_SCENARIOS} more"
    )
