"""Note which approvals a group of executions asks for and uses, while it is judged.

Pure: what was gathered comes in, what to commit comes out. An approval that one execution of the
group used is used for the next.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from runtime.domain.approval_request import (
    APPROVAL_PREFIX,
    ApprovalStatus,
    NamedApproval,
    VoteKind,
    needs_of,
)
from runtime.domain.outcome import PlanOutcome, StepStatus
from runtime.domain.reason import ReasonCode
from runtime.domain.record import AuditRecord, Event
from runtime.engine.guards import hidden_by
from runtime.kit.canonical_json import canonical_text
from runtime.kit.ids import ENTROPY_BYTES, new_id
from runtime.kit.json_value import JsonObject
from runtime.kit.redact import masked
from runtime.services.execution.approval_facts import (
    NO_APPROVALS,
    About,
    ApprovalFacts,
    demanded,
    revision_of,
)
from runtime.services.execution.changes import Execution
from runtime.services.execution.draft import Tenure
from runtime.services.policies.decided_steps import DecidedPlan
from runtime.store.approvals import spelled_needs
from runtime.store.executions import Commit, CountedVoter, NewApproval, NewUse


@dataclass(slots=True)
class ApprovalBook:
    """Grow by one execution after the other."""

    tenure: Tenure
    facts: ApprovalFacts = NO_APPROVALS
    _standing: dict[About, str] = field(default_factory=dict)
    _asked: list[NewApproval] = field(default_factory=list)
    _uses: dict[str, NewUse] = field(default_factory=dict)
    _events: list[Event] = field(default_factory=list)
    _records: list[AuditRecord] = field(default_factory=list)

    def named_by(self, execution: Execution) -> NamedApproval | None:
        """Return the approval that an execution names, as the executions before it left it."""
        found = self.facts.named.get(execution.outcome_id)
        if found is None or found.approval is None or found.id not in self._uses:
            return found
        used_by = self._uses[found.id].outcome_id
        return replace(
            found,
            approval=replace(found.approval, status=ApprovalStatus.USED, used_by=used_by),
        )

    def add(self, execution: Execution, outcome: PlanOutcome, decided: DecidedPlan) -> str | None:
        """Take in what came of a plan; return the request that it waits for, if it does."""
        self._use(execution, outcome)
        refusal = outcome.refusal
        if refusal is None or refusal.code is not ReasonCode.APPROVAL_REQUIRED:
            return None
        about = (outcome.plan_digest, execution.principal.id, revision_of(decided))
        known = self._standing.get(about) or self.facts.standing.get(about)
        if known is None:
            known = self._standing[about] = self._request(execution, outcome, decided)
        return known

    def within(self, commit: Commit) -> Commit:
        """Return a commit with what is noted here."""
        if not self._records:
            return commit
        return replace(
            commit,
            approvals=tuple(self._asked),
            uses=tuple(self._uses.values()),
            events=(*commit.events, *self._events),
            records=(*commit.records, *self._records),
        )

    def _use(self, execution: Execution, outcome: PlanOutcome) -> None:
        """Note that steps that were done stand on an approval, and so nothing else ever can."""
        found = self.facts.named.get(execution.outcome_id)
        if found is None or found.approval is None:
            return
        ids = {consent.id for consent in found.consents(self.tenure.now)}
        done = (step for step in outcome.steps if step.status is StepStatus.DONE)
        if not any(ids & set(step.consents) for step in done):
            return
        counted = found.counted(self.tenure.now)
        self._uses[found.id] = NewUse(
            approval_id=found.id,
            outcome_id=execution.outcome_id,
            voters=tuple(
                CountedVoter(member_id=vote.member_id, role=vote.organization_role)
                for vote in counted
            ),
        )
        self._announce(
            "approval.used",
            execution,
            {
                "approval": found.id,
                "plan_digest": outcome.plan_digest,
                "counted": [vote.member_id for vote in counted],
                "overridden": any(vote.kind is VoteKind.OVERRIDE for vote in counted),
            },
        )

    def _request(self, execution: Execution, outcome: PlanOutcome, decided: DecidedPlan) -> str:
        letters = execution.outcome_id.rpartition("_")[2]  # one outcome asks for one at most
        needs = needs_of(demanded(decided))
        made = NewApproval(
            id=f"{APPROVAL_PREFIX}_{letters}",
            requester=execution.principal.id,
            credential_id=execution.credential_id,
            plan_digest=outcome.plan_digest,
            plan=canonical_text(_shown(decided)),
            policy_revision=revision_of(decided),
            state_version=outcome.steps[0].state_version,
            needs=spelled_needs(needs),
            outcome_id=execution.outcome_id,
            expires_at=self.tenure.now + self.facts.lasts,
        )
        self._asked.append(made)
        self._announce(
            "approval.requested",
            execution,
            {
                "approval": made.id,
                "plan_digest": made.plan_digest,
                "needs": [{"count": need.count, "role": need.role} for need in needs],
                "expires_at": made.expires_at.isoformat(),
            },
        )
        return made.id

    def _announce(self, kind: str, execution: Execution, told: JsonObject) -> None:
        """Add the event and the audit record; their ids follow from the outcome's."""
        project = self.tenure.project_id
        public: JsonObject = {
            **told,
            "outcome": execution.outcome_id,
            "principal": execution.principal.id,
            "project": project,
        }
        now_ms = int(self.tenure.now.timestamp() * 1000)
        entropy = hashlib.sha256(f"{execution.outcome_id} {kind}".encode()).digest()[:ENTROPY_BYTES]
        self._events.append(
            Event(
                id=new_id("evt", now_ms=now_ms, entropy=entropy),
                type=kind,
                document=canonical_text(public),
                project_id=project,
            )
        )
        self._records.append(
            AuditRecord.of(
                {**public, "credential": execution.credential_id},
                record_id=new_id("aud", now_ms=now_ms, entropy=entropy),
                principal_id=execution.principal.id,
                kind=kind,
                project_id=project,
            )
        )


def _shown(decided: DecidedPlan) -> JsonObject:
    """Return a prepared plan as others may see it: without what rules want no record to show."""
    steps = []
    for step, said in zip(decided.plan.steps, decided.steps, strict=True):
        hidden = hidden_by(None if said is None else said.decision)
        steps.append({"action": step.action, "inputs": masked(step.inputs, hidden)})
    return {"steps": steps}
