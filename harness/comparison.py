"""Hold what changed between two runs of a model, and how sure that is.

`harness.compare` finds it out; gates, reports and files hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runtime.public import JsonObject

OVERALL = "all scenarios"


class Part(StrEnum):
    """Name what must be equal before two runs are compared, unless it was meant to vary."""

    REGISTRY = "registry"
    PROMPT = "prompt"
    PLUGIN = "plugin"
    POLICY = "policy"
    SCORERS = "scorers"
    SAMPLING = "sampling"
    PRICES = "prices"
    VERSIONS = "versions"


AGENT_PARTS = frozenset(
    {Part.REGISTRY, Part.PROMPT, Part.PLUGIN, Part.POLICY, Part.VERSIONS, Part.PRICES}
)
"""What a change of the agent's own code may change; how it is scored and sampled must stay."""


class Tier(StrEnum):
    """Grade a difference."""

    REGRESSION = "regression"
    SOFT_REGRESSION = "soft regression"
    STABLE = "stable"
    IMPROVEMENT = "improvement"
    INSUFFICIENT = "insufficient data"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRules:
    """Say what is asked of a comparison.

    Attributes:
        margin: how much of the pass rate may be lost, as a share.
        alpha: how often, at most, a regression may be claimed where nothing changed.
        power: how surely the minimal detectable effect would be noticed.
        varied: parts that were meant to differ.
    """

    margin: float = 0.02
    alpha: float = 0.05
    power: float = 0.8
    varied: frozenset[Part] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Name a part that differs although it must be equal."""

    part: str
    base: str
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Describe how a group of scenarios changed.

    Attributes:
        pairs: scenarios in both runs, unchanged, with a scored trial in each.
        families: independent clusters among them.
        change: pass rate of head minus that of base; None without pairs.
        interval: of the change, at twice `alpha` two-sided, so each bound holds at `alpha`.
        p_worse, p_better: exact sign-flip p-values, adjusted by Holm over all groups.
        detectable: the smallest loss that this many families would have shown with the asked power.
        needed: families that would be needed to show that no more than the margin was lost.
    """

    name: str
    tier: Tier
    pairs: int
    families: int
    base_rate: float | None
    head_rate: float | None
    change: float | None
    interval: tuple[float, float] | None
    p_worse: float | None
    p_better: float | None
    detectable: float | None
    needed: int | None
    worse: tuple[str, ...] = ()
    better: tuple[str, ...] = ()

    def document(self) -> JsonObject:
        """Return the difference as JSON."""
        document: JsonObject = {name: getattr(self, name) for name in self.__slots__}
        document["tier"] = self.tier.value
        document["interval"] = list(self.interval) if self.interval else None
        document["worse"], document["better"] = list(self.worse), list(self.better)
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Hold what changed between two sides.

    Attributes:
        overall: all pairs.
        suites: each suite that has pairs, if there are several.
        mismatches: why nothing may be compared; empty where it may.
        gone: scenarios of base that head was never asked.
        changed: scenarios of both whose text is not the same; they are left out.
        added: scenarios that only head has.
        lost: unchanged scenarios without a scored trial on one side.
    """

    base: str
    head: str
    base_run: str
    head_run: str
    overall: Difference
    suites: tuple[Difference, ...]
    margin: float
    mismatches: tuple[Mismatch, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def tier(self) -> Tier:
        """Return the worst tier of all groups."""
        found = {self.overall.tier, *(suite.tier for suite in self.suites)}
        return next(tier for tier in _WORST_FIRST if tier in found)

    def document(self) -> JsonObject:
        """Return the comparison as JSON."""
        return {
            "base": self.base,
            "head": self.head,
            "base_run": self.base_run,
            "head_run": self.head_run,
            "tier": self.tier.value,
            "margin": self.margin,
            "overall": self.overall.document(),
            "suites": [suite.document() for suite in self.suites],
            "mismatches": [
                {"part": item.part, "base": item.base, "head": item.head}
                for item in self.mismatches
            ],
            "gone": list(self.gone),
            "changed": list(self.changed),
            "added": list(self.added),
            "lost": list(self.lost),
        }


_WORST_FIRST = (
    Tier.REGRESSION,
    Tier.UNVERIFIABLE,
    Tier.SOFT_REGRESSION,
    Tier.INSUFFICIENT,
    Tier.STABLE,
    Tier.IMPROVEMENT,
)
