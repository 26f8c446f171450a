"""Verdicts of evaluations that are not believed."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class GateReportRefusedError(DomainError):
    """A report of a gate that was changed, contradicts itself, is too old, or is of others."""

    code = "gate_report_refused"

    def __init__(self, *, pointer: str, problem: str) -> None:
        """Point at the part of the report, and say what is wrong there."""
        self.pointer = pointer
        self.problem = problem
        super().__init__(f"the gate report is not believed: {pointer}: {problem}")
