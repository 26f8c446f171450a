"""A worker lets go of what storage says is another's, and says what storage has wrong of it."""

import asyncio

from runtime.domain.errors import LostAttemptError
from runtime.domain.job import AttemptEnd, BegunJob, JobStatus
from runtime.services.jobs.held import HeldAttempt, HeldJobs, Stop, end_of
from runtime.store.job_leases import HeldJob
from tests.unit.runtime.services.jobs.jobs import a_begun_job


def stored(job: BegunJob, *, attempt: int | None = None, asked: bool = False) -> HeldJob:
    """Build what storage says of a job."""
    return HeldJob(
        organization_id=job.organization_id,
        job_id=job.id,
        attempt=job.attempt if attempt is None else attempt,
        asked_to_cancel=asked,
    )


def test_what_both_sides_know_goes_on() -> None:
    """Nothing is stopped, nothing given back."""
    held = HeldJobs()
    attempt = held.take(a_begun_job())

    assert held.compare([attempt], [stored(attempt.job)]) == ()
    assert attempt.stopped is None


def test_what_storage_does_not_know_is_lost() -> None:
    """It was taken, or is another's by now."""
    held = HeldJobs()
    gone, retaken = held.take(a_begun_job(1)), held.take(a_begun_job(2))

    held.compare([gone, retaken], [stored(retaken.job, attempt=9)])

    assert (gone.stopped, retaken.stopped) == (Stop.LOST, Stop.LOST)


def test_what_began_after_storage_was_asked_is_not_lost() -> None:
    """Its answer is older than the attempt."""
    held = HeldJobs()
    before = tuple(held)
    attempt = held.take(a_begun_job())

    held.compare(before, [])

    assert attempt.stopped is None


def test_what_is_not_wanted_is_stopped() -> None:
    """Somebody asked to cancel it."""
    held = HeldJobs()
    attempt = held.take(a_begun_job())

    held.compare([attempt], [stored(attempt.job, asked=True)])

    assert attempt.stopped is Stop.CANCELLED


def test_what_the_worker_does_not_run_is_given_back_unless_it_is_just_beginning() -> None:
    """An answer that was lost leased it; one that is on its way will tell."""
    held = HeldJobs()
    job = a_begun_job()

    with held.beginning(job.organization_id, [job.id]):
        assert held.compare([], [stored(job)]) == ()
        assert held.organizations == {job.organization_id}

    assert held.compare([], [stored(job)]) == (stored(job),)
    assert held.organizations == set()


def test_a_later_attempt_takes_the_place_of_an_earlier_one() -> None:
    """The earlier one is lost, and its release does not let the later one go."""
    held = HeldJobs()
    earlier = held.take(a_begun_job(attempt=1))
    later = held.take(a_begun_job(attempt=2))

    held.release(earlier)

    assert (earlier.stopped, list(held)) == (Stop.LOST, [later])
    held.release(later)
    assert len(held) == 0


async def test_what_is_over_is_not_stopped() -> None:
    """How it ended is told, whatever was asked a moment later."""

    async def end() -> AttemptEnd:
        return AttemptEnd(id="job", attempt=1, status=JobStatus.DONE)

    attempt = HeldAttempt(a_begun_job(), asyncio.create_task(end()))
    await asyncio.wait([attempt.task] if attempt.task else [])

    attempt.stop(Stop.CANCELLED)

    assert attempt.stopped is None


async def test_the_first_reason_to_stop_counts() -> None:
    """An attempt is cancelled once."""
    attempt = HeldAttempt(a_begun_job())

    attempt.stop(Stop.LOST)
    attempt.stop(Stop.CANCELLED)

    assert attempt.stopped is Stop.LOST


async def test_what_is_being_committed_is_not_stopped_as_lost() -> None:
    """Its job may not run any more because this very commit ended it; people may cancel it yet."""
    held = HeldJobs()
    attempt = held.take(a_begun_job())
    attempt.commit()

    held.compare([attempt], [])
    seen = attempt.stopped
    attempt.stop(Stop.CANCELLED)

    assert (seen, attempt.stopped) == (None, Stop.CANCELLED)


async def test_an_attempt_that_its_commit_calls_over_is_lost() -> None:
    """Nothing is written of it, and nothing given back."""

    async def overtaken() -> AttemptEnd:
        raise LostAttemptError(jobs=frozenset({"job_1"}))

    attempt = HeldAttempt(a_begun_job(), task=asyncio.create_task(overtaken()))
    assert attempt.task is not None
    await asyncio.wait({attempt.task})

    assert end_of(attempt, chance=lambda: 0.5) is None
    assert attempt.stopped is Stop.LOST
