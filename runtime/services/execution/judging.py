"""Judge changes one after the other on the state that each leaves.

Pure: the facts come in, what to commit and what to answer come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from runtime.domain.shared_rates import NO_GRANTS, RateGrant, RateGrants, grant_of
from runtime.domain.shared_use import NOTHING_SHARED, SharedUse
from runtime.domain.state import State
from runtime.domain.usage_book import UsageTally
from runtime.engine import pipeline
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.facts import NO_GATE, Facts, GateFact
from runtime.engine.pipeline import Judgement
from runtime.services.execution.approval_book import ApprovalBook
from runtime.services.execution.approval_facts import NO_APPROVALS, ApprovalFacts, revision_of
from runtime.services.execution.changes import Change, Executed, Execution
from runtime.services.execution.draft import Draft, Tenure
from runtime.services.execution.following import jobs_of
from runtime.services.execution.gate_facts import NO_GATES, GateFacts
from runtime.services.execution.shared_book import SharedBook
from runtime.services.policies.decided_steps import DecidedPlan, DecidedPlans
from runtime.store.executions import Commit

CONFIRMATION_LASTS: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Pair what to commit with what to answer once it is, and the head that it leaves.

    Attributes:
        presumed: something was refused by what is used of budgets that projects share, so whoever
            did not read that just now has to, and to judge anew.
        done: how many steps each execution did, by the id of its outcome.
    """

    commit: Commit
    answers: tuple[Executed | DomainError, ...]
    head: Head
    presumed: bool = False
    done: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFacts:
    """Hold what bears on an execution of what projects of its organization share.

    Attributes:
        use: of budgets, as the change before left it.
        rate_grant: how far the room goes that was taken in rates; None: no rate concerns it.
    """

    use: SharedUse = NOTHING_SHARED
    rate_grant: RateGrant | None = None


NO_SHARED_FACTS: Final = SharedFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Hold what others said of an execution.

    Attributes:
        approval: the request that it names.
        gate: by which evaluation whoever proposed the plan passed.
    """

    approval: NamedApproval | None = None
    gate: GateFact = NO_GATE


UNVOUCHED: Final = Vouched()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """Hold what a group is judged by, beside the state: what was gathered, and what it fills."""

    head: Head
    decided: DecidedPlans
    book: ApprovalBook
    shared: SharedBook
    rates: RateGrants
    gates: GateFacts


class Judge:
    """Judge groups of changes by the registry of their project's environment."""

    def __init__(
        self, registry: CompiledRegistry, *, puts_jobs: bool = False, enabled: bool = True
    ) -> None:
        """Keep the registry.

        Args:
            registry: the declarations.
            puts_jobs: whether side effects of what is done follow as jobs; not where nothing
                would run them.
            enabled: whether the organization lets the plugin of the declarations act.
        """
        self.registry = registry
        self._puts_jobs = puts_jobs
        self._enabled = enabled

    def refusing(self) -> Judge:
        """Return a judge that refuses every step, because the plugin is turned off."""
        return Judge(self.registry, puts_jobs=self._puts_jobs, enabled=False)

    def group(
        self,
        changes: Sequence[Change],
        head: Head,
        tenure: Tenure,
        *,
        decided: DecidedPlans,
        approvals: ApprovalFacts = NO_APPROVALS,
        gates: GateFacts = NO_GATES,
        shared_use: SharedUse = NOTHING_SHARED,
        rates: RateGrants = NO_GRANTS,
    ) -> Verdict:
        """Judge changes in order.

        One that expects another version, reverts to what may not be, or for which nobody can tell
        what rates allow, is answered with an error and leaves no trace.
        """
        draft = Draft(tenure, state=head.state, usage=head.usage.at(tenure.now, head.limits))
        book = ApprovalBook(tenure, approvals)
        shared = SharedBook(tenure, head.shared, shared_use, registry=self.registry)
        answers: list[Executed | DomainError] = []
        beside = _Beside(
            head=head, decided=decided, book=book, shared=shared, rates=rates, gates=gates
        )
        for change in changes:
            try:
                answers.append(self._answer(change, draft, beside))
            except DomainError as error:
                answers.append(error)
        commit = book.within(draft.commit(head, charges=shared.charges()))
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
            presumed=shared.refused,
            done=draft.done,
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
        vouched: Vouched = UNVOUCHED,
        shared: SharedFacts = NO_SHARED_FACTS,
    ) -> Judgement:
        """Judge one execution, on a state that may be ahead of the head's.

        Args:
            execution: what is asked for.
            head: the project as it stood when the facts were gathered.
            state: as the change before left it.
            usage: as the change before left it.
            tenure: where and when.
            decided: the plan with nothing left open, and what rules say of each step.
            vouched: what others said of it.
            shared: what bears on it of what projects share.
        """
        _check_version(execution, state)
        ready = pipeline.named(decided.plan, project=tenure.project_id, state_version=state.version)
        decisions = tuple(None if item is None else item.decision for item in decided.steps)
        facts = Facts(
            principal=execution.principal,
            project=tenure.project_id,
            project_active=not head.archived,
            plugin_enabled=self._enabled,
            state=state,
            decisions=decisions,
            now=tenure.now,
            limits=head.limits,
            usage=usage.usage(execution.principal.id),
            book=head.usage,
            shared_limits=head.shared,
            shared_use=shared.use,
            rate_grant=shared.rate_grant,
            consents=_consents(execution, ready.digest, decisions=decisions, now=tenure.now),
            gate=vouched.gate,
        )
        if vouched.approval is not None:
            facts = _with_approval(
                facts, vouched.approval, ready.digest, revision=revision_of(decided)
            )
        judged = pipeline.judge(ready, facts, self.registry)
        return pipeline.kept(judged, facts, atomic=execution.atomic)

    def _answer(
        self,
        change: Change,
        draft: Draft,
        beside: _Beside,
    ) -> Executed:
        head = beside.head
        if isinstance(change, Execution):
            said, book, shared = beside.decided[change.outcome_id], beside.book, beside.shared
            judged = self.execution(
                change,
                head,
                state=draft.state,
                usage=draft.usage,
                tenure=draft.tenure,
                decided=said,
                vouched=Vouched(
                    approval=book.named_by(change),
                    gate=beside.gates.get(change.outcome_id, NO_GATE),
                ),
                shared=SharedFacts(
                    use=shared.use, rate_grant=grant_of(beside.rates, change.outcome_id)
                ),
            )
            shared.add(change, judged.outcome)
            draft.add_decisions(judged.outcome, said)
            asked = book.add(change, judged.outcome, said)
            if self._puts_jobs:
                project = draft.tenure.project_id
                draft.add_jobs(jobs_of(change, judged.outcome, self.registry, project_id=project))
            return draft.add_outcome(change, judged.outcome, judged.state, approval=asked)
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


def _with_approval(
    facts: Facts, approval: NamedApproval, plan_digest: str, *, revision: str
) -> Facts:
    """Return the facts with the approval that an execution names, and why it does not count."""
    wanted = Wanted(
        plan_digest=plan_digest,
        requester=facts.principal.id,
        revision=revision,
        state_version=facts.state.version,
        now=facts.now,
    )
    return replace(
        facts,
        consents=facts.consents + approval.consents(facts.now),
        unapproved=unfit(approval, wanted),
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
