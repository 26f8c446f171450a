"""Ask again, when a job runs, whether it may: what somebody may is taken from them meanwhile.

They have to be a member still, in the project still, and the organization's rules have to allow the
action as they did when it was executed. What the record of an execution does not show, rules don't
see either. Confirmations and approvals were given for the execution, and are not asked for again.

A plan that was queued is judged whole when it is executed; the token that it was queued with may
have been revoked by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import orjson
from pydantic import ValidationError

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import EnvironmentNotInstalledError, NotFoundError
from runtime.domain.head import Head
from runtime.domain.job import BegunJob, JobKind
from runtime.domain.limits import NOTHING_USED
from runtime.domain.plan import Plan, Step
from runtime.domain.scope import Scope
from runtime.engine.facts import Facts, StepFacts
from runtime.engine.guards import (
    Guard,
    action_known,
    action_visible,
    effects_declared,
    first_refusal,
    policy_allows,
)
from runtime.kit.clock import Clock
from runtime.services.execution.changes import Execution
from runtime.services.execution.decisions import Decisions, Place
from runtime.services.execution.judges import Judges
from runtime.services.jobs.runner import Bar, Barred, Cleared
from runtime.services.policies.decided_steps import DecidedPlan
from runtime.store.heads import read_head
from runtime.store.job_standings import JobStanding, job_standings
from runtime.store.session import Database
from runtime.store.tokens import revoked_among

SCOPES: Final = frozenset({Scope.PLANS_EXECUTE})
"""What a job may be used for: to write its result back."""
GUARDS: Final[tuple[Guard, ...]] = (
    action_known,
    action_visible,
    effects_declared,
    policy_allows,
)
"""Those of the engine that ask who acts and what for; the rest was true at the commit."""

Found: TypeAlias = Cleared | Barred


class Reauthorising:
    """Find out for whom jobs may run."""

    def __init__(
        self, *, database: Database, decisions: Decisions, judges: Judges, clock: Clock
    ) -> None:
        self._database = database
        self._decisions = decisions
        self._judges = judges
        self._clock = clock

    async def of(self, organization_id: str, jobs: Sequence[BegunJob]) -> Mapping[str, Found]:
        """Return for each job, by its id, for whom it may run, or why it may not.

        Raises:
            StorageUnavailableError: the database can't be asked; nobody may run then.
        """
        standings = await job_standings(
            self._database,
            {(job.project_id, job.principal_id) for job in jobs},
            organization_id=organization_id,
        )
        found: dict[str, Found] = {
            job.id: _stands(job, standings.get((job.project_id, job.principal_id))) for job in jobs
        }
        found.update(await self._by_credentials(organization_id, jobs))
        asked: dict[str, list[tuple[BegunJob, Cleared]]] = {}
        for job in jobs:
            stands = found[job.id]
            if job.kind is JobKind.EFFECT and isinstance(stands, Cleared):
                asked.setdefault(job.project_id, []).append((job, stands))
        for project_id, those in asked.items():
            found.update(await self._by_rules(organization_id, project_id, those))
        return found

    async def _by_credentials(
        self, organization_id: str, jobs: Sequence[BegunJob]
    ) -> Mapping[str, Found]:
        """Return which plans were queued with a token that was revoked since: nothing was done yet.

        What follows an execution that was done is not taken back by it.
        """
        plans = [job for job in jobs if job.kind is JobKind.PLAN]
        if not plans:
            return {}
        async with self._database.transaction(organization_id, read_only=True) as connection:
            revoked = await revoked_among(connection, {job.credential_id for job in plans})
        barred = Barred(reason="the token that it was queued with was revoked")
        return {job.id: barred for job in plans if job.credential_id in revoked}

    async def _by_rules(
        self, organization_id: str, project_id: str, jobs: Sequence[tuple[BegunJob, Cleared]]
    ) -> Mapping[str, Found]:
        """Return what the organization's rules say now of the steps that jobs follow."""
        try:
            head = await read_head(
                self._database, organization_id=organization_id, project_id=project_id
            )
            registry = self._judges.of(head.environment).registry
        except NotFoundError:
            return _barred(jobs, Barred(reason="the project is gone"))
        except EnvironmentNotInstalledError as error:
            return _barred(jobs, Barred(reason=str(error), bar=Bar.UNKNOWN))
        place = Place(
            organization_id=organization_id,
            project_id=project_id,
            head=head,
            registry=registry,
            now=self._clock.now(),
        )
        executions: dict[str, Execution | None] = {}
        for job, cleared in jobs:  # all jobs of one execution are its principal's
            named = job.outcome_id or ""
            if named not in executions:
                executions[named] = _execution(job, cleared)
        asked = [execution for execution in executions.values() if execution is not None]
        decided = await self._decisions.of(asked, place)
        return {
            job.id: _judged(job, cleared, decided.get(job.outcome_id or ""), place=place)
            for job, cleared in jobs
        }


def _stands(job: BegunJob, standing: JobStanding | None) -> Found:
    if standing is None:
        return Barred(reason="its principal is no member any more, or its project is gone")
    if standing.archived:
        return Barred(reason="its project is archived")
    caller = Caller(
        member_id=job.principal_id,
        organization_id=job.organization_id,
        organization_role=standing.organization_role,
        member_kind=standing.member_kind,
        scopes=SCOPES,
        credential_id=job.id,
        credential_kind=CredentialKind.JOB,
        claims=job.claims,
    )
    try:
        principal = caller.principal(job.project_id, standing.membership)
    except NotFoundError:
        return Barred(reason="its principal is nobody in the project any more")
    return Cleared(caller=caller, principal=principal)


def _execution(job: BegunJob, cleared: Cleared) -> Execution | None:
    """Return the execution that a job follows; None if it can't be read any more."""
    if job.document is None or job.outcome_id is None:
        return None
    try:
        steps = orjson.loads(job.document)["steps"]
        plan = Plan(
            steps=tuple(Step(action=step["action"], inputs=step["inputs"]) for step in steps)
        )
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
    return Execution(
        outcome_id=job.outcome_id,
        plan=plan,
        principal=cleared.principal,
        credential_id=job.credential_id,
    )


def _judged(job: BegunJob, cleared: Cleared, decided: DecidedPlan | None, *, place: Place) -> Found:
    """Return what the guards say that ask who acts."""
    if decided is None or job.step is None or job.step >= len(decided.steps):
        return Barred(reason="the execution that it follows is gone, or can't be read any more")
    facts = _facts(decided, cleared, step=job.step, place=place)
    refusal = first_refusal(facts, GUARDS)
    if refusal is None:
        return cleared
    decision = facts.decision
    if facts.compiled is None:
        return Barred(reason=refusal.message, bar=Bar.UNKNOWN)
    if decision is None or not decision.decision_id:
        return Barred(reason=refusal.message, bar=Bar.UNASKED)
    return Barred(reason=f"not allowed any more: {refusal.message}")


def _facts(decided: DecidedPlan, cleared: Cleared, *, step: int, place: Place) -> StepFacts:
    head: Head = place.head
    called = decided.plan.steps[step]
    decisions = tuple(None if item is None else item.decision for item in decided.steps)
    return StepFacts(
        facts=Facts(
            principal=cleared.principal,
            project=place.project_id,
            state=head.state,
            decisions=decisions,
            now=place.now,
        ),
        index=step,
        step=called,
        compiled=place.registry.find(called.action),
        state=head.state,
        usage=NOTHING_USED,
        plan_digest="",
    )


def _barred(jobs: Iterable[tuple[BegunJob, Cleared]], why: Barred) -> Mapping[str, Found]:
    return {job.id: why for job, _ in jobs}
