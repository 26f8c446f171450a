"""Listen for alarms in many processes at once: each schedule is looked after by one of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from runtime.domain.errors import StorageUnavailableError
from runtime.domain.schedule import CatchUp, FiringStatus
from runtime.services.schedules.ringing import Ringing, Serve
from runtime.store.schedule_alarms import Alarm, take_alarms
from runtime.store.session import Database
from tests.database import FreshDatabase
from tests.schedules import Clockwork, a_wish, opened_clockwork

WITHIN_S = 30.0


class Heard:
    """Tell of every alarm that was answered, so that a test can wait for what came of it."""

    def __init__(self) -> None:
        self._answered = asyncio.Condition()

    @asynccontextmanager
    async def listening(
        self, database: Database, serve: Serve, *, at_once: int = 16
    ) -> AsyncIterator[None]:
        """Listen for as long as the block lasts."""
        ringing = Ringing(database, self._told(serve), poll_s=0.01, at_once=at_once)
        ringing.start()
        try:
            yield
        finally:
            await ringing.close()

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something holds after an answer, for a bounded time."""
        async with asyncio.timeout(WITHIN_S), self._answered:
            while not await holds():
                await self._answered.wait()

    def _told(self, serve: Serve) -> Serve:
        async def answer(alarm: Alarm) -> None:
            try:
                await serve(alarm)
            finally:
                async with self._answered:
                    self._answered.notify_all()

        return answer


async def test_five_nodes_execute_each_instant_once(clockwork: Clockwork) -> None:
    """Four schedules of twelve instants each: 48 executions, 48 outcomes, none of them twice."""
    heard, nodes = Heard(), [clockwork, *[await clockwork.replica() for _ in range(4)]]
    served: Counter[int] = Counter()

    def counted(number: int, node: Clockwork) -> Serve:
        async def serve(alarm: Alarm) -> None:
            tried = await node.firings.serve(alarm)
            served[number] += tried

        return serve

    async def all_done() -> bool:
        return int(await clockwork.one("select count(*) from firings where status = 'done'")) == 48

    for number in range(4):
        await clockwork.due(a_wish(f"schedule {number}", catch_up=CatchUp.ALL), times=12)
    async with AsyncExitStack() as stack:
        for number, node in enumerate(nodes):
            await stack.enter_async_context(
                heard.listening(node.world.database, counted(number, node))
            )
        await heard.until(all_done)

    assert await clockwork.world.counter() == 48
    assert await clockwork.one("select count(*) from outcomes") == 48
    assert await clockwork.one("select count(distinct credential_id) from outcomes") == 48
    assert await clockwork.one("select count(distinct instant) from firings") == 12
    assert served.total() == 48


async def test_nodes_that_serve_one_schedule_at_once_execute_it_once(
    clockwork: Clockwork,
) -> None:
    """Were five nodes told of one alarm, the row of each instant would still be one node's."""
    nodes = [clockwork, *[await clockwork.replica() for _ in range(4)]]
    schedule = await clockwork.due(a_wish(catch_up=CatchUp.ALL), times=10)

    async with asyncio.TaskGroup() as group:
        served = [group.create_task(node.serve(schedule)) for node in nodes]
    await clockwork.serve(schedule)  # whatever they left to each other

    fired = await clockwork.fired(schedule)
    assert [item.status for item in fired] == [FiringStatus.DONE] * 10
    assert all(item.tries == 1 for item in fired)
    assert sum(task.result() for task in served) <= 10
    assert await clockwork.world.counter() == 10


async def test_an_alarm_is_one_nodes_until_its_lease_ends(clockwork: Clockwork) -> None:
    """Who took it may die: then it rings for others."""
    schedule = await clockwork.due()
    database = clockwork.world.database

    first = await take_alarms(database, limit=9, lease_s=60.0)
    second = await take_alarms(database, limit=9, lease_s=60.0)
    await clockwork.end_leases()
    third = await take_alarms(database, limit=9, lease_s=60.0)

    assert first == third == (clockwork.alarm(schedule),)
    assert second == ()


async def test_alarms_of_all_tenants_ring(
    clockwork: Clockwork, database: FreshDatabase, redis_url: str
) -> None:
    """One node looks after every organization, each within its own."""
    async with AsyncExitStack() as stack:
        other = await opened_clockwork(stack, database, redis_url)
        schedules = [(own, await own.due()) for own in (clockwork, other)]

        async def both_fired() -> bool:
            found = [await own.fired(schedule) for own, schedule in schedules]
            return all(fired and fired[0].status is FiringStatus.DONE for fired in found)

        heard = Heard()
        async with heard.listening(clockwork.world.database, clockwork.firings.serve):
            await heard.until(both_fired)

        assert await clockwork.one("select count(*) from firings") == 1
        assert await other.world.counter() == 1


