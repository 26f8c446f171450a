"""Run the side effects of executions: call the handler, and write its result back as an action.

A result enters the state through the engine like anybody's plan, as the job's principal and with
every guard; under a key of the job's own, so that however often the job runs it is done once. That
the job is done is in the commit of its result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

import orjson
from pydantic import ValidationError

from runtime.domain.job import AttemptEnd, BegunJob, EffectOrder
from runtime.domain.plan import Plan, Step
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.ports.effect import Effect, EffectCall, EffectResult, Effects, EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.services.context import Context, RequestKey
from runtime.services.environments import PluginEnabled, always_enabled
from runtime.services.execution.changes import Executed, JobEnd
from runtime.services.execution.plans import PlanRequest
from runtime.services.jobs.attempts import done
from runtime.services.jobs.runner import Bounds, Cleared, Ran, unheard

ROUTE: Final = "job"
"""Where keys of results belong; no route of the API is called so."""


class WritesBack(Protocol):
    """Execute plans: the role of `execution.plans.Plans` here."""

    async def execute(self, context: Context, project_id: str, *, asked: PlanRequest) -> Executed:
        """Execute a plan, or return what came of it when its key was used for it before."""
        ...


Charged = Callable[[EffectCall, EffectTools], EffectTools]
"""Return the tools of one call, whose models are charged to whom it is for."""


class EffectRunner:
    """Run jobs that actions asked for."""

    def __init__(
        self,
        effects: Effects,
        tools: EffectTools,
        *,
        plans: WritesBack,
        charged: Charged,
        enabled: PluginEnabled = always_enabled,
    ) -> None:
        """Run effects with tools.

        Args:
            effects: by their names.
            tools: of the worker.
            plans: writes results back.
            charged: makes the tools of one call.
            enabled: says whether an organization lets an effect's plugin act.
        """
        self._charged = charged
        self._enabled = enabled
        self._effects = effects
        self._tools = tools
        self._plans = plans

    def bounds(self, job: BegunJob) -> Bounds | None:
        """Return what the effect declares, unless the job says otherwise."""
        effect = self._effects.get(job.name)
        if effect is None:
            return None
        return Bounds(
            start_to_close_s=job.start_to_close_s or effect.start_to_close_s,
            schedule_to_start_s=job.schedule_to_start_s or effect.schedule_to_start_s,
            retries=effect.retries,
        )

    def past(self, job: BegunJob) -> None:
        """Know nothing of earlier attempts: the world outside does, by the job's key."""

    async def run(
        self, job: BegunJob, cleared: Cleared, *, committing: Callable[[], None] = unheard
    ) -> Ran:
        """Call the handler once, and write its result back; return what is kept of both.

        Raises:
            LostAttemptError: the job is another's by now; the result was not written back.
            RetryableError: it may succeed later, or its order is of a newer release.
            PermanentError: it never will.
            DomainError: its result could not be written back now.
        """
        effect = self._effects[job.name]
        order = _order(job)
        if not await self._enabled(job.organization_id, effect.name):
            raise PermanentError(
                f"the plugin of {effect.name} is turned off in the organization; "
                "enable it and put the job again"
            )
        call = _call(job, order, cleared)
        result = await effect.handler(call, self._charged(call, self._tools))
        if not isinstance(result, EffectResult):
            raise PermanentError(
                f"the handler of {effect.name} gave back a {type(result).__name__}, "
                "expected an EffectResult"
            )
        if result.write_back is None:
            return Ran(document=dict(result.document))

        def kept(document: str) -> JsonObject:
            return {**result.document, "written_back": _told(document)}

        def told(document: str) -> AttemptEnd:
            committing()
            return done(job, kept(document))

        executed = await self._written_back(
            job,
            cleared,
            plan=_plan(_result_action(effect, order), result.write_back),
            ends=JobEnd(job_id=job.id, worker=job.worker, told=told),
        )
        return Ran(document=kept(executed.document), stored=not executed.replayed)

    async def _written_back(
        self, job: BegunJob, cleared: Cleared, *, plan: Plan, ends: JobEnd
    ) -> Executed:
        """Execute the action that takes the result, once however often it is asked for."""
        return await self._plans.execute(
            Context(
                caller=cleared.caller,
                # What handlers give back may differ from one attempt to the next; the first counts.
                key=RequestKey(route=ROUTE, key=job.id, body_digest=job.id),
            ),
            job.project_id,
            asked=PlanRequest(plan=plan, ends=ends),
        )


def _plan(action: str, inputs: JsonObject) -> Plan:
    try:
        return Plan(steps=(Step(action=action, inputs=inputs),))
    except ValidationError as error:
        raise PermanentError("its result is no input of an action") from error


def _told(document: str) -> Mapping[str, str]:
    outcome = parse(document)
    return {"outcome": outcome["id"], "status": outcome["status"]}


def _order(job: BegunJob) -> EffectOrder:
    try:
        return EffectOrder.model_validate_json(job.payload)
    except ValidationError as error:
        raise RetryableError("its order is not one that this release can read") from error


def _call(job: BegunJob, order: EffectOrder, cleared: Cleared) -> EffectCall:
    if job.document is None or job.step is None or job.outcome_id is None:
        raise PermanentError("the execution that it follows is gone")
    step = orjson.loads(job.document)["steps"][job.step]
    return EffectCall(
        job_id=job.id,
        idempotency_key=job.id,
        organization=job.organization_id,
        project=job.project_id,
        principal=cleared.principal,
        outcome_id=job.outcome_id,
        step=job.step,
        action=order.action,
        inputs=step["inputs"],
        diff=tuple(step["diff"]),
        attempt=job.attempt,
        payload=order.parameters,
        crashes=job.crashes,
    )


def _result_action(effect: Effect, order: EffectOrder) -> str:
    named = order.result_action or effect.result_action
    if not named:
        raise PermanentError(
            f"{effect.name} gave back a result to write, and neither it nor {order.action} names "
            "the action that takes it"
        )
    return named
