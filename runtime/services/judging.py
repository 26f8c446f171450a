"""Judge changes one after the other on the state that each leaves.

Pure: the facts come in, what to commit and what to answer come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from runtime.domain.approval import Consent, ConsentKind
from runtime.domain.errors import (
    DomainError,
    ProjectArchivedError,
    StateError,
    VersionMismatchError,
)
from runtime.domain.head import Head
from runtime.domain.policy import PolicyDecision
from runtime.domain.state import State
from runtime.domain.usage_book import UsageTally
from runtime.engine import pipeline
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.facts import Facts
from runtime.engine.pipeline import Judgement
from runtime.services.draft import Draft, Tenure
from runtime.services.execution import Change, Executed, Execution
from runtime.services.rulings import Ruled, Rulings
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
        self, changes: Sequence[Change], head: Head, tenure: Tenure, *, ruled: Rulings
    ) -> Verdict:
        """Judge changes in order.

        One that expects another version, or reverts to what may not be, is answered with an error
        and leaves no trace.
        """
        draft = Draft(tenure, state=head.state, usage=head.usage.at(tenure.now))
        answers: list[Executed | DomainError] = []
        for change in changes:
            try:
                answers.append(self._answer(change, head, draft, ruled=ruled))
            except DomainError as error:
                answers.append(error)
        commit = draft.commit(head)
        return Verdict(
            commit=commit,
            answers=tuple(answers),
            head=replace(
                head,
                state=draft.state,
                usage=draft.usage.book(),
                outcomes=head.outcomes + len(commit.outcomes),
                fence=tenure.fence,
                updated_at=tenure.now,
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
        ruled: Ruled,
    ) -> Judgement:
        """Judge one execution, on a state that may be ahead of the head's.

        Args:
            execution: what is asked for.
            head: the project as it stood when the facts were gathered.
            state: as the change before left it.
            usage: as the change before left it.
            tenure: where and when.
            ruled: the plan with nothing left open, and what rules say of each step.
        """
        _check_version(execution, state)
        principal = execution.principal
        ready = pipeline.named(ruled.plan, project=tenure.project_id, state_version=state.version)
        decisions = tuple(None if item is None else item.decision for item in ruled.rulings)
        facts = Facts(
            principal=principal,
            project=tenure.project_id,
            project_active=not head.archived,
            state=state,
            decisions=decisions,
            now=tenure.now,
            limits=head.limits,
            usage=usage.usage(principal.id),
            consents=_consents(execution, ready.digest, decisions=decisions, now=tenure.now),
        )
        judged = pipeline.judge(ready, facts, self.registry)
        return pipeline.all_or_nothing(judged, facts) if execution.atomic else judged

    def _answer(self, change: Change, head: Head, draft: Draft, *, ruled: Rulings) -> Executed:
        if isinstance(change, Execution):
            said = ruled[change.outcome_id]
            judged = self.execution(
                change,
                head,
                state=draft.state,
                usage=draft.usage,
                tenure=draft.tenure,
                ruled=said,
            )
            draft.add_decisions(judged.outcome, said)
            return draft.add_outcome(change, judged.outcome, judged.state)
        _check_version(change, draft.state)
        if head.archived:
            raise ProjectArchivedError(project=draft.tenure.project_id)
        if problems := self.registry.state_problems(change.target.components):
            raise StateError(component="*", problem="; ".join(problems))
        return draft.add_reversion(change)


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
