"""Collect what a group of changes will commit, spelled as it is stored, while it is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from runtime.domain.head import Head
from runtime.domain.history import Cause
from runtime.domain.job import NewJob
from runtime.domain.limits import BudgetScope
from runtime.domain.outcome import PlanOutcome, StepStatus
from runtime.domain.record import AuditRecord, Event
from runtime.domain.state import State
from runtime.domain.thresholds import Crossing
from runtime.domain.usage_book import UsageTally
from runtime.kit.canonical_json import canonical_bytes, canonical_text, digest_bytes
from runtime.kit.ids import ENTROPY_BYTES, new_id
from runtime.kit.json_patch import diff
from runtime.kit.json_value import JsonValue
from runtime.services.execution.announcing import Announcer
from runtime.services.execution.changes import Change, Executed, Execution, Reversion
from runtime.services.execution.recording import event_of, record_of
from runtime.services.policies.decided_steps import DecidedPlan
from runtime.store.executions import Commit, NewEnd, NewKey, NewOutcome, NewVersion
from runtime.store.limit_counters import NewCharges
from runtime.store.policy_decisions import NewDecision

SNAPSHOT_EVERY: Final = 50
"""Versions from one whole state to the next; a plan is never cut, so it may be a few more."""
EVENT_OF: Final[Mapping[StepStatus, str]] = {
    StepStatus.DONE: "plan.executed",
    StepStatus.REFUSED: "plan.refused",
    StepStatus.FAILED: "plan.failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """Say whose project is judged, when, and under which fencing token."""

    organization_id: str
    project_id: str
    fence: int
    now: datetime


@dataclass(slots=True)
class Draft:
    """Grow by one change after the other; `state` and `usage` stand as the last one left them.

    Attributes:
        done: how many steps each execution did, by the id of its outcome.
    """

    tenure: Tenure
    state: State
    usage: UsageTally
    done: dict[str, int] = field(default_factory=dict)
    _outcomes: list[NewOutcome] = field(default_factory=list)
    _keys: list[NewKey] = field(default_factory=list)
    _versions: list[NewVersion] = field(default_factory=list)
    _snapshots: list[State] = field(default_factory=list)
    _events: list[Event] = field(default_factory=list)
    _records: list[AuditRecord] = field(default_factory=list)
    _decisions: dict[str, NewDecision] = field(default_factory=dict)
    _jobs: list[NewJob] = field(default_factory=list)
    _ends: list[NewEnd] = field(default_factory=list)

    def add_outcome(
        self,
        execution: Execution,
        outcome: PlanOutcome,
        after: State,
        *,
        approval: str | None = None,
    ) -> Executed:
        """Take in what came of a plan, and return what its caller is answered.

        `approval` is the request for approval that the plan waits for.
        """
        before = self.state
        document = outcome_document(
            outcome,
            execution,
            around=(before, after),
            tenure=self.tenure,
            approval=approval,
        )
        refusal = outcome.refusal
        self._outcomes.append(
            NewOutcome(
                id=execution.outcome_id,
                principal_id=execution.principal.id,
                credential_id=execution.credential_id,
                status=outcome.status.value,
                refusal_code=None if refusal is None else refusal.code.value,
                plan_digest=outcome.plan_digest,
                before_version=before.version,
                after_version=after.version,
                cost=outcome.cost,
                document=document.decode(),
            )
        )
        versions = tuple(_new_versions(outcome, execution, version=before.version))
        self._versions.extend(versions)
        self.done[execution.outcome_id] = _done(outcome)
        reached = self.usage.charge(outcome.steps, principal_id=execution.principal.id)
        told = {"status": outcome.status.value}
        self._announce(execution, EVENT_OF[outcome.status], document, told=told, versions=versions)
        self._events.extend(_limit_event(item, execution, self.tenure) for item in reached)
        self._tell_of_state(execution, after, cause=Cause.EXECUTED)
        self._tell_of_waiting(execution, outcome)
        if (ends := execution.ends) is not None:
            self._ends.append(NewEnd(worker=ends.worker, end=ends.told(document.decode())))
        return self._leave(execution, document, after, kept=execution.outcome_id)

    def add_decisions(self, outcome: PlanOutcome, decided: DecidedPlan) -> None:
        """Take in the decisions that the steps of an outcome name."""
        for step, decided_step in zip(outcome.steps, decided.steps, strict=True):
            if decided_step is not None and decided_step.record is not None and step.decision_id:
                self._decisions[decided_step.record.id] = decided_step.record

    def add_jobs(self, jobs: Iterable[NewJob]) -> None:
        """Take in what follows the commit."""
        self._jobs.extend(jobs)

    def add_reversion(self, reversion: Reversion) -> Executed:
        """Make an earlier state the next version, and return what its caller is answered."""
        target, before = reversion.target, self.state
        after = before
        versions: tuple[NewVersion, ...] = ()
        if target.digest != before.digest:
            after = State.of_canonical(target.canonical, version=before.version + 1)
            versions = (
                NewVersion(
                    version=after.version,
                    digest=after.digest,
                    diff=canonical_text(diff(before.components, after.components)),
                    cause=Cause.REVERTED,
                    outcome_id=reversion.outcome_id,
                    principal_id=reversion.principal.id,
                ),
            )
        self._versions.extend(versions)
        document = canonical_bytes(
            {
                **_common(reversion, around=(before, after), tenure=self.tenure),
                "reverted_to": target.version,
            }
        )
        told = {"reverted_to": str(target.version)}
        self._announce(reversion, "state.reverted", document, told=told, versions=versions)
        self._tell_of_state(reversion, after, cause=Cause.REVERTED)
        return self._leave(reversion, document, after, kept=document.decode())

    def commit(self, head: Head, *, charges: NewCharges | None = None) -> Commit:
        """Return what to write, compared with the head that was judged on.

        `charges` is what is added to budgets that projects share.
        """
        tenure = self.tenure
        return Commit(
            organization_id=tenure.organization_id,
            project_id=tenure.project_id,
            at=tenure.now,
            fence=tenure.fence,
            version=head.state.version,
            counted=head.outcomes,
            settings=head.settings,
            state=self.state,
            usage=self.usage.book().text(),
            outcomes=tuple(self._outcomes),
            keys=tuple(self._keys),
            versions=tuple(self._versions),
            snapshots=tuple(self._snapshots),
            events=tuple(self._events),
            records=tuple(self._records),
            decisions=tuple(self._decisions.values()),
            charges=charges,
            jobs=tuple(self._jobs),
            ends=tuple(self._ends),
        )

    def _announce(
        self,
        change: Change,
        kind: str,
        document: bytes,
        *,
        told: Mapping[str, str],
        versions: Iterable[NewVersion],
    ) -> None:
        """Add the event and the audit record of a change."""
        project = self.tenure.project_id
        public = {
            **told,
            "outcome": change.outcome_id,
            "principal": change.principal.id,
            "project": project,
        }
        self._events.append(event_of(change, kind, public, project_id=project))
        recorded = {**public, "document_digest": digest_bytes(document)}
        self._records.append(
            record_of(change, kind, recorded, versions=versions, project_id=project)
        )

    def _tell_of_state(self, change: Change, after: State, *, cause: Cause) -> None:
        before = self.state
        if after.version != before.version:
            self._events.append(self._announcer.moved(change, (before, after), cause=cause))

    def _tell_of_waiting(self, execution: Execution, outcome: PlanOutcome) -> None:
        told = self._announcer.held_up(execution, outcome)
        if told is not None and all(told.id != event.id for event in self._events):
            self._events.append(told)

    @property
    def _announcer(self) -> Announcer:
        return Announcer(project_id=self.tenure.project_id, now=self.tenure.now)

    def _leave(self, change: Change, document: bytes, after: State, *, kept: str) -> Executed:
        """Leave the state that the next change sees; `kept` is what a repetition finds."""
        if change.key is not None:
            self._keys.append(
                NewKey(
                    principal_id=change.principal.id,
                    route=change.key.route,
                    key=change.key.key,
                    body_digest=change.key.body_digest,
                    answer=kept,
                )
            )
        if after.version // SNAPSHOT_EVERY > self.state.version // SNAPSHOT_EVERY:
            self._snapshots.append(after)
        self.state = after
        return Executed(document=document.decode(), version=after.version, digest=after.digest)


def outcome_document(
    outcome: PlanOutcome,
    execution: Execution,
    *,
    around: tuple[State, State],
    tenure: Tenure,
    approval: str | None = None,
) -> bytes:
    """Spell an outcome as callers read it and as it is stored: canonical JSON.

    Args:
        outcome: what the engine decided.
        execution: what was asked for.
        around: the states before and after.
        tenure: where and when.
        approval: the request for approval that the plan waits for.
    """
    return canonical_bytes(
        {
            **outcome.model_dump(mode="json"),
            **_common(execution, around=around, tenure=tenure),
            "approval": approval,
        }
    )


def _common(change: Change, *, around: tuple[State, State], tenure: Tenure) -> dict[str, JsonValue]:
    before, after = around
    return {
        "id": change.outcome_id,
        "project": tenure.project_id,
        "principal": change.principal.id,
        "created_at": tenure.now.isoformat(),
        "before": {"version": before.version, "digest": before.digest},
        "after": {"version": after.version, "digest": after.digest},
    }


def _done(outcome: PlanOutcome) -> int:
    return sum(step.status is StepStatus.DONE for step in outcome.steps)


def _limit_event(reached: Crossing, change: Change, tenure: Tenure) -> Event:
    """Tell that a threshold of a limit was reached; the same commit keeps that it was told."""
    whole = {
        BudgetScope.ORGANIZATION: tenure.organization_id,
        BudgetScope.PROJECT: tenure.project_id,
    }
    document = canonical_bytes(
        {
            "limit": reached.limit,
            "measure": reached.measure.value,
            "outcome": change.outcome_id,
            "percent": reached.percent,
            "period": reached.period,
            "project": tenure.project_id,
            "scope": reached.scope.value,
            "subject": reached.subject or whole[reached.scope],
            "used": reached.used,
        }
    )
    named = new_id(
        "evt",
        now_ms=int(tenure.now.timestamp() * 1000),
        entropy=sha256(document).digest()[:ENTROPY_BYTES],
    )
    return Event(
        id=named, type="limit.reached", document=document.decode(), project_id=tenure.project_id
    )


def _new_versions(
    outcome: PlanOutcome, execution: Execution, *, version: int
) -> Iterator[NewVersion]:
    for step in outcome.steps:
        if step.status is StepStatus.DONE and step.state_version > version:
            version = step.state_version
            yield NewVersion(
                version=version,
                digest=step.state_digest,
                diff=canonical_text(list(step.diff)),
                cause=Cause.EXECUTED,
                outcome_id=execution.outcome_id,
                principal_id=execution.principal.id,
            )
