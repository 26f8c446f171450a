"""Hold what scorers look at: the scenario, the proposal, and what the engine made of it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.matching.alignment import Alignment, align
from harness.prepared import PreparedScenario
from runtime.public import Judgement, Plan, PlanProposal, Proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Gather the facts of one trial; computed once, read by every scorer.

    Attributes:
        prepared: the scenario.
        proposed: what the agent answered.
        judgement: what the engine made of the proposed plan; None without one.
        alignment: the best one over the acceptable plans; None when no plan is expected or came.
        aligned_plan: which of the acceptable plans that is.
    """

    prepared: PreparedScenario
    proposed: Proposed
    judgement: Judgement | None
    alignment: Alignment | None
    aligned_plan: int = 0

    @property
    def plan(self) -> Plan | None:
        """Return the proposed plan, if a plan was proposed."""
        proposal = self.proposed.proposal
        return proposal.plan if isinstance(proposal, PlanProposal) else None

    @property
    def kind(self) -> str:
        """Return plan, clarification, decline, or none when the answer was unusable."""
        proposal = self.proposed.proposal
        return "none" if proposal is None else proposal.kind


def gather(prepared: PreparedScenario, proposed: Proposed) -> Evidence:
    """Simulate the proposed plan and align it with the acceptable ones."""
    proposal = proposed.proposal
    if not isinstance(proposal, PlanProposal):
        return Evidence(prepared=prepared, proposed=proposed, judgement=None, alignment=None)
    alignments = [align(plan, proposal.plan.steps) for plan in prepared.plans]
    best = min(range(len(alignments)), key=lambda at: alignments[at].rank, default=0)
    return Evidence(
        prepared=prepared,
        proposed=proposed,
        judgement=prepared.judged(proposal.plan),
        alignment=alignments[best] if alignments else None,
        aligned_plan=best,
    )