async def test_one_schedule_that_fails_holds_up_no_other(clockwork: Clockwork) -> None:
    """A fault is told to the loop's handler, and the next alarm is answered."""
    bad = await clockwork.due(a_wish("bad"))
    good = await clockwork.due(a_wish("good"))
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: told.append(str(context["message"]))
    )

    asked: set[str] = set()

    async def serve(alarm: Alarm) -> None:
        asked.add(alarm.schedule_id)
        if alarm.schedule_id == bad["id"]:
            raise ZeroDivisionError
        await clockwork.firings.serve(alarm)

    async def both_asked() -> bool:
        return bad["id"] in asked and await clockwork.world.counter() == 1

    heard = Heard()
    async with heard.listening(clockwork.world.database, serve, at_once=1):
        await heard.until(both_asked)

    assert told == [f"schedule {bad['id']} was not served"]
    assert (await clockwork.fired(good))[0].status is FiringStatus.DONE
    asyncio.get_running_loop().set_exception_handler(None)


async def test_no_more_are_served_at_once_than_may_be(clockwork: Clockwork) -> None:
    """What rings beyond is left to others until there is room."""
    for number in range(3):
        await clockwork.due(a_wish(f"schedule {number}"))
    serving, most, enough = 0, 0, asyncio.Event()
    done: list[str] = []

    async def serve(alarm: Alarm) -> None:
        nonlocal serving, most
        serving += 1
        most = max(most, serving)
        if serving == 2:
            enough.set()
        await enough.wait()
        await asyncio.sleep(0)
        serving -= 1
        done.append(alarm.schedule_id)

    async def all_done() -> bool:
        return len(done) == 3

    heard = Heard()
    async with heard.listening(clockwork.world.database, serve, at_once=2):
        await heard.until(all_done)

    assert most == 2


async def test_an_end_waits_for_what_is_being_executed(clockwork: Clockwork) -> None:
    """Who closes takes no alarm any more, and finishes those that were taken."""
    await clockwork.due()
    begun, go_on = asyncio.Event(), asyncio.Event()
    finished: list[Alarm] = []

    async def serve(alarm: Alarm) -> None:
        begun.set()
        await go_on.wait()
        finished.append(alarm)

    ringing = Ringing(clockwork.world.database, serve, poll_s=0.01)
    ringing.start()
    async with asyncio.timeout(WITHIN_S):
        await begun.wait()
        closing = asyncio.create_task(ringing.close())
        go_on.set()
        await closing

    assert len(finished) == 1


async def test_what_takes_too_long_is_left_to_others(clockwork: Clockwork) -> None:
    """An end does not wait for ever: the alarm rings elsewhere when its lease is over."""
    await clockwork.due()
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def serve(_: Alarm) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    ringing = Ringing(clockwork.world.database, serve, poll_s=0.01, grace_s=0.0)
    ringing.start()
    async with asyncio.timeout(WITHIN_S):
        await begun.wait()
        await ringing.close()

    assert cancelled.is_set()


async def test_a_database_that_is_away_is_asked_again(database: FreshDatabase) -> None:
    """Nobody's answer ends the listening: it goes on, and is ended by its owner alone."""
    asked, enough = Counter[str](), asyncio.Event()

    def observe(pool: str, _: float) -> None:
        asked[pool] += 1
        if asked[pool] == 3:
            enough.set()

    async def serve(_: Alarm) -> None:
        raise AssertionError

    away = await Database.opened(database.app_url, observe=observe)
    await away.close()
    ringing = Ringing(away, serve, poll_s=0.01)
    ringing.start()
    async with asyncio.timeout(WITHIN_S):
        await enough.wait()
        await ringing.close()

    assert asked["direct"] >= 3


async def test_an_alarm_that_could_not_be_answered_is_no_fault(clockwork: Clockwork) -> None:
    """A database that went away meanwhile is nothing to report: the alarm rings again."""
    await clockwork.due()
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    answered = 0

    async def serve(alarm: Alarm) -> None:
        nonlocal answered
        answered += 1
        if answered == 1:
            await clockwork.end_leases()
            raise StorageUnavailableError(reason="away")
        await clockwork.firings.serve(alarm)

    async def fired() -> bool:
        return await clockwork.world.counter() == 1

    heard = Heard()
    async with heard.listening(clockwork.world.database, serve):
        await heard.until(fired)

    asyncio.get_running_loop().set_exception_handler(None)
    assert (answered, told) == (2, [])


async def test_a_full_node_asks_for_nothing(clockwork: Clockwork) -> None:
    """While all that it may serve is being served, alarms are left to others."""
    await clockwork.due(a_wish("first"))
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def serve(_: Alarm) -> None:
        begun.set()
        await go_on.wait()

    ringing = Ringing(clockwork.world.database, serve, poll_s=0.01, at_once=1)
    ringing.start()
    async with asyncio.timeout(WITHIN_S):
        await begun.wait()
        second = await clockwork.due(a_wish("second"))
        left = await take_alarms(clockwork.world.database, limit=9, lease_s=60.0)
        go_on.set()
        await ringing.close()

    assert left == (clockwork.alarm(second),)
