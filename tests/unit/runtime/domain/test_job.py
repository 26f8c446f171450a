"""Jobs of an outcome are named by it, and say when nothing happens to them any more."""

import pytest

from runtime.domain.job import EffectOrder, JobStatus, effect_job_id
from runtime.kit.ids import IdError, parse_id

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
    assert (status.ended, status.given_up) == (ended, given_up)


def test_an_order_survives_its_spelling() -> None:
    """What is put is what the worker reads."""
    order = EffectOrder(action="box.put@1", parameters={"to": ["a"]}, result_action="box.note@1")

    assert EffectOrder.model_validate_json(order.model_dump_json()) == order
