"""Jobs of an outcome are named by it, and say when nothing happens to them any more."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.job import (
    GIVEN_UP,
    EffectOrder,
    JobStatus,
    PlanOrder,
    effect_job_id,
    job_ids_of,
    plan_outcome_id,
)
from runtime.domain.plan import Plan
from runtime.kit.ids import ENTROPY_BYTES, IdError, new_id, parse_id

OUTCOME = "out_01KDVDNA0123456789ABCDEFGH"


def test_equal_parts_have_equal_ids() -> None:
    """A commit that is tried again names its jobs alike, so none is put twice."""
    assert effect_job_id(OUTCOME, step=1, place=2) == effect_job_id(OUTCOME, step=1, place=2)


def test_ids_of_an_outcome_differ_and_sort_as_its_effects_do() -> None:
    """Steps come in order, and the effects of a step in theirs."""
    ids = [effect_job_id(OUTCOME, step=step, place=place) for step in range(3) for place in (0, 9)]

    assert sorted(set(ids)) == ids


def test_outcomes_of_one_millisecond_have_other_jobs() -> None:
    """What tells outcomes apart tells their jobs apart."""
    other = OUTCOME.replace("0123", "0124")

    assert effect_job_id(OUTCOME, step=0, place=0) != effect_job_id(other, step=0, place=0)
    assert parse_id(effect_job_id(OUTCOME, step=0, place=0), "job").prefix == "job"


@pytest.mark.parametrize(
    ("step", "place"),
    [
        pytest.param(-1, 0, id="no step"),
        pytest.param(256, 0, id="step too large"),
        pytest.param(0, -1, id="no place"),
        pytest.param(0, 256, id="place too large"),
    ],
)
def test_a_number_that_has_no_room_is_refused(step: int, place: int) -> None:
    """A number that is cut would give two jobs one id."""
    with pytest.raises(ValueError, match="expected 0 to 255"):
        effect_job_id(OUTCOME, step=step, place=place)


def test_only_outcomes_have_such_jobs() -> None:
    """Another id is no outcome's."""
    with pytest.raises(IdError):
        effect_job_id("prj_01KDVDNA000000000000000000", step=0, place=0)


@pytest.mark.parametrize(
    ("status", "ended", "given_up"),
    [
        pytest.param(JobStatus.WAITING, False, False, id="waiting"),
        pytest.param(JobStatus.RUNNING, False, False, id="running"),
        pytest.param(JobStatus.DONE, True, False, id="done"),
        pytest.param(JobStatus.DEAD, True, True, id="dead"),
        pytest.param(JobStatus.CANCELLED, True, True, id="cancelled"),
        pytest.param(JobStatus.QUARANTINED, True, True, id="quarantined"),
    ],
)
def test_a_status_says_whether_the_job_ended(
    status: JobStatus, *, ended: bool, given_up: bool
) -> None:
    """What ended without being done may be tried again."""
    assert (status.ended, status.given_up, status in GIVEN_UP) == (ended, given_up, given_up)


def test_an_order_survives_its_spelling() -> None:
    """What is put is what the worker reads."""
    order = EffectOrder(action="box.put@1", parameters={"to": ["a"]}, result_action="box.note@1")

    assert EffectOrder.model_validate_json(order.model_dump_json()) == order


def test_an_order_of_a_plan_survives_its_spelling() -> None:
    """Steps, and all that its caller said of them."""
    plan = Plan.model_validate({"steps": [{"action": "box.put@1", "inputs": {"value": 1}}]})
    order = PlanOrder(plan=plan, confirms="sha256:0", approval="apr_1", expects=3, atomic=True)

    assert PlanOrder.model_validate_json(order.model_dump_json()) == order


def _ids(prefix: str) -> st.SearchStrategy[str]:
    return st.builds(
        lambda now_ms, entropy: new_id(prefix, now_ms=now_ms, entropy=entropy),
        st.integers(min_value=0, max_value=2**48 - 1),
        st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES),
    )


@given(_ids("job"), _ids("job"))
def test_a_plan_of_a_job_has_one_outcome_of_its_own(one: str, other: str) -> None:
    """Equal jobs name equal outcomes, different ones different outcomes, of the job's time."""
    assert (plan_outcome_id(one) == plan_outcome_id(other)) is (one == other)
    assert parse_id(plan_outcome_id(one), "out").created_ms == parse_id(one, "job").created_ms


@given(_ids("job"))
def test_the_effects_of_a_queued_plan_are_not_the_job_that_executes_it(job_id: str) -> None:
    """A job that is there already is not put, so no effect may be named like one."""
    entropy = parse_id(job_id, "job").entropy
    named = effect_job_id(plan_outcome_id(job_id), step=entropy[-2], place=entropy[-1])

    assert named != job_id


@given(_ids("job"), st.integers(0, 255), st.integers(0, 255))
def test_jobs_of_an_outcome_are_between_the_first_and_the_last(
    job_id: str, step: int, place: int
) -> None:
    """Those that follow it, and the one that makes it."""
    outcome_id = plan_outcome_id(job_id)
    first, last = job_ids_of(outcome_id)

    assert first <= job_id <= last
    assert first <= effect_job_id(outcome_id, step=step, place=place) <= last


@pytest.mark.parametrize(
    "name", [pytest.param(plan_outcome_id, id="outcome"), pytest.param(job_ids_of, id="jobs")]
)
def test_what_is_named_by_another_id_has_neither(name: Callable[[str], object]) -> None:
    """An id of another kind is refused."""
    with pytest.raises(IdError):
        name("prj_01KDVDNA000000000000000000")
