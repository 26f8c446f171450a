"""Places of a worker are shared fairly among organizations, and none is ever lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from typing_extensions import override

from runtime.services.jobs.slots import FairSlots

NAMES = ("a", "b", "c")


class Job:
    """Ask for a place, and hold it until it is told to end."""

    def __init__(self, slots: FairSlots, name: str) -> None:
        self.name = name
        self.runs = False
        self._end = asyncio.Event()
        self._slots = slots
        self.task = asyncio.get_running_loop().create_task(self._run())

    def end(self) -> None:
        """Give the place back."""
        self._end.set()

    async def _run(self) -> None:
        async with self._slots.taken(self.name):
            self.runs = True
            try:
                await self._end.wait()
            finally:
                self.runs = False


async def settled() -> None:
    """Let everything happen that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def jobs_of(slots: FairSlots, name: str, number: int) -> list[Job]:
    """Ask for some places."""
    jobs = [Job(slots, name) for _ in range(number)]
    await settled()
    return jobs


async def ended(*jobs: Job) -> None:
    """End jobs, those that wait too."""
    for job in jobs:
        job.task.cancel()
    await asyncio.wait([job.task for job in jobs])


async def test_a_newcomer_finds_a_place_beside_long_jobs() -> None:
    """Of one organization alone a quarter is left, and beside it for another a seventh."""
    slots = FairSlots(70)
    first = await jobs_of(slots, "a", 100)
    second = await jobs_of(slots, "b", 100)
    third = await jobs_of(slots, "c", 1)

    running = Counter(job.name for job in (*first, *second, *third) if job.runs)
    assert running["a"] == 53
    assert 10 <= running["b"] <= 14
    assert running["c"] == 1
    await ended(*first, *second, *third)


@pytest.mark.parametrize("places", [1, 2, 3])
async def test_few_places_are_all_used(places: int) -> None:
    """Leaving some free would leave much."""
    slots = FairSlots(places)
    jobs = await jobs_of(slots, "a", 5)

    assert sum(job.runs for job in jobs) == places
    await ended(*jobs)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_those_who_wait_are_served_in_turn_by_organization(waiting: list[int]) -> None:
    """None is served twice while another waits: however much one has to do, all have their turn."""
    served = asyncio.run(_served({f"o{number}": jobs for number, jobs in enumerate(waiting)}))

    assert Counter(served) == {f"o{number}": jobs for number, jobs in enumerate(waiting)}
    for place in range(len(served)):
        left = Counter(served[place:])
        others = served[place : place + len(left)]
        assert set(others) == set(left), "each has a turn before anybody has two"


async def _served(waiting: dict[str, int]) -> list[str]:
    """Let organizations wait for the only place; return in which order they have it."""
    slots = FairSlots(1)
    (first,) = await jobs_of(slots, "first", 1)
    jobs = [job for name, number in waiting.items() for job in await jobs_of(slots, name, number)]
    served = []
    first.end()
    await settled()
    while running := [job for job in jobs if job.runs]:
        (only,) = running
        served.append(only.name)
        only.end()
        await settled()
    await ended(first, *jobs)
    return served


async def test_a_job_that_gave_up_waiting_leaves_its_turn_to_others() -> None:
    """A place is not kept for nobody, also if it was given at that very moment."""
    slots = FairSlots(1)
    async with slots.taken("a"):
        gone, late, last = await jobs_of(slots, "b", 3)
        gone.task.cancel()
        await settled()
    late.task.cancel()  # its turn has come, and it has not noticed yet
    await settled()

    assert last.runs
    await ended(gone, late, last)


class Slots(RuleBasedStateMachine):
    """Take, give and give up places in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.places = 8
        self.slots = FairSlots(self.places)
        self.jobs: list[Job] = []

    @override
    def teardown(self) -> None:
        """End all; then every place is free again."""
        self.loop.run_until_complete(self._ended(self.jobs))
        taken = self.loop.run_until_complete(self._all_taken())
        self.loop.close()
        assert taken == self.places

    @rule(name=st.sampled_from(NAMES), number=st.integers(1, 6))
    def ask(self, name: str, number: int) -> None:
        """Ask for places."""
        self._do(lambda: self.jobs.extend([Job(self.slots, name) for _ in range(number)]))

    @precondition(lambda self: any(job.runs for job in self.jobs))
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """End a job that runs."""
        job = data.draw(st.sampled_from([job for job in self.jobs if job.runs]))
        self._do(job.end)

    @precondition(lambda self: bool(self.jobs))
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        """Cancel a job, whether it runs or waits."""
        job = data.draw(st.sampled_from(self.jobs))
        self._do(job.task.cancel)

    @precondition(lambda self: any(job.runs for job in self.jobs))
    @rule(data=st.data())
    def end_one_as_another_gives_up(self, data: st.DataObject) -> None:
        """Do both before anybody notices either."""
        job = data.draw(st.sampled_from([job for job in self.jobs if job.runs]))
        other = data.draw(st.sampled_from(self.jobs))

        def both() -> None:
            job.end()
            other.task.cancel()

        self._do(both)

    @invariant()
    def no_more_run_than_there_are_places(self) -> None:
        """And none has more than its share."""
        running = Counter(job.name for job in self.jobs if job.runs)
        assert sum(running.values()) <= self.places

    @invariant()
    def nobody_waits_for_a_place_that_it_may_have(self) -> None:
        """Whoever waits holds three times what is free, at least."""
        running = Counter(job.name for job in self.jobs if job.runs)
        free = self.places - sum(running.values())
        waiting = {job.name for job in self.jobs if not job.runs}
        assert all(running[name] >= 3 * free for name in waiting)

    def _do(self, does: Callable[[], object]) -> None:
        async def done() -> None:
            does()
            await settled()

        self.loop.run_until_complete(done())
        self.jobs = [job for job in self.jobs if not job.task.done()]

    @staticmethod
    async def _ended(jobs: list[Job]) -> None:
        if jobs:
            await ended(*jobs)

    async def _all_taken(self) -> int:
        async with AsyncExitStack() as stack:
            for number in range(self.places):
                await stack.enter_async_context(self.slots.taken(f"o{number}"))
            return self.places


TestSlots = Slots.TestCase
