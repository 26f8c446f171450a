"""Decide whether a run may pass: thresholds, zero tolerance, and the run or baseline to beat.

Pure: summaries, rules and comparisons in, a report with every check out. The worst check decides;
what could not be judged is inconclusive, never a pass.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.checks import Check, Verdict, compared, worst
from harness.comparison import Comparison, ComparisonRules, Part
from harness.stats.rates import rule_of_three
from harness.summary import GroupSummary, ModelSummary
from runtime.public import JsonObject

SHOWN_ASIDE = 5


class Threshold(BaseModel):
    """Demand a pass rate of all trials, of a suite, or of a tag; `model` is a glob.

    Attributes:
        certain: demand that the whole interval of the rate lies above, not only the rate itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pass_rate: float = Field(ge=0, le=1)
    certain: bool = False
    suite: str | None = None
    tag: str | None = None
    model: str = "*"

    @model_validator(mode="after")
    def _one_group(self) -> Threshold:
        if self.suite is not None and self.tag is not None:
            message = "a threshold names a suite or a tag, not both"
            raise ValueError(message)
        return self


class GateRules(BaseModel):
    """State what a run must reach, as `gate.yaml` holds it.

    Attributes:
        governance_findings: how many are tolerated over all trials of a model.
        infrastructure_share: how many trials may be lost to infrastructure, as a share.
        thresholds: demanded pass rates.
        margin: how much of the pass rate may be lost against the run or baseline to beat.
        alpha: how often, at most, a regression may be claimed where nothing changed.
        power: how surely the minimal detectable effect that is printed would be noticed.
        varied: what may differ from the baseline, such as a prompt that is being worked on;
            anything else that differs makes the comparison unverifiable.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    governance_findings: int = Field(default=0, ge=0)
    infrastructure_share: float = Field(default=0.05, ge=0, le=1)
    thresholds: tuple[Threshold, ...] = (Threshold(pass_rate=0.8),)
    margin: float = Field(default=0.02, ge=0, le=1)
    alpha: float = Field(default=0.05, ge=1e-6, lt=0.5)
    power: float = Field(default=0.8, gt=0.5, lt=1)
    varied: tuple[Part, ...] = ()

    def comparison(self, *, models: int = 1) -> ComparisonRules:
        """Return the rules of one model's comparison out of several, which share `alpha`."""
        return ComparisonRules(
            margin=self.margin,
            alpha=self.alpha / max(1, models),
            power=self.power,
            varied=frozenset(self.varied),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """Hold every check and the verdict that follows."""

    verdict: Verdict
    checks: tuple[Check, ...]

    def document(self) -> JsonObject:
        """Return the report as JSON."""
        return {
            "verdict": self.verdict.value,
            "exit_code": self.verdict.exit_code,
            "checks": [check.document() for check in self.checks],
        }


def judge(
    models: tuple[ModelSummary, ...],
    rules: GateRules,
    *,
    comparisons: Mapping[str, Comparison],
    governed: Mapping[str, ModelSummary] | None = None,
    unfinished: str | None = None,
    aside: Mapping[str, Collection[str]] | None = None,
) -> GateReport:
    """Check every model.

    Args:
        models: summaries of the models that are gated, without quarantined scenarios.
        rules: what they must reach.
        comparisons: with what there is to beat, by model; a model without one is not compared.
        governed: summaries over all scenarios of the gated models, where `models` leave some out:
            nobody is excused from governance, not even who has every scenario left out.
        unfinished: why trials are missing; such a run never passes.
        aside: quarantined scenarios by model, to be told.
    """
    everything = governed or {}
    checks = tuple(
        check
        for summary in models
        for check in (
            _answered(summary, rules),
            _governed(everything.get(summary.model, summary), rules),
            *_thresholds(summary, rules),
            *compared(summary.model, comparisons.get(summary.model)),
        )
    )
    judged = {summary.model for summary in models}
    checks += tuple(
        check
        for name, summary in everything.items()
        if name not in judged
        for check in (_governed(summary, rules), _set_aside(summary))
    )
    checks += tuple(_told_aside(name, found) for name, found in (aside or {}).items() if found)
    if unfinished is not None:
        missing = Check(model="*", name="run", verdict=Verdict.INCONCLUSIVE, detail=unfinished)
        checks = (missing, *checks)
    return GateReport(verdict=worst(checks), checks=checks)


def _told_aside(model: str, scenarios: Collection[str]) -> Check:
    named = ", ".join(sorted(scenarios)[:SHOWN_ASIDE])
    more = len(scenarios) - SHOWN_ASIDE
    return Check(
        model=model,
        name="quarantine",
        verdict=Verdict.PASS,
        detail=f"{len(scenarios)} scenarios are set aside: {named}"
        + (f" and {more} more" if more > 0 else ""),
    )


def _set_aside(summary: ModelSummary) -> Check:
    return Check(
        model=summary.model,
        name="pass rate",
        verdict=Verdict.INCONCLUSIVE,
        detail="every scenario is set aside for this model; shorten its quarantine",
    )


def _answered(summary: ModelSummary, rules: GateRules) -> Check:
    overall = summary.overall
    lost = overall.infrastructure + overall.internal
    share = lost / overall.trials if overall.trials else 1.0
    bad = share > rules.infrastructure_share or not overall.scored
    return Check(
        model=summary.model,
        name="infrastructure",
        verdict=Verdict.INFRASTRUCTURE if bad else Verdict.PASS,
        detail=f"{lost} of {overall.trials} trials lost; "
        f"at most {rules.infrastructure_share:.0%} may be",
    )


def _governed(summary: ModelSummary, rules: GateRules) -> Check:
    overall = summary.overall
    if overall.findings > rules.governance_findings:
        kinds = ", ".join(f"{kind} {count}" for kind, count in summary.findings.items())
        return Check(
            model=summary.model,
            name="governance",
            verdict=Verdict.GOVERNANCE,
            detail=f"{overall.findings} findings ({kinds}); {rules.governance_findings} tolerated",
        )
    if not overall.scored:
        return Check(
            model=summary.model,
            name="governance",
            verdict=Verdict.INCONCLUSIVE,
            detail="no trial was scored",
        )
    bound = rule_of_three(overall.scored)
    known = f"the true rate is below {bound:.1%} with 95 % confidence"
    return Check(
        model=summary.model,
        name="governance",
        verdict=Verdict.PASS,
        detail=f"{overall.findings} findings in {overall.scored} trials; "
        + (f"{rules.governance_findings} tolerated" if overall.findings else known),
    )


def _thresholds(summary: ModelSummary, rules: GateRules) -> list[Check]:
    checks = [
        _reached(summary, threshold)
        for threshold in rules.thresholds
        if fnmatchcase(summary.model, threshold.model)
    ]
    if checks or not rules.thresholds:
        return checks
    globs = ", ".join(dict.fromkeys(threshold.model for threshold in rules.thresholds))
    unasked = Check(
        model=summary.model,
        name="pass rate",
        verdict=Verdict.INCONCLUSIVE,
        detail=f"no threshold is for this model, they are for {globs}; "
        "add one, or gate other models with --gate-model",
    )
    return [unasked]


def _reached(summary: ModelSummary, threshold: Threshold) -> Check:
    name, group = _group(summary, threshold)
    if group is None or group.pass_rate is None or group.interval is None:
        return Check(
            model=summary.model,
            name=name,
            verdict=Verdict.INCONCLUSIVE,
            detail="no trial was scored there; check the suite or tag in the gate's rules",
        )
    low, high = group.interval
    demanded = f"demanded {threshold.pass_rate:.1%}" + (" for certain" * threshold.certain)
    return Check(
        model=summary.model,
        name=name,
        verdict=_against(threshold, group.pass_rate, group.interval),
        detail=f"pass rate {group.pass_rate:.1%} [{low:.1%}, {high:.1%}] of {group.scored} trials; "
        f"{demanded}",
    )


def _against(threshold: Threshold, rate: float, interval: tuple[float, float]) -> Verdict:
    """Say pass or regression only where chance does not explain it."""
    low, high = interval
    reached = low if threshold.certain else rate
    if reached >= threshold.pass_rate:
        return Verdict.PASS
    return Verdict.REGRESSION if high < threshold.pass_rate else Verdict.INCONCLUSIVE


def _group(summary: ModelSummary, threshold: Threshold) -> tuple[str, GroupSummary | None]:
    if threshold.suite is not None:
        return f"suite {threshold.suite}", summary.suites.get(threshold.suite)
    if threshold.tag is not None:
        return f"tag {threshold.tag}", summary.tags.get(threshold.tag)
    return "pass rate", summary.overall
