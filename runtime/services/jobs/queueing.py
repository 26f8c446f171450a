"""Take plans that are to be executed later: a job each, and the caller need not wait for it.

Nothing is judged here but whether the caller may ask at all. When the job runs, the plan is judged
like any other, on the state, the rules and the limits of then, and as what its principal is then.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from runtime.domain.caller import Caller
from runtime.domain.errors import JobTooLargeError
from runtime.domain.job import MOST_BYTES, JobKind, NewJob, PlanOrder, plan_outcome_id
from runtime.domain.scope import Scope
from runtime.services.context import Context, Ids
from runtime.services.execution.plans import PlanRequest, require_confirming
from runtime.services.jobs.documents import job_document
from runtime.services.jobs.rights import there
from runtime.services.standing import active, active_organization, seen
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.jobs import put_jobs
from runtime.store.session import Database

NAME = "plan.execute"
"""What jobs that execute plans are called."""


class QueuedPlans:
    """Take plans of callers who do not wait."""

    def __init__(self, *, database: Database, ids: Ids, wake: Callable[[], None]) -> None:
        """Keep where jobs go; `wake` is told when one was put, to hand it over at once."""
        self._database = database
        self._ids = ids
        self._wake = wake

    async def put(
        self,
        context: Context,
        project_id: str,
        *,
        asked: PlanRequest,
        start_within_s: float | None = None,
    ) -> Answer:
        """Take a plan, and answer with the job that will execute it.

        Args:
            context: who asks.
            project_id: where.
            asked: the plan, and what they say of it.
            start_within_s: the job is dead if it can't be started for so long; None: it waits.

        Raises:
            JobTooLargeError: the plan is larger than what is kept of a job.
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the credential was not made for this, or confirms for a service.
            ProjectArchivedError, WrongTimeError: the project or the organization is archived.
            KeyReusedError: the key was used for something else.
        """
        caller = context.caller
        caller.require(Scope.PLANS_EXECUTE)
        require_confirming(caller, asked)
        payload = _payload(asked)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            active((await seen(unit.connection, caller, project_id)).project)
            new = _job(unit.ids.new("job"), caller, payload, start_within_s=start_within_s)
            await put_jobs(
                unit.connection,
                [new],
                organization_id=caller.organization_id,
                project_id=project_id,
                at=unit.now,
            )
            job = await there(unit.connection, project_id, new.id)
            told = {"job": job.id, "outcome": job.outcome_id, "steps": len(asked.plan.steps)}
            await unit.record("plan.queued", told, project_id=project_id)
            return Answer(document=job_document(job), status=HTTPStatus.ACCEPTED)

        answer = await once(self._database, self._ids, context, work=work)
        self._wake()
        return answer


def _job(job_id: str, caller: Caller, payload: str, *, start_within_s: float | None) -> NewJob:
    return NewJob(
        id=job_id,
        kind=JobKind.PLAN,
        name=NAME,
        principal_id=caller.member_id,
        credential_id=caller.credential_id,
        claims=caller.claims,
        outcome_id=plan_outcome_id(job_id),
        payload=payload,
        schedule_to_start_s=start_within_s,
    )


def _payload(asked: PlanRequest) -> str:
    order = PlanOrder(
        plan=asked.plan,
        confirms=asked.confirms,
        approval=asked.approval,
        gate=asked.gate,
        expects=asked.expects,
        atomic=asked.atomic,
    )
    unsaid = {"gate"} if order.gate is None else None  # workers of the release before don't know it
    payload = order.model_dump_json(exclude=unsaid)
    size_bytes = len(payload.encode())
    if size_bytes > MOST_BYTES:
        raise JobTooLargeError(size_bytes=size_bytes, most_bytes=MOST_BYTES)
    return payload
