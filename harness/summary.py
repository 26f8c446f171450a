"""Reduce trials to the figures that people compare: rates with intervals, reliability, costs.

Works on records one at a time and keeps a few numbers each, so memory does not grow with answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from math import isnan

from harness.confusion import Answered, Confusion, confusion_of
from harness.stats.intervals import clustered_interval
from harness.stats.rates import mean_of, pass_at_k, quantile
from harness.stats.sequential import Plan, unbiased_pass_hat
from harness.trial import TrialKey, TrialRecord, TrialStatus
from runtime.public import JsonObject

SUMMARY_VERSION = 2
EVERY_K = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFigures:
    """Keep of a record what figures are made of."""

    key: TrialKey
    suite: str
    family: str
    tags: tuple[str, ...]
    status: TrialStatus
    passed: bool | None
    kind: str
    findings: tuple[str, ...]
    values: dict[str, float]
    unscored: tuple[str, ...]
    cost_micros: int | None
    latency_s: float
    tokens: int
    answered_by: str
    answered: Answered | None

    @classmethod
    def of(cls, record: TrialRecord) -> TrialFigures:
        """Take the figures out of a record."""
        return cls(
            key=record.key,
            suite=record.suite,
            family=f"{record.environment}/{record.family}",
            tags=record.tags,
            status=record.status,
            passed=record.passed,
            kind=record.kind,
            findings=tuple(finding["kind"] for finding in record.findings),
            values={
                name: score["value"]
                for name, score in record.scores.items()
                if score["value"] is not None
            },
            unscored=tuple(name for name, score in record.scores.items() if score.get("error")),
            cost_micros=record.cost_micros,
            latency_s=record.latency_s,
            tokens=record.prompt_tokens + record.completion_tokens,
            answered_by=record.answered_by,
            answered=Answered.of(record),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """Describe the trials of one model in one suite, tag, or all.

    Attributes:
        scenarios: distinct scenarios with a scored trial.
        families: independent clusters among them.
        trials: all trials; `scored` of them count, `infrastructure` and `internal` do not.
        passed: scored trials that passed.
        pass_rate: passed / scored, or its unbiased estimate where trials ended early; None without
            scored trials.
        interval: 95 % interval of the pass rate over families of scenarios.
        pass_hat: unbiased pass^k by k, averaged over scenarios with at least k scored trials.
        pass_hat_interval: 95 % interval of pass^k over families, by k.
        pass_at: unbiased pass@k by k, averaged likewise; empty where trials ended early.
    """

    scenarios: int
    families: int
    trials: int
    scored: int
    infrastructure: int
    internal: int
    passed: int
    pass_rate: float | None
    interval: tuple[float, float] | None
    pass_hat: dict[int, float]
    pass_hat_interval: dict[int, tuple[float, float]]
    pass_at: dict[int, float]
    findings: int

    def document(self) -> JsonObject:
        """Return the summary as JSON."""
        return {
            "scenarios": self.scenarios,
            "families": self.families,
            "trials": self.trials,
            "scored": self.scored,
            "infrastructure": self.infrastructure,
            "internal": self.internal,
            "passed": self.passed,
            "pass_rate": self.pass_rate,
            "interval": list(self.interval) if self.interval else None,
            "pass_hat": {str(k): value for k, value in self.pass_hat.items()},
            "pass_hat_interval": {
                str(k): list(bounds) for k, bounds in self.pass_hat_interval.items()
            },
            "pass_at": {str(k): value for k, value in self.pass_at.items()},
            "findings": self.findings,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """Describe one model's trials as a whole and by suite, tag and scenario.

    Attributes:
        tallies: passed and scored trials by scenario id.
        findings: governance findings by kind.
        scores: mean value by scorer, over the trials that have one.
        unscored: scorer crashes by scorer.
        confusion: when it acted and when it asked, against what was needed.
        cost_micros: sum; None when a price is unknown.
        answered_by: models that really answered.
    """

    model: str
    overall: GroupSummary
    suites: dict[str, GroupSummary]
    tags: dict[str, GroupSummary]
    tallies: dict[str, tuple[int, int]]
    findings: dict[str, int]
    scores: dict[str, float]
    unscored: dict[str, int]
    confusion: Confusion
    cost_micros: int | None
    tokens: int
    latency_p50_s: float | None
    latency_p95_s: float | None
    answered_by: tuple[str, ...]

    @property
    def scenarios(self) -> dict[str, float | None]:
        """Return the pass share by scenario id; None where no trial was scored."""
        return {
            name: passed / scored if scored else None
            for name, (passed, scored) in self.tallies.items()
        }

    def document(self) -> JsonObject:
        """Return the summary as JSON."""
        return {
            "model": self.model,
            "overall": self.overall.document(),
            "suites": {name: group.document() for name, group in self.suites.items()},
            "tags": {name: group.document() for name, group in self.tags.items()},
            "scenarios": self.scenarios,
            "tallies": {name: list(counts) for name, counts in self.tallies.items()},
            "findings": self.findings,
            "scores": self.scores,
            "unscored": self.unscored,
            "confusion": self.confusion.document(),
            "cost_micros": self.cost_micros,
            "tokens": self.tokens,
            "latency_p50_s": self.latency_p50_s,
            "latency_p95_s": self.latency_p95_s,
            "answered_by": list(self.answered_by),
        }


@dataclass(slots=True)
class Tally:
    """Collect figures while a run goes on.

    Attributes:
        plan: the rule by which trials of a scenario may end early, if there is one.
    """

    plan: Plan | None = None
    figures: list[TrialFigures] = field(default_factory=list)

    def add(self, record: TrialRecord) -> None:
        """Count one trial."""
        self.figures.append(TrialFigures.of(record))

    def models(self, *, without: Container[str] = ()) -> tuple[ModelSummary, ...]:
        """Summarize each model, in the order of their names.

        Args:
            without: scenarios to leave out.
        """
        by_model: dict[str, list[TrialFigures]] = defaultdict(list)
        for item in self.figures:
            if item.key.scenario not in without:
                by_model[item.key.model].append(item)
        return tuple(
            summarize(model, items, plan=self.plan) for model, items in sorted(by_model.items())
        )


def summarize(
    model: str, figures: Iterable[TrialFigures], *, plan: Plan | None = None
) -> ModelSummary:
    """Summarize the trials of one model; their order does not matter."""
    items = sorted(figures, key=lambda item: item.key)
    scored = [item for item in items if item.status is TrialStatus.SCORED]
    latencies = [item.latency_s for item in scored]
    costs = [item.cost_micros for item in items]
    return ModelSummary(
        model=model,
        overall=group_summary(items, plan=plan),
        suites=_grouped(items, lambda item: (item.suite,), plan=plan),
        tags=_grouped(items, lambda item: item.tags, plan=plan),
        tallies=_tallied(items),
        findings=_counts(kind for item in scored for kind in item.findings),
        scores=_means(scored),
        unscored=_counts(name for item in scored for name in item.unscored),
        confusion=confusion_of(item.answered for item in scored if item.answered is not None),
        cost_micros=None if None in costs else sum(cost for cost in costs if cost is not None),
        tokens=sum(item.tokens for item in items),
        latency_p50_s=quantile(latencies, 0.5) if latencies else None,
        latency_p95_s=quantile(latencies, 0.95) if latencies else None,
        answered_by=tuple(sorted({item.answered_by for item in scored if item.answered_by})),
    )


def group_summary(items: list[TrialFigures], *, plan: Plan | None = None) -> GroupSummary:
    """Summarize trials that belong together."""
    scored = [item for item in items if item.status is TrialStatus.SCORED]
    passed = sum(item.passed is True for item in scored)
    tallies = {name: counts for name, counts in _tallied(scored).items() if counts[1]}
    families = {item.key.scenario: item.family for item in scored}
    hat = _estimates(tallies, lambda won, done, k: unbiased_pass_hat(plan, won, done, k))
    intervals = {
        k: bounds
        for k, values in hat.items()
        if (bounds := _interval(values, families)) is not None
    }
    rate = passed / len(scored) if scored else None
    if plan is not None and scored:
        rate = mean_of(hat[1].values())
    return GroupSummary(
        scenarios=len(tallies),
        families=len(set(families.values())),
        trials=len(items),
        scored=len(scored),
        infrastructure=sum(item.status is TrialStatus.INFRASTRUCTURE for item in items),
        internal=sum(item.status is TrialStatus.INTERNAL for item in items),
        passed=passed,
        pass_rate=rate,
        interval=intervals.get(1),
        pass_hat={k: mean_of(values.values()) for k, values in hat.items()},
        pass_hat_interval=intervals,
        pass_at={
            k: mean_of(values.values())
            for k, values in (_estimates(tallies, pass_at_k) if plan is None else {}).items()
        },
        findings=sum(len(item.findings) for item in scored),
    )


def draws(most: int) -> list[int]:
    """Return the k that pass^k is told for: each up to ten, then doubling.

    >>> draws(40)
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 40]
    """
    few = range(1, min(most, EVERY_K) + 1)
    return [*few, *(EVERY_K * 2**n for n in range(1, most.bit_length()) if EVERY_K * 2**n <= most)]


def _estimates(
    tallies: dict[str, tuple[int, int]], measure: Callable[[int, int, int], float]
) -> dict[int, dict[str, float]]:
    """Return by k the estimate of each scenario that has enough trials for one."""
    most = max((done for _, done in tallies.values()), default=0)
    found: dict[int, dict[str, float]] = {}
    for k in draws(most):
        values = {name: measure(won, done, k) for name, (won, done) in tallies.items() if done >= k}
        known = {name: value for name, value in values.items() if not isnan(value)}
        if known:
            found[k] = known
    return found


def _interval(estimates: dict[str, float], families: dict[str, str]) -> tuple[float, float] | None:
    return clustered_interval(list(estimates.values()), [families[name] for name in estimates])


def _grouped(
    items: list[TrialFigures],
    names: Callable[[TrialFigures], tuple[str, ...]],
    *,
    plan: Plan | None,
) -> dict[str, GroupSummary]:
    members: dict[str, list[TrialFigures]] = defaultdict(list)
    for item in items:
        for name in names(item):
            members[name].append(item)
    return {name: group_summary(group, plan=plan) for name, group in sorted(members.items())}


def _tallied(items: list[TrialFigures]) -> dict[str, tuple[int, int]]:
    """Count passed and scored trials by scenario; a scenario that lost all trials has (0, 0)."""
    counts: dict[str, tuple[int, int]] = {}
    for item in items:
        passed, scored = counts.get(item.key.scenario, (0, 0))
        counts[item.key.scenario] = (
            passed + (item.passed is True),
            scored + (item.status is TrialStatus.SCORED),
        )
    return dict(sorted(counts.items()))


def _means(items: list[TrialFigures]) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for item in items:
        for name, value in item.values.items():
            values[name].append(value)
    return {name: sum(found) / len(found) for name, found in sorted(values.items())}


def _counts(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return dict(sorted(counts.items()))
