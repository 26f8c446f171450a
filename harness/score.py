"""Hold what a scorer answers: a value, a verdict, a reason, and findings with their kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runtime.public import JsonObject


class FindingKind(StrEnum):
    """Name what a plan would have violated; each is derived from the registry."""

    UNKNOWN_ACTION = "unknown_action"
    HIDDEN_ACTION = "hidden_action"
    SCHEMA = "schema"
    PERMISSION = "permission"
    RISK = "risk"
    WINDOW = "window"
    PRECONDITION = "precondition"
    RATE = "rate"
    COST = "cost"
    CONFIRMATION = "confirmation"
    APPROVAL = "approval"
    PLAN_SIZE = "plan_size"
    INVARIANT = "invariant"
    HANDLER = "handler"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Report one violation; `step` counts from zero and is None for the plan as a whole."""

    kind: FindingKind
    message: str
    step: int | None = None

    def document(self) -> JsonObject:
        """Return the finding as JSON."""
        return {"kind": self.kind.value, "message": self.message, "step": self.step}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Answer one question about one trial.

    Attributes:
        name: the scorer's name.
        value: 0 to 1 for graded questions, the measured quantity otherwise; None when unscored.
        passed: None when the scorer informs but does not decide, or could not score.
        reason: one line that a person understands.
        findings: violations; only governance has them.
        error: what the scorer itself died of; such a score is data, never a crash of the run.
    """

    name: str
    value: float | None
    passed: bool | None
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    error: str = ""

    def document(self) -> JsonObject:
        """Return the score as JSON, leaving out what is empty."""
        document: JsonObject = {"value": self.value, "passed": self.passed}
        if self.reason:
            document["reason"] = self.reason
        if self.findings:
            document["findings"] = [finding.document() for finding in self.findings]
        if self.error:
            document["error"] = self.error
        return document
