"""Judge changes one after the other on the state that each leaves.

Pure: the facts come in, what to commit and what to answer come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runtime.domain.approval import Consent, ConsentKind
from runtime.domain.approval_request import NamedApproval, Wanted, unfit
from runtime.domain.errors import (
    DomainError,
    ProjectArchivedError,
    StateError,
    VersionMismatchError,
)
from runtime.domain.head import Head
from runtime.domain.policy import PolicyDecision
from runtime.domain.reason import ReasonCode
from runtime.domain.state import State
from runtime.domain.usage_book import UsageTally
from runtime.engine import pipeline
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.facts import Facts
from runtime.engine.pipeline import Judgement
from runtime.services.execution.approval_book import ApprovalBook
from runtime.services.execution.approval_facts import NO_APPROVALS, ApprovalFacts, revision_of
from runtime.services.execution.changes import Change, Executed, Execution
from runtime.services.execution.draft import Draft, Tenure
from runtime.services.policies.decided_steps import DecidedPlan, DecidedPlans
from runtime.store.executions import Commit

CONFIRMATION_LASTS: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Pair what to commit with what to answer once it is, and the head that it leaves."""

    commit: Commit
    answers: tuple[Executed | DomainError, ...]
    head: Head


class Judge:
    """Judge groups of changes by the registry of their project's environment."""

    def __init__(self, registry: CompiledRegistry) -> None:
        self.registry = registry

    def group(
        self,
        changes: Sequence[Change],
        head: Head,
        tenure: Tenure,
        *,
        decided: DecidedPlans,
        approvals: ApprovalFacts = NO_APPROVALS,
    ) -> Verdict:
        """Judge changes in order.

        One that expects another version, or reverts to what may not be, is answered with an error
        and leaves no trace.
        """
        draft = Draft(tenure, state=head.state, usage=head.usage.at(tenure.now, head.limits))
        book = ApprovalBook(tenure, approvals)
        answers: list[Executed | DomainError] = []
        for change in changes:
            try:
                answers.append(self._answer(change, head, draft, decided=decided, book=book))
            except DomainError as error:
                answers.append(error)
        commit = book.within(draft.commit(head))
        return Verdict(
            commit=commit,
            answers=tuple(answers),
            head=head.moved(
                draft.state,
                usage=draft.usage.book(),
                added=len(commit.outcomes),
                fence=tenure.fence,
                at=tenure.now,
            ),
        )

    def execution(
        self,
        execution: Execution,
        head: Head,
        *,
        state: State,
        usage: UsageTally,
        tenure: Tenure,
        decided: DecidedPlan,
        approval: NamedApproval | None = None,
    ) -> Judgement:
        """Judge one execution, on a state that may be ahead of the head's.

        Args:
            execution: what is asked for.
            head: the project as it stood when the facts were gathered.
            state: as the change before left it.
            usage: as the change before left it.
            tenure: where and when.
            decided: the plan with nothing left open, and what rules say of each step.
            approval: the one that the execution names.
        """
        _check_version(execution, state)
        principal = execution.principal
        ready = pipeline.named(decided.plan, project=tenure.project_id, state_version=state.version)
        decisions = tuple(None if item is None else item.decision for item in decided.steps)
        wanted = Wanted(
            plan_digest=ready.digest,
            requester=principal.id,
            revision=revision_of(decided),
            state_version=state.version,
            now=tenure.now,
        )
        facts = Facts(
            principal=principal,
            project=tenure.project_id,
            project_active=not head.archived,
            state=state,
            decisions=decisions,
            now=tenure.now,
            limits=head.limits,
            usage=usage.usage(principal.id),
            book=head.usage,
            consents=_consents(execution, ready.digest, decisions=decisions, now=tenure.now)
            + (() if approval is None else approval.consents(tenure.now)),
            unapproved="" if approval is None else unfit(approval, wanted),
        )
        judged = pipeline.judge(ready, facts, self.registry)
        whole = execution.atomic or _waits_for_approval(judged)
        return pipeline.all_or_nothing(judged, facts) if whole else judged

    def _answer(
        self,
        change: Change,
        head: Head,
        draft: Draft,
        *,
        decided: DecidedPlans,
        book: ApprovalBook,
    ) -> Executed:
        if isinstance(change, Execution):
            said = decided[change.outcome_id]
            judged = self.execution(
                change,
                head,
                state=draft.state,
                usage=draft.usage,
                tenure=draft.tenure,
                decided=said,
                approval=book.named_by(change),
            )
            draft.add_decisions(judged.outcome, said)
            asked = book.add(change, judged.outcome, said)
            return draft.add_outcome(change, judged.outcome, judged.state, approval=asked)
        _check_version(change, draft.state)
        if head.archived:
            raise ProjectArchivedError(project=draft.tenure.project_id)
        if problems := self.registry.state_problems(change.target.components):
            raise StateError(component="*", problem="; ".join(problems))
        return draft.add_reversion(change)


def _waits_for_approval(judged: Judgement) -> bool:
    """Say whether a plan lacks an approval: of what others have yet to see, no part is done."""
    refusal = judged.outcome.refusal
    return refusal is not None and refusal.code is ReasonCode.APPROVAL_REQUIRED


def _check_version(change: Change, state: State) -> None:
    if change.expects is not None and change.expects != state.version:
        raise VersionMismatchError(
            expected=f"version {change.expects}", found=f"version {state.version}"
        )


def _consents(
    execution: Execution,
    plan_seen: str,
    *,
    decisions: Iterable[PolicyDecision | None],
    now: datetime,
) -> tuple[Consent, ...]:
    """Return the requester's confirmation, if they named the digest of this very plan."""
    if execution.confirms != plan_seen:
        return ()
    revision = next((item.revision for item in decisions if item is not None), "")
    return (
        Consent(
            id=f"confirmation:{execution.outcome_id}",
            kind=ConsentKind.CONFIRMATION,
            plan_digest=plan_seen,
            requester=execution.principal.id,
            granted_by=execution.principal.id,
            policy_revision=revision,
            expires_at=now + CONFIRMATION_LASTS,
        ),
    )
