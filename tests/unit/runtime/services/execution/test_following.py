"""One job follows for each effect of each step that was done, the same whenever it is asked."""

from collections.abc import Sequence

import pytest

from runtime.domain.action import SideEffect
from runtime.domain.job import EffectOrder, NewJob
from runtime.domain.outcome import PlanOutcome, StepOutcome, StepStatus
from runtime.domain.plan import Plan
from runtime.kit.json_value import JsonObject
from runtime.services.execution.changes import Execution
from runtime.services.execution.following import jobs_of
from tests.builders import a_principal, a_registry, an_action
from tests.rows import an_id

OUTCOME = an_id("out", 1)
PROJECT = an_id("prj", 1)


def followed(
    *effects: SideEffect,
    statuses: Sequence[StepStatus] = (StepStatus.DONE,),
    inputs: JsonObject | None = None,
    action: str = "box.put@1",
) -> list[NewJob]:
    """Return the jobs that follow steps of these statuses."""
    steps = tuple(
        StepOutcome(
            index=index,
            action=action,
            inputs=inputs or {"value": 1},
            status=status,
            state_version=1,
            state_digest="d",
            side_effects=tuple(effect.job for effect in effects),
        )
        for index, status in enumerate(statuses)
    )
    execution = Execution(
        outcome_id=OUTCOME,
        plan=Plan(steps=()),
        principal=a_principal(claims='{"sub":"a"}'),
        credential_id="tok",
    )
    outcome = PlanOutcome(status=statuses[-1], plan_digest="d", steps=steps, before="b", after="a")
    registry = a_registry(an_action(side_effects=effects))
    return list(jobs_of(execution, outcome, registry, project_id=PROJECT))


def label(**changes: object) -> SideEffect:
    """Build an effect."""
    return SideEffect(job="box.label", description="Prints.", **changes)  # type: ignore[arg-type]  # as given


@pytest.mark.parametrize("status", [item for item in StepStatus if item is not StepStatus.DONE])
def test_nothing_follows_what_was_not_done(status: StepStatus) -> None:
    """Refused, failed, not reached, taken back: the world outside learns of none."""
    assert followed(label(), statuses=(status,)) == []


def test_a_job_says_for_whom_and_after_what_it_runs() -> None:
    """Identity comes from the execution; the order from the declaration."""
    effect = label(
        parameters={"key": {"secret": "x"}},
        result_action="box.note@1",
        priority=7,
        delay_s=2.0,
        serial="printer",
    )
    (job,) = followed(effect)

    assert (job.principal_id, job.credential_id, job.claims) == ("ann", "tok", '{"sub":"a"}')
    assert (job.outcome_id, job.step, job.name) == (OUTCOME, 0, "box.label")
    assert (job.priority, job.wait_s, job.serial_key) == (7, 2.0, f"{PROJECT} printer")
    assert EffectOrder.model_validate_json(job.payload) == EffectOrder(
        action="box.put@1", parameters={"key": {"secret": "x"}}, result_action="box.note@1"
    )


def test_ids_are_the_same_each_time_and_differ_among_effects() -> None:
    """A commit that is tried again puts no second job."""
    asked = [label(), label(priority=9)], (StepStatus.DONE, StepStatus.DONE)
    first, second = (followed(*asked[0], statuses=asked[1]) for _ in range(2))

    assert [job.id for job in first] == [job.id for job in second]
    assert len({job.id for job in first}) == 4


def test_an_action_that_is_gone_from_the_registry_has_no_jobs() -> None:
    """What is not declared can't be asked for."""
    assert followed(label(), action="box.gone@1") == []


def test_equal_values_have_equal_unique_keys_and_others_have_others() -> None:
    """Null, nothing and another value are three different things."""
    effect = label(unique_by=("/value", "/note"))
    keys = [
        followed(effect, inputs=inputs)[0].unique_key
        for inputs in (
            {"value": 1},
            {"value": 1, "other": 5},
            {"value": 2},
            {"value": 1, "note": None},
            {"value": 1, "note": []},
        )
    ]

    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    assert followed(label())[0].unique_key is None
    assert (
        followed(label(unique_by=()))[0].unique_key
        == followed(label(unique_by=()), inputs={"value": 9})[0].unique_key
    )
