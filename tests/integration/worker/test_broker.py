"""The broker stops and loses; workers go on where they were, and the outbox has it all."""

from __future__ import annotations

import asyncio

import redis

from runtime.adapters.celery.broker import QUEUE
from tests.yard import Yard

JOBS = 120


async def test_jobs_flow_on_when_the_broker_is_killed_and_comes_back(yard: Yard) -> None:
    """Nothing is lost with it, and each job is done under one key."""
    await yard.started()
    jobs = await yard.post(JOBS // 2)
    yard.broker.stop()
    jobs += await yard.post(JOBS // 2)

    yard.broker.start()

    async def all_done() -> bool:
        await _let_offers_be_made_again(yard)
        return await yard.statuses() == {"done": JOBS}

    await yard.until(all_done)
    assert set(yard.received) == set(jobs)


async def test_a_broker_that_lost_everything_is_offered_it_again(yard: Yard) -> None:
    """What stands in it is a copy: the outbox has the jobs until they begin."""
    jobs = await yard.post(10)
    first = await yard.started()
    await yard.becomes({"done": 10})
    yard.broker.freeze()
    jobs += await yard.post(10)
    first.kill()
    yard.broker.thaw()
    _forget_everything(yard)

    await yard.started()

    async def all_done() -> bool:
        await _let_offers_be_made_again(yard)
        return await yard.statuses() == {"done": 20}

    await yard.until(all_done)
    assert set(yard.received) == set(jobs)


async def test_a_worker_starts_without_a_broker_and_takes_jobs_when_it_is_there(
    yard: Yard,
) -> None:
    """It waits for the broker for as long as that takes."""
    yard.broker.stop()
    worker = yard.worker()
    await asyncio.to_thread(worker.await_line, "broker.lost")
    jobs = await yard.post(2)
    assert await yard.statuses() == {"waiting": 2}

    yard.broker.start()

    await yard.becomes({"done": 2})
    assert yard.received == dict.fromkeys(jobs, 1)


async def test_messages_that_nobody_can_read_are_dropped(yard: Yard) -> None:
    """Nor do they keep the readable ones out, however large they are."""
    await yard.started()
    with redis.Redis.from_url(yard.broker.url) as client:
        client.lpush(QUEUE, b"no message of Celery's", b"x" * 50_000_000)

    jobs = await yard.post(3)

    await yard.becomes({"done": 3})
    assert yard.received == dict.fromkeys(jobs, 1)
    with redis.Redis.from_url(yard.broker.url) as client:
        assert client.llen(QUEUE) == 0
    (worker,) = yard.workers
    assert worker.process.poll() is None


def _forget_everything(yard: Yard) -> None:
    with redis.Redis.from_url(yard.broker.url) as client:
        client.flushall()


async def _let_offers_be_made_again(yard: Yard) -> None:
    """Let the time pass after which what the queue lost is due again."""
    await yard.superuser.execute("update outbox set not_before = now() where handed > 0")
