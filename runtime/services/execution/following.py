"""Say which jobs follow an execution: one for each side effect of each step that was done.

Pure, and the same every time: ids are made from the outcome's, so that a commit that is tried again
puts no second job.
"""

from __future__ import annotations

from collections.abc import Iterator

from runtime.domain.action import SideEffect
from runtime.domain.job import EffectOrder, JobKind, NewJob, effect_job_id
from runtime.domain.outcome import PlanOutcome, StepOutcome, StepStatus
from runtime.engine.compiled import CompiledRegistry
from runtime.kit.canonical_json import digest
from runtime.kit.json_pointer import PointerError, get
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.execution.changes import Execution


def jobs_of(
    execution: Execution, outcome: PlanOutcome, registry: CompiledRegistry, *, project_id: str
) -> Iterator[NewJob]:
    """Return the jobs that follow; of steps that were refused, failed or rolled back, none."""
    for step in outcome.steps:
        if step.status is not StepStatus.DONE or not step.side_effects:
            continue
        declared = registry.find(step.action)
        for place, effect in enumerate(() if declared is None else declared.action.side_effects):
            yield _job(execution, step, effect, project_id=project_id, place=place)


def _job(
    execution: Execution, step: StepOutcome, effect: SideEffect, *, project_id: str, place: int
) -> NewJob:
    order = EffectOrder(
        action=step.action,
        parameters=effect.parameters,
        result_action=effect.result_action,
    )
    return NewJob(
        id=effect_job_id(execution.outcome_id, step=step.index, place=place),
        kind=JobKind.EFFECT,
        name=effect.job,
        principal_id=execution.principal.id,
        credential_id=execution.credential_id,
        claims=execution.principal.claims,
        outcome_id=execution.outcome_id,
        step=step.index,
        payload=order.model_dump_json(),
        priority=effect.priority,
        wait_s=effect.delay_s,
        unique_key=None
        if effect.unique_by is None
        else digest([_value(step.inputs, pointer) for pointer in effect.unique_by]),
        serial_key=f"{project_id} {effect.serial}" if effect.serial else None,
    )


def _value(inputs: JsonObject, pointer: str) -> JsonValue:
    """Return what a pointer names, in a list; an empty one for nothing, which null is not."""
    try:
        return [get(inputs, pointer)]
    except PointerError:
        return []
