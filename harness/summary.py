"""Reduce trials to the figures that people compare: rates with intervals, reliability, costs.

Works on records one at a time and keeps a few numbers each, so memory does not grow with answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from harness.stats.rates import pass_at_k, pass_hat_k, quantile, wilson_interval
from harness.trial import TrialKey, TrialRecord, TrialStatus
from runtime.public import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFigures:
    """Keep of a record what figures are made of."""

    key: TrialKey
    suite: str
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

    @classmethod
    def of(cls, record: TrialRecord) -> TrialFigures:
        """Take the figures out of a record."""
        return cls(
            key=record.key,
            suite=record.suite,
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
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """Describe the trials of one model in one suite, tag, or all.

    Attributes:
        scenarios: distinct scenarios with a scored trial.
        trials: all trials; `scored` of them count, `infrastructure` and `internal` do not.
        passed: scored trials that passed.
        pass_rate: passed / scored; None without scored trials.
        interval: Wilson 95 % interval of the pass rate.
        pass_hat: unbiased pass^k by k, averaged over scenarios with at least k scored trials.
        pass_at: unbiased pass@k by k, likewise.
    """

    scenarios: int
    trials: int
    scored: int
    infrastructure: int
    internal: int
    passed: int
    pass_rate: float | None
    interval: tuple[float, float] | None
    pass_hat: dict[int, float]
    pass_at: dict[int, float]
    findings: int

    def document(self) -> JsonObject:
        """Return the summary as JSON."""
        return {
            "scenarios": self.scenarios,
            "trials": self.trials,
            "scored": self.scored,
            "infrastructure": self.infrastructure,
            "internal": self.internal,
            "passed": self.passed,
            "pass_rate": self.pass_rate,
            "interval": list(self.interval) if self.interval else None,
            "pass_hat": {str(k): value for k, value in self.pass_hat.items()},
            "pass_at": {str(k): value for k, value in self.pass_at.items()},
            "findings": self.findings,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """Describe one model's trials as a whole and by suite, tag and scenario.

    Attributes:
        scenarios: pass share by scenario id; None where no trial was scored.
        findings: governance findings by kind.
        scores: mean value by scorer, over the trials that have one.
        unscored: scorer crashes by scorer.
        cost_micros: sum; None when a price is unknown.
        answered_by: models that really answered.
    """

    model: str
    overall: GroupSummary
    suites: dict[str, GroupSummary]
    tags: dict[str, GroupSummary]
    scenarios: dict[str, float | None]
    findings: dict[str, int]
    scores: dict[str, float]
    unscored: dict[str, int]
    cost_micros: int | None
    tokens: int
    latency_p50_s: float | None
    latency_p95_s: float | None
    answered_by: tuple[str, ...]

    def document(self) -> JsonObject:
        """Return the summary as JSON."""
        return {
            "model": self.model,
            "overall": self.overall.document(),
            "suites": {name: group.document() for name, group in self.suites.items()},
            "tags": {name: group.document() for name, group in self.tags.items()},
            "scenarios": self.scenarios,
            "findings": self.findings,
            "scores": self.scores,
            "unscored": self.unscored,
            "cost_micros": self.cost_micros,
            "tokens": self.tokens,
            "latency_p50_s": self.latency_p50_s,
            "latency_p95_s": self.latency_p95_s,
            "answered_by": list(self.answered_by),
        }


@dataclass(slots=True)
class Tally:
    """Collect figures while a run goes on."""

    figures: list[TrialFigures] = field(default_factory=list)

    def add(self, record: TrialRecord) -> None:
        """Count one trial."""
        self.figures.append(TrialFigures.of(record))

    def models(self) -> tuple[ModelSummary, ...]:
        """Summarize each model, in the order of their names."""
        by_model: dict[str, list[TrialFigures]] = defaultdict(list)
        for item in self.figures:
            by_model[item.key.model].append(item)
        return tuple(summarize(model, items) for model, items in sorted(by_model.items()))


def summarize(model: str, figures: Iterable[TrialFigures]) -> ModelSummary:
    """Summarize the trials of one model; their order does not matter."""
    items = sorted(figures, key=lambda item: item.key)
    scored = [item for item in items if item.status is TrialStatus.SCORED]
    latencies = [item.latency_s for item in scored]
    costs = [item.cost_micros for item in items]
    return ModelSummary(
        model=model,
        overall=group_summary(items),
        suites=_grouped(items, lambda item: (item.suite,)),
        tags=_grouped(items, lambda item: item.tags),
        scenarios=_by_scenario(items),
        findings=_counts(kind for item in scored for kind in item.findings),
        scores=_means(scored),
        unscored=_counts(name for item in scored for name in item.unscored),
        cost_micros=None if None in costs else sum(cost for cost in costs if cost is not None),
        tokens=sum(item.tokens for item in items),
        latency_p50_s=quantile(latencies, 0.5) if latencies else None,
        latency_p95_s=quantile(latencies, 0.95) if latencies else None,
        answered_by=tuple(sorted({item.answered_by for item in scored if item.answered_by})),
    )


def group_summary(items: list[TrialFigures]) -> GroupSummary:
    """Summarize trials that belong together."""
    scored = [item for item in items if item.status is TrialStatus.SCORED]
    passed = sum(item.passed is True for item in scored)
    tallies: dict[str, list[bool]] = defaultdict(list)
    for item in scored:
        tallies[item.key.scenario].append(item.passed is True)
    return GroupSummary(
        scenarios=len(tallies),
        trials=len(items),
        scored=len(scored),
        infrastructure=sum(item.status is TrialStatus.INFRASTRUCTURE for item in items),
        internal=sum(item.status is TrialStatus.INTERNAL for item in items),
        passed=passed,
        pass_rate=passed / len(scored) if scored else None,
        interval=wilson_interval(passed, len(scored)) if scored else None,
        pass_hat=_reliability(tallies, pass_hat_k),
        pass_at=_reliability(tallies, pass_at_k),
        findings=sum(len(item.findings) for item in scored),
    )


def _reliability(
    tallies: dict[str, list[bool]], measure: Callable[[int, int, int], float]
) -> dict[int, float]:
    """Average the unbiased estimate over the scenarios that have at least k trials."""
    most = max((len(trials) for trials in tallies.values()), default=0)
    averages: dict[int, float] = {}
    for k in range(1, most + 1):
        values = [
            measure(sum(trials), len(trials), k) for trials in tallies.values() if len(trials) >= k
        ]
        averages[k] = sum(values) / len(values)
    return averages


def _grouped(
    items: list[TrialFigures], names: Callable[[TrialFigures], tuple[str, ...]]
) -> dict[str, GroupSummary]:
    members: dict[str, list[TrialFigures]] = defaultdict(list)
    for item in items:
        for name in names(item):
            members[name].append(item)
    return {name: group_summary(group) for name, group in sorted(members.items())}


def _by_scenario(items: list[TrialFigures]) -> dict[str, float | None]:
    trials: dict[str, list[bool]] = defaultdict(list)
    for item in items:
        if item.status is TrialStatus.SCORED:
            trials[item.key.scenario].append(item.passed is True)
        else:
            trials[item.key.scenario].extend(())
    return {
        name: sum(verdicts) / len(verdicts) if verdicts else None
        for name, verdicts in sorted(trials.items())
    }


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
