"""Messages are put all at once, and what goes wrong is the broker's doing, told without secrets."""

from __future__ import annotations

import pytest

from runtime.adapters.celery.queue import open_queue
from runtime.domain.errors import BrokerUrlError, QueueUnavailableError
from tests.broker import Taker, a_message, broker, consuming, left_in, until
from tests.servers.stoppable_redis import PASSWORD, StoppableRedis

__all__ = ["broker"]


async def test_messages_come_out_as_they_went_in(broker: StoppableRedis) -> None:
    """All that a message says, also that its job runs alone."""
    queue, taker = open_queue(broker.url), Taker()
    put = [a_message(1, 2, 3, priority=9), a_message(4, alone=True, priority=0)]
    await queue.put(put)

    async with consuming(broker, taker):
        await until(lambda: len(taker.taken) == 2)

    assert taker.taken == put
    assert left_in(broker) == 0
    await queue.close()


async def test_the_most_urgent_are_taken_first(broker: StoppableRedis) -> None:
    """However late they came; Redis has four classes of urgency."""
    queue, taker = open_queue(broker.url), Taker()
    await queue.put([a_message(number, priority=number) for number in (0, 3, 6, 9)])

    async with consuming(broker, taker, most_jobs=1):
        await until(lambda: len(taker.taken) == 4)

    assert [message.priority for message in taker.taken] == [9, 6, 3, 0]
    await queue.close()


async def test_nothing_is_nothing(broker: StoppableRedis) -> None:
    """No message takes no connection."""
    broker.stop()
    queue = open_queue(broker.url)

    await queue.put([])

    await queue.close()


async def test_a_broker_that_is_gone_is_told_without_its_password(broker: StoppableRedis) -> None:
    """Whether it was there before or not, and by readiness as well."""
    queue = open_queue(broker.url)
    await queue.ready()
    broker.stop()

    with pytest.raises(QueueUnavailableError, match="can't be used") as put:
        await queue.put([a_message()])
    with pytest.raises(QueueUnavailableError, match="can't be used") as asked:
        await queue.ready()

    assert PASSWORD not in f"{put.value} {asked.value}"
    await queue.close()


async def test_a_broker_that_comes_back_is_used_again(broker: StoppableRedis) -> None:
    """Nobody has to start anything anew."""
    queue = open_queue(broker.url)
    await queue.put([a_message()])
    broker.stop()
    with pytest.raises(QueueUnavailableError):
        await queue.put([a_message()])

    broker.start()
    await queue.put([a_message()])

    assert left_in(broker) == 2
    await queue.close()


async def test_a_closed_queue_takes_nothing(broker: StoppableRedis) -> None:
    """And says so as a queue does."""
    queue = open_queue(broker.url)
    await queue.put([a_message()])
    await queue.close()

    with pytest.raises(QueueUnavailableError, match="this process ends"):
        await queue.put([a_message()])


def test_an_address_that_can_not_be_used_is_refused_at_once() -> None:
    """Not when the first job waits."""
    with pytest.raises(BrokerUrlError):
        open_queue("http://h")
