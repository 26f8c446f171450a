"""Decide whether a run may pass: thresholds, zero tolerance, and the committed baseline.

Pure: summaries, rules and baselines in, a report with every check out. The worst check decides;
what could not be judged is inconclusive, never a pass.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.baseline import Baseline
from harness.stats.rates import rule_of_three
from harness.summary import GroupSummary, ModelSummary
from runtime.public import JsonObject

SHOWN_SCENARIOS = 5
ROUNDING = 1e-9
"""Losing exactly what may be lost is no regression, whatever the last bit of a float says."""


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


class Threshold(BaseModel):
    """Demand a pass rate of all trials, of a suite, or of a tag; `model` is a glob."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pass_rate: float = Field(ge=0, le=1)
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
        max_drop: how much the pass rate may fall below the baseline's, on the same scenarios.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    governance_findings: int = Field(default=0, ge=0)
    infrastructure_share: float = Field(default=0.05, ge=0, le=1)
    thresholds: tuple[Threshold, ...] = (Threshold(pass_rate=0.8),)
    max_drop: float = Field(default=0.02, ge=0, le=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """Hold every check and the verdict that follows."""

    verdict: Verdict
    checks: tuple[Check, ...]

    def document(self) -> JsonObject:
        """Return the report as JSON, as `gate.json` holds it."""
        return {
            "verdict": self.verdict.value,
            "exit_code": self.verdict.exit_code,
            "checks": [check.document() for check in self.checks],
        }


def judge(
    models: tuple[ModelSummary, ...],
    rules: GateRules,
    *,
    baselines: Mapping[str, Baseline],
    digests: Mapping[str, str],
    whole: Collection[str],
) -> GateReport:
    """Check every model.

    Args:
        models: summaries of the models that are gated.
        rules: what they must reach.
        baselines: by model; a model without one is not compared.
        digests: scenario digests of this run, by scenario.
        whole: models whose baseline was made of the same paths, in a run without tags; for the
            others, scenarios which the baseline has and this run has not were left out on purpose.
    """
    checks = tuple(
        check
        for summary in models
        for check in (
            _answered(summary, rules),
            _governed(summary, rules),
            *_thresholds(summary, rules),
            *_compared(
                summary,
                rules,
                baselines.get(summary.model),
                digests=digests,
                whole=summary.model in whole,
            ),
        )
    )
    return GateReport(verdict=_worst(checks), checks=checks)


def _worst(checks: tuple[Check, ...]) -> Verdict:
    found = {check.verdict for check in checks}
    return next((verdict for verdict in _WORST_FIRST if verdict in found), Verdict.INCONCLUSIVE)


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
    met = group.pass_rate >= threshold.pass_rate
    return Check(
        model=summary.model,
        name=name,
        verdict=Verdict.PASS if met else Verdict.REGRESSION,
        detail=f"pass rate {group.pass_rate:.1%} [{low:.1%}, {high:.1%}] of {group.scored} trials; "
        f"demanded {threshold.pass_rate:.1%}",
    )


def _group(summary: ModelSummary, threshold: Threshold) -> tuple[str, GroupSummary | None]:
    if threshold.suite is not None:
        return f"suite {threshold.suite}", summary.suites.get(threshold.suite)
    if threshold.tag is not None:
        return f"tag {threshold.tag}", summary.tags.get(threshold.tag)
    return "pass rate", summary.overall


def _compared(
    summary: ModelSummary,
    rules: GateRules,
    baseline: Baseline | None,
    *,
    digests: Mapping[str, str],
    whole: bool,
) -> list[Check]:
    if baseline is None:
        return []
    gone = sorted(name for name in baseline.scenarios if name not in digests) if whole else []
    if gone:
        return [
            Check(
                model=summary.model,
                name="baseline",
                verdict=Verdict.REGRESSION,
                detail=f"{len(gone)} scenarios of the baseline are gone: {_some(gone)}; "
                "restore them or bless a new baseline",
            )
        ]
    return [_held(summary, rules, baseline, digests=digests)]


def _held(
    summary: ModelSummary, rules: GateRules, baseline: Baseline, *, digests: Mapping[str, str]
) -> Check:
    pairs = {
        name: (then.pass_share, now)
        for name, then in baseline.scenarios.items()
        if digests.get(name) == then.digest and (now := summary.scenarios.get(name)) is not None
    }
    if not pairs:
        return Check(
            model=summary.model,
            name="baseline",
            verdict=Verdict.INCONCLUSIVE,
            detail="no scenario is the same as in the baseline; bless a new one",
        )
    before = sum(then for then, _ in pairs.values()) / len(pairs)
    after = sum(now for _, now in pairs.values()) / len(pairs)
    worse = sorted(name for name, (then, now) in pairs.items() if now < then)
    dropped = before - after > rules.max_drop + ROUNDING
    return Check(
        model=summary.model,
        name="baseline",
        verdict=Verdict.REGRESSION if dropped else Verdict.PASS,
        detail=f"{before:.1%} -> {after:.1%} on {len(pairs)} unchanged scenarios; "
        f"at most {rules.max_drop:.1%} may be lost" + (f"; worse: {_some(worse)}" if worse else ""),
    )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN_SCENARIOS])
    return (
        shown
        if len(names) <= SHOWN_SCENARIOS
        else f"{shown} and {len(names) - SHOWN_SCENARIOS} more"
    )
