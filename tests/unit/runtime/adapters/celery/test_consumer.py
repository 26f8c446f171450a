"""A message is a coroutine: acknowledged when it is over, and anybody's again when it is not."""

from __future__ import annotations

import asyncio
import base64

import orjson
import pytest
import redis

from runtime.adapters.celery.broker import QUEUE, TASK
from runtime.adapters.celery.consumer import Heard
from runtime.adapters.celery.queue import open_queue
from runtime.domain.errors import QueueUnavailableError, StorageUnavailableError
from runtime.kit.json_value import JsonValue
from runtime.ports.job_queue import JobMessage
from tests.broker import Taker, a_message, broker, consuming, left_in, until
from tests.servers.stoppable_redis import StoppableRedis

__all__ = ["broker"]


async def put(broker: StoppableRedis, *messages: JobMessage) -> None:
    """Put messages as a relay does."""
    queue = open_queue(broker.url)
    await queue.put(messages)
    await queue.close()


async def test_a_message_is_acknowledged_when_it_is_over(broker: StoppableRedis) -> None:
    """Not before: should the process die, it is not lost with it."""
    taker, gate = Taker(), asyncio.Event()
    taker.does = lambda _: _through(gate)
    await put(broker, a_message())

    async with consuming(broker, taker) as consumer:
        await until(lambda: consumer.carrying == 1)
        assert left_in(broker) == 1
        gate.set()
        await until(lambda: left_in(broker) == 0)


async def test_hundreds_are_under_way_beside_each_other(broker: StoppableRedis) -> None:
    """None waits for another, and no thread stands behind any of them."""
    taker, gate = Taker(), asyncio.Event()
    taker.does = lambda _: _through(gate)
    await put(broker, *[a_message(number) for number in range(300)])

    async with consuming(broker, taker, most_jobs=1_000) as consumer:
        await until(lambda: consumer.carrying == 300)
        gate.set()
        await until(lambda: left_in(broker) == 0)


async def test_no_more_is_taken_than_is_wanted(broker: StoppableRedis) -> None:
    """What a worker can't do now is left to others; jobs count, not messages."""
    taker, gate = Taker(), asyncio.Event()
    taker.does = lambda _: _through(gate)
    await put(broker, *[a_message(number, number + 1) for number in range(0, 40, 2)])

    async with consuming(broker, taker, most_jobs=10) as consumer:
        await until(lambda: consumer.carrying >= 5)
        await asyncio.sleep(0.3)  # what is too much would come now
        assert consumer.carrying == 5
        gate.set()
        await until(lambda: len(taker.taken) == 20 and left_in(broker) == 0)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(QueueUnavailableError(reason="this worker ends"), id="a worker that ends"),
        pytest.param(StorageUnavailableError(reason="gone"), id="no database"),
    ],
)
async def test_what_could_not_be_begun_is_offered_again(
    broker: StoppableRedis, error: Exception
) -> None:
    """To whoever takes it next."""
    taker = Taker()

    async def fails_once(_: JobMessage) -> None:
        if len(taker.taken) == 1:
            raise error

    taker.does = fails_once
    await put(broker, a_message())

    async with consuming(broker, taker):
        await until(lambda: len(taker.taken) == 2 and left_in(broker) == 0)


async def test_a_message_that_fails_is_not_tried_for_ever(broker: StoppableRedis) -> None:
    """The outbox has its jobs still; what failed is told by its kind alone."""
    taker = Taker()

    async def fails(_: JobMessage) -> None:
        raise ValueError("canary-7f3a9c")

    taker.does = fails
    await put(broker, a_message())

    async with consuming(broker, taker):
        await until(lambda: left_in(broker) == 0)

    assert taker.reasons(Heard.FAILED) == ["a message: ValueError"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"headers": {"task": "rm", "id": "1"}}, "something else", id="another task"),
        pytest.param({"headers": {}}, "none of Celery's", id="no task"),
        pytest.param({"body": [[], {}, {}]}, "not what relays send", id="no argument"),
        pytest.param({"body": [[5], {}, {}]}, "not what relays send", id="no text"),
        pytest.param({"body": 5}, "not what relays send", id="no list"),
        pytest.param({"body": [["{}"], {}, {}]}, "not the JSON that relays", id="no message"),
        pytest.param({"content-type": "application/x-python-serialize"}, "no form", id="a pickle"),
        pytest.param(
            {"content-type": "application/x-python-serialize", "headers": {}},
            "its body is none",
            id="a pickle without a task",
        ),
    ],
)
async def test_what_nobody_can_read_is_dropped_and_told(
    broker: StoppableRedis, changes: dict[str, JsonValue], problem: str
) -> None:
    """It would come again for ever; its content is not repeated."""
    taker = Taker()
    _put_raw(broker, **changes)
    await put(broker, a_message())

    async with consuming(broker, taker):
        await until(lambda: len(taker.taken) == 1 and left_in(broker) == 0)

    (told,) = taker.reasons(Heard.UNREADABLE)
    assert problem in told


async def test_what_is_no_message_at_all_ends_nothing(broker: StoppableRedis) -> None:
    """Celery's worker gives up over it; another one is started."""
    taker = Taker()
    with redis.Redis.from_url(broker.url) as client:
        client.lpush(QUEUE, b"\x00 nonsense")
    await put(broker, a_message())

    async with consuming(broker, taker):
        await until(lambda: len(taker.taken) == 1 and left_in(broker) == 0)


