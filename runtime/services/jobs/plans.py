"""Run jobs that execute a plan: as its principal, with every guard, and once however often it runs.

What came of it is an outcome like any other; a plan that is refused is a job that is done, and both
are one commit. The id
of its outcome is made from the job's, so storage keeps one of it even when keys are long forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from runtime.domain.caller import Caller
from runtime.domain.errors import (
    KeyReusedError,
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    VersionMismatchError,
)
from runtime.domain.job import AttemptEnd, BegunJob, PlanOrder, plan_outcome_id
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.services.context import Context, RequestKey
from runtime.services.execution.changes import JobEnd
from runtime.services.execution.plans import MOST_PATIENCE_S, PlanRequest
from runtime.services.jobs.attempts import done
from runtime.services.jobs.effects import ROUTE, WritesBack
from runtime.services.jobs.runner import Bounds, Cleared, Ran, unheard

START_TO_CLOSE_S: Final = 60.0
"""How long one attempt may take; of it, `MOST_PATIENCE_S` may pass until it is the plan's turn."""
_NEVER: Final = (
    KeyReusedError,
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    VersionMismatchError,
)
"""What another attempt would end with as well."""


class PlanRunner:
    """Run jobs that callers asked for by `mode=queued`."""

    def __init__(self, plans: WritesBack) -> None:
        self._plans = plans

    def bounds(self, job: BegunJob) -> Bounds:
        """Return what bounds a job's attempts: as it says itself, or as usual."""
        return Bounds(
            start_to_close_s=job.start_to_close_s or START_TO_CLOSE_S,
            schedule_to_start_s=job.schedule_to_start_s,
        )

    def past(self, job: BegunJob) -> JsonObject | None:
        """Return what the plan's outcome says, if there is one: the plan was executed then."""
        return None if job.document is None else _summary(parse(job.document))

    async def run(
        self, job: BegunJob, cleared: Cleared, *, committing: Callable[[], None] = unheard
    ) -> Ran:
        """Execute the plan, and return which outcome it has and how it ended.

        Raises:
            LostAttemptError: the job is another's by now; nothing was done.
            PermanentError: nothing was done, and no further attempt would help.
            RetryableError: its order is of a newer release.
            DomainError: it could not be executed now; nothing is known to be done.
        """
        order = _order(job)

        def told(document: str) -> AttemptEnd:
            committing()
            return done(job, _summary(parse(document)))

        try:
            executed = await self._plans.execute(
                Context(
                    caller=_caller(cleared.caller, order),
                    key=RequestKey(route=ROUTE, key=job.id, body_digest=job.id),
                ),
                job.project_id,
                asked=PlanRequest(
                    plan=order.plan,
                    confirms=order.confirms,
                    approval=order.approval,
                    gate=order.gate,
                    expects=order.expects,
                    atomic=order.atomic,
                    patience_s=MOST_PATIENCE_S,
                    outcome_id=plan_outcome_id(job.id),
                    ends=JobEnd(job_id=job.id, worker=job.worker, told=told),
                ),
            )
        except _NEVER as error:
            raise PermanentError(f"{error.code}: {error}") from error
        return Ran(document=_summary(parse(executed.document)), stored=not executed.replayed)


def _order(job: BegunJob) -> PlanOrder:
    try:
        return PlanOrder.model_validate_json(job.payload)
    except ValidationError as error:
        raise RetryableError("its order is not one that this release can read") from error


def _caller(caller: Caller, order: PlanOrder) -> Caller:
    """Return as whom it is executed; who confirmed the plan when they asked, confirms it now."""
    if order.confirms is None:
        return caller
    return replace(caller, scopes=caller.scopes | {Scope.PLANS_CONFIRM})


def _summary(outcome: JsonObject) -> JsonObject:
    """Say what came of a plan in few words; the outcome itself has all of them."""
    parts = (outcome, *outcome["steps"])
    refusals = [item["refusal"] for item in parts if item["refusal"] is not None]
    return {
        "outcome": outcome["id"],
        "status": outcome["status"],
        "approval": outcome.get("approval"),
        "reasons": list(dict.fromkeys(item["code"] for item in refusals)),
    }
