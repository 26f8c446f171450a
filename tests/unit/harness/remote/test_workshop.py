"""Prove that a worker begins only what is its own, keeps what it did, and answers from it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from harness.remote.link import Link, Word
from harness.remote.parcel import Batch
from harness.remote.store import RunStore
from harness.remote.terms import Stage, Terms, Unfit
from tests.unit.harness.remote.bench import a_counter_world, a_workshop, the_stage, the_terms
from tests.unit.harness.remote.machines import Prepared, a_run


@pytest.fixture
def run(tmp_path: Path) -> Prepared:
    """Open a run of three trials."""
    return a_run(tmp_path / "run", a_counter_world(tmp_path), "plangate/oracle", trials=3)


@pytest.fixture
async def store(run: Prepared, link: Link) -> RunStore:
    """Publish the run."""
    store = RunStore(link, "run")
    await store.publish(the_terms(run), open_ms=60_000)
    return store


def batch(run: Prepared, generation: str = "now") -> Batch:
    """Put all trials into one batch."""
    return Batch(run="run", generation=generation, number="b", jobs=tuple(run.left()))


async def said(store: RunStore) -> list[str]:
    """Return the kinds of news."""
    return [kind for kind, _ in await store.news(timeout_s=0.05)]


async def test_a_batch_is_done_and_told(run: Prepared, link: Link, store: RunStore) -> None:
    """Its trials are kept before it is called over, and it is free again."""
    await a_workshop(run, link).do(batch(run))

    assert await said(store) == ["begun", "done", "done", "done", "over"]
    assert len(await store.documents(list(run.waiting()))) == 3
    assert await store.leased(["b"]) == set()


class SlowRenewals(Link):
    """Let what renews a lease reach Redis only when told; once sent, nothing calls it back."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.renewing, self.going_on = asyncio.Event(), asyncio.Event()
        self.sent: list[asyncio.Task[object]] = []

    @override
    async def run(self, script: str, *, keys: Sequence[str], words: Sequence[Word] = ()) -> Any:
        """Hold a renewal back."""
        if "'SET', KEYS[1], ARGV[1], 'PX'" not in script:
            return await super().run(script, keys=keys, words=words)
        self.sent.append(asyncio.create_task(self._late(script, keys, words)))
        self.renewing.set()
        return await asyncio.shield(self.sent[-1])

    async def _late(self, script: str, keys: Sequence[str], words: Sequence[Word]) -> object:
        await self.going_on.wait()
        return await super().run(script, keys=keys, words=words)


async def test_a_late_renewal_does_not_take_a_batch_back(
    run: Prepared, server: str, store: RunStore
) -> None:
    """What is on its way when the batch is over comes before the lease is given up."""
    slow = SlowRenewals(server)

    def opener(_: Terms) -> Stage:
        asyncio.run_coroutine_threadsafe(slow.renewing.wait(), loop).result(10)
        return the_stage(run)

    loop = asyncio.get_running_loop()
    doing = asyncio.create_task(a_workshop(run, slow, opener=opener).do(batch(run)))
    kinds = list[str]()
    while "over" not in kinds:
        kinds += await said(store)
    slow.going_on.set()
    await asyncio.wait([doing, *slow.sent])
    await slow.close()

    assert await store.leased(["b"]) == set()


async def test_a_second_delivery_is_answered_from_what_is_kept(
    run: Prepared, link: Link, store: RunStore
) -> None:
    """Nothing is opened, asked or scored again."""
    await a_workshop(run, link).do(batch(run))
    before = await store.documents(list(run.waiting()))
    await said(store)

    await a_workshop(run, link).do(batch(run))

    assert await said(store) == ["begun", "done", "done", "done", "over"]
    assert await store.documents(list(run.waiting())) == before


@pytest.mark.parametrize("generation", ["before", "now"])
async def test_a_batch_that_nobody_waits_for_is_dropped(
    run: Prepared, link: Link, store: RunStore, generation: str
) -> None:
    """It is an earlier process's, or the run halted."""
    if generation == "now":
        await store.halt()

    await a_workshop(run, link).do(batch(run, generation))

    assert await said(store) == []


async def test_a_batch_that_another_worker_is_at_is_dropped(
    run: Prepared, link: Link, store: RunStore
) -> None:
    """The queue may deliver it while it is done."""
    assert await store.take_lease("b", "other", lease_ms=60_000)

    await a_workshop(run, link).do(batch(run))

    assert await said(store) == []
    assert await store.leased(["b"]) == {"b"}


async def test_a_worker_that_lost_its_lease_begins_no_further_trial(
    run: Prepared, link: Link, store: RunStore
) -> None:
    """Whoever has it now does the rest."""
    opening, going_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def opener(_: Terms) -> Stage:
        loop.call_soon_threadsafe(opening.set)
        asyncio.run_coroutine_threadsafe(going_on.wait(), loop).result(10)
        return the_stage(run)

    doing = asyncio.create_task(a_workshop(run, link, opener=opener).do(batch(run)))
    await opening.wait()
    await link.do("SET", "plangate:eval:{run}:lease:b", "other")
    await asyncio.wait({doing}, timeout=0.2)  # a beat of the lease
    going_on.set()
    await doing

    assert await said(store) == ["begun", "over"]
    assert await link.do("GET", "plangate:eval:{run}:lease:b") == b"other"


@pytest.mark.parametrize("how", ["stopped", "late"])
async def test_a_worker_that_stops_leaves_the_rest_to_others(
    run: Prepared, link: Link, store: RunStore, how: str
) -> None:
    """It was told to, or the batch took too long."""
    workshop = a_workshop(run, link, longest_batch_s=-1 if how == "late" else 60)
    if how == "stopped":
        workshop.stop()

    await workshop.do(batch(run))

    assert await said(store) == ["begun", "over"]


async def test_an_unfit_worker_refuses_before_it_scores(
    run: Prepared, link: Link, store: RunStore
) -> None:
    """The run's process is told why."""

    def opener(_: Terms) -> Stage:
        raise Unfit("there are no such files")

    await a_workshop(run, link, opener=opener).do(batch(run))

    _, (kind, about) = await store.news(timeout_s=0.05)
    assert (kind, about) == ("refused", "worker w: there are no such files")
    assert await store.documents(list(run.waiting())) == {}


async def test_a_run_is_opened_once_a_process(run: Prepared, link: Link, store: RunStore) -> None:
    """Two batches at once wait for the same opening."""
    opened = list[Terms]()

    def opener(terms: Terms) -> Stage:
        opened.append(terms)
        return the_stage(run)

    workshop = a_workshop(run, link, opener=opener)
    jobs = tuple(run.left())
    async with asyncio.TaskGroup() as group:
        for number, cut in enumerate((jobs[:1], jobs[1:])):
            part = Batch(run="run", generation="now", number=str(number), jobs=cut)
            group.create_task(workshop.do(part))

    assert len(opened) == 1
    assert len(await store.documents(list(run.waiting()))) == 3
