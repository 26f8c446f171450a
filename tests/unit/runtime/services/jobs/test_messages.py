"""A relay groups jobs into messages: of one organization, the most urgent first, not too many."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.ports.job_queue import MOST_IDS
from runtime.services.jobs.relay import FEWEST_IDS, SPREAD, messages_of
from runtime.store.outbox import DueJob
from tests.rows import an_id


def due(number: int, *, organization: int = 1, priority: int = 4, alone: bool = False) -> DueJob:
    """Build a job that is due."""
    return DueJob(
        organization_id=an_id("org", organization),
        job_id=an_id("job", number),
        project_id=an_id("prj", 1),
        priority=priority,
        alone=alone,
    )


DUE = st.builds(
    due,
    st.integers(0, 10_000),
    organization=st.integers(1, 3),
    priority=st.integers(0, 9),
    alone=st.booleans(),
)


@given(st.lists(DUE, unique_by=lambda job: job.job_id, max_size=300))
def test_each_job_is_in_one_message_of_its_own_organization(jobs: list[DueJob]) -> None:
    """None is left out, none named twice, none told to another tenant's workers."""
    messages = messages_of(jobs)

    named = [
        (item.organization_id, item.priority, job) for item in messages for job in item.job_ids
    ]
    assert sorted(named) == sorted((job.organization_id, job.priority, job.job_id) for job in jobs)
    assert all(0 < len(item.job_ids) <= MOST_IDS for item in messages)
    assert [item.priority for item in messages] == sorted(
        (item.priority for item in messages), reverse=True
    )


@given(st.lists(DUE, unique_by=lambda job: job.job_id, max_size=60))
def test_a_job_that_a_process_died_with_goes_alone(jobs: list[DueJob]) -> None:
    """If it kills again, it kills nobody else's work."""
    found = {job: item for item in messages_of(jobs) for job in item.job_ids}

    assert all(len(found[job.job_id].job_ids) == 1 for job in jobs if job.alone)
    assert all(found[job.job_id].alone is job.alone for job in jobs)


def test_few_jobs_travel_together_and_many_are_not_sent_one_by_one() -> None:
    """A message costs as much for one job as for ten; several workers get some of many."""
    few, many = [due(n) for n in range(FEWEST_IDS)], [due(n) for n in range(1_000)]

    assert len(messages_of(few)) == 1
    assert len(messages_of([due(n) for n in range(FEWEST_IDS + 1)])) == 2
    assert len(messages_of(many)) == SPREAD
    assert len(messages_of([due(n) for n in range(10_000)])) == 10_000 / MOST_IDS
