"""Judge changes one after the other on the state that each leaves.

Pure: the facts come in, what to commit and what to answer come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from runtime.domain.action import Action
from runtime.domain.approval import Consent, ConsentKind
from runtime.domain.errors import (
    DomainError,
    ProjectArchivedError,
    StateError,
    VersionMismatchError,
)
from runtime.domain.head import Head
from runtime.domain.policy import PolicyDecision, decide_by_rules
from runtime.domain.principal import Principal
from runtime.domain.state import State
from runtime.domain.usage_book import UsageTally
from runtime.engine import pipeline
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.facts import Facts
from runtime.engine.pipeline import Judgement
from runtime.services.draft import Draft, Tenure
from runtime.services.execution import Change, Executed, Execution
from runtime.store.executions import Commit

CONFIRMATION_LASTS: Final = timedelta(minutes=5)
KEPT_DECISIONS: Final = 10_000


class Policy:
    """Answer what policy says of an action and a principal; the shipped rules depend on no more."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Principal], PolicyDecision] = {}

    def decide(self, action: Action, principal: Principal) -> PolicyDecision:
        """Return the decision."""
        asked = (action.id, principal)
        found = self._kept.get(asked)
        if found is None:
            if len(self._kept) >= KEPT_DECISIONS:
                self._kept.clear()
            found = self._kept[asked] = decide_by_rules(action, principal)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Pair what to commit with what to answer once it is, and the head that it leaves."""

    commit: Commit
    answers: tuple[Executed | DomainError, ...]
    head: Head


class Judge:
    """Judge groups of changes by the registry of their project's environment."""

    def __init__(self, *, registry: CompiledRegistry, policy: Policy) -> None:
        self._registry = registry
        self._policy = policy

    def group(self, changes: Sequence[Change], head: Head, tenure: Tenure) -> Verdict:
        """Judge changes in order.

        One that expects another version, or reverts to what may not be, is answered with an error
        and leaves no trace.
        """
        draft = Draft(tenure, state=head.state, usage=head.usage.at(tenure.now))
        answers: list[Executed | DomainError] = []
        for change in changes:
            try:
                answers.append(self._answer(change, head, draft))
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
    ) -> Judgement:
        """Judge one execution, on a state that may be ahead of the head's."""
        _check_version(execution, state)
        principal = execution.principal
        ready = pipeline.prepare(
            execution.plan, self._registry, project=tenure.project_id, state_version=state.version
        )
        decisions = tuple(self._decided(step.action, principal) for step in ready.plan.steps)
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
        judged = pipeline.judge(ready, facts, self._registry)
        return pipeline.all_or_nothing(judged, facts) if execution.atomic else judged

    def _answer(self, change: Change, head: Head, draft: Draft) -> Executed:
        if isinstance(change, Execution):
            judged = self.execution(
                change, head, state=draft.state, usage=draft.usage, tenure=draft.tenure
            )
            return draft.add_outcome(change, judged.outcome, judged.state)
        _check_version(change, draft.state)
        if head.archived:
            raise ProjectArchivedError(project=draft.tenure.project_id)
        if problems := self._registry.state_problems(change.target.components):
            raise StateError(component="*", problem="; ".join(problems))
        return draft.add_reversion(change)

    def _decided(self, action_id: str, principal: Principal) -> PolicyDecision | None:
        found = self._registry.find(action_id)
        return None if found is None else self._policy.decide(found.action, principal)


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