async def test_a_broker_that_comes_back_is_listened_to_again(broker: StoppableRedis) -> None:
    """That it is gone is told once; what is under way meanwhile ends as it would."""
    taker, gate = Taker(), asyncio.Event()
    taker.does = lambda _: _through(gate)
    await put(broker, a_message(1))
    async with consuming(broker, taker) as consumer:
        await until(lambda: consumer.carrying == 1)
        broker.stop()
        await until(lambda: not consumer.connected)
        gate.set()
        await until(lambda: consumer.carrying == 0)

        broker.start()
        await put(broker, a_message(2))
        await until(lambda: a_message(2) in taker.taken)

    assert len(taker.reasons(Heard.LOST)) == 1
    assert len(taker.reasons(Heard.CONNECTED)) == 2


async def test_what_came_over_a_lost_connection_is_not_acknowledged_over_the_next(
    broker: StoppableRedis,
) -> None:
    """The broker brings it again, in time; and it keeps no other message out meanwhile."""
    taker, gate = Taker(), asyncio.Event()
    taker.does = lambda _: _through(gate)
    await put(broker, a_message(1))
    async with consuming(broker, taker, most_jobs=2) as consumer:
        await until(lambda: consumer.carrying == 1)
        broker.stop()
        await until(lambda: not consumer.connected)
        broker.start()
        await until(lambda: consumer.connected)

        gate.set()
        later = [a_message(number) for number in range(2, 8)]
        await put(broker, *later)
        await until(lambda: all(message in taker.taken for message in later))
        await until(lambda: consumer.carrying == 0)
        await until(lambda: left_in(broker) + taker.taken.count(a_message(1)) == 2)

    assert taker.reasons(Heard.FAILED) == []


async def test_who_has_enough_in_hand_goes_on_when_the_broker_is_back(
    broker: StoppableRedis,
) -> None:
    """Nothing was asked of the broker while it was gone, and nothing is missed."""
    taker, gate = Taker(), asyncio.Event()
    taker.does = lambda _: _through(gate)
    await put(broker, a_message(1))
    async with consuming(broker, taker, most_jobs=1) as consumer:
        await until(lambda: consumer.carrying == 1)
        broker.stop()
        broker.start()

        gate.set()
        await put(broker, *[a_message(number) for number in range(2, 8)])

        await until(lambda: len(taker.taken) == 7 and left_in(broker) == 0)


async def test_a_message_that_takes_too_long_comes_again(broker: StoppableRedis) -> None:
    """Whoever gets it then asks the database, where its jobs are leased to the first."""
    taker, gate = Taker(), asyncio.Event()
    taker.does = lambda _: _through(gate)
    await put(broker, a_message())

    async with consuming(broker, taker, visibility_s=1):
        await until(lambda: len(taker.taken) >= 2)
        gate.set()
        await until(lambda: left_in(broker) == 0)


async def test_nothing_is_taken_after_a_pause(broker: StoppableRedis) -> None:
    """Also not what was on its way: all of it stays for others."""
    taker = Taker()

    async with consuming(broker, taker) as consumer:
        await consumer.pause()
        await put(broker, a_message(1), a_message(2))
        await asyncio.sleep(0.3)  # what is taken all the same would come now

    assert taker.taken == []
    assert left_in(broker) == 1  # both in one parcel


async def test_a_pause_outlasts_a_broker_that_was_gone(broker: StoppableRedis) -> None:
    """Who ends does not begin anew because a connection does."""
    taker = Taker()

    async with consuming(broker, taker) as consumer:
        broker.stop()
        await until(lambda: not consumer.connected)
        await consumer.pause()
        broker.start()
        await until(lambda: consumer.connected)
        await put(broker, a_message())
        await asyncio.sleep(0.3)  # as above

    assert (taker.taken, left_in(broker)) == ([], 1)


async def test_who_ends_gives_back_what_is_not_over(broker: StoppableRedis) -> None:
    """Another consumer has it at once."""
    first, second = Taker(), Taker()
    first.does = lambda _: _through(asyncio.Event())
    await put(broker, a_message())
    async with consuming(broker, first) as consumer:
        await until(lambda: consumer.carrying == 1)

    async with consuming(broker, second):
        await until(lambda: len(second.taken) == 1 and left_in(broker) == 0)


async def test_a_parcel_is_acknowledged_when_all_of_it_is_over(broker: StoppableRedis) -> None:
    """One message of it that others must have brings all of it again."""
    taker, gate, refused = Taker(), asyncio.Event(), asyncio.Event()

    async def does(message: JobMessage) -> None:
        if message == a_message(2) and not refused.is_set():
            refused.set()
            await gate.wait()
            raise QueueUnavailableError(reason="this worker ends")

    taker.does = does
    await put(broker, a_message(1), a_message(2))

    async with consuming(broker, taker):
        await until(refused.is_set)
        assert left_in(broker) == 1  # the first of it is over
        gate.set()
        await until(lambda: len(taker.taken) == 4 and left_in(broker) == 0)

    assert taker.taken[2:] == [a_message(1), a_message(2)]


async def _through(gate: asyncio.Event) -> None:
    await gate.wait()


def _put_raw(broker: StoppableRedis, **changes: JsonValue) -> None:
    """Put a message of Celery's, changed."""
    body = orjson.dumps(changes.pop("body", [[a_message(9).spelled()], {}, {}]))
    document = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"task": TASK, "id": "1"},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": "tag",
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
        },
        **changes,
    }
    with redis.Redis.from_url(broker.url) as client:
        client.lpush(QUEUE, orjson.dumps(document))
