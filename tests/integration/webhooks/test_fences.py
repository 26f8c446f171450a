"""Who holds a lane sends alone, and who lost it writes nothing, whatever was under way."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from runtime.domain.webhook import DeliveryAttempt, DeliveryStatus
from runtime.domain.webhook_verdict import Health
from runtime.services.webhooks.fan_out import FanOut
from runtime.services.webhooks.lanes import LanePace
from runtime.store.webhook_ends import DeliveryEnd, LaneEnds, write_ends
from runtime.store.webhook_lanes import (
    Lane,
    give_back_lanes,
    held_lanes,
    release_lane,
    renew_lanes,
    take_lanes,
    wake_lane,
)
from tests.webhooks import WebhookWorld

EXPIRE = "update webhook_lanes set leased_until = now() - interval '1 s' returning fence"


async def taken(world: WebhookWorld, worker: str) -> tuple[Lane, ...]:
    """Lease what is due."""
    return await take_lanes(
        world.database, worker=worker, at=world.clock.now(), most=10, lease_s=15
    )


async def an_end(world: WebhookWorld) -> DeliveryEnd:
    """Return the end of the one delivery that there is."""
    ((delivery_id,),) = await world.rows("select id from webhook_deliveries")
    now = world.clock.now()
    attempt = DeliveryAttempt(delivery_id=delivery_id, number=1, at=now, status_code=200, took_ms=1)
    return DeliveryEnd(attempt=attempt, status=DeliveryStatus.DELIVERED, due_at=now, ended_at=now)


async def test_a_lane_is_held_by_one_worker_at_a_time(world: WebhookWorld) -> None:
    """Until its lease ends; each lease has a larger fence."""
    await world.endpoint()
    await world.emit("project.updated")
    await world.fan()

    (mine,) = await taken(world, "w1")
    none = await taken(world, "w2")
    await world.rows(EXPIRE)
    (theirs,) = await taken(world, "w2")

    assert none == ()
    assert theirs.fence == mine.fence + 1


async def test_an_overtaken_worker_writes_nothing(world: WebhookWorld) -> None:
    """Neither an end nor an attempt, nor how the endpoint is."""
    await world.endpoint()
    await world.emit("project.updated")
    await world.fan()
    (mine,) = await taken(world, "w1")
    await world.rows(EXPIRE)
    (theirs,) = await taken(world, "w2")
    ends = LaneEnds(ends=[await an_end(world)], health=Health(failures=3, failing_since=None))

    async with world.database.transaction(world.organization_id) as connection:
        late = await write_ends(connection, mine, ends)
    untouched = await world.rows("select status, attempts from webhook_deliveries")
    failures = await world.rows("select failures from webhook_endpoints")
    async with world.database.transaction(world.organization_id) as connection:
        good = await write_ends(connection, theirs, ends)
        again = await write_ends(connection, theirs, ends)

    assert (late.counts, late.ended) == (False, 0)
    assert untouched == [("waiting", 0)]
    assert failures == [(0,)]
    assert (good.counts, good.ended, again.ended) == (True, 1, 0)
    assert await world.rows("select count(*) from webhook_attempts") == [(1,)]


async def test_a_lane_with_something_new_is_not_put_to_rest(world: WebhookWorld) -> None:
    """Who has not seen it looks again first."""
    endpoint = await world.endpoint()
    await world.emit("project.updated")
    await world.fan()
    (lane,) = await taken(world, "w1")
    async with world.database.transaction(world.organization_id) as connection:
        await wake_lane(connection, world.organization_id, endpoint.id, at=world.clock.now())

    blind = await release_lane(world.database, lane, due_at=None)
    (seen,) = await held_lanes(world.database, worker="w1")
    let_go = await release_lane(world.database, seen, due_at=None)

    assert (blind, let_go) == (False, True)
    assert await taken(world, "w2") == ()


async def test_a_lane_is_renewed_or_given_back_by_its_holder_alone(world: WebhookWorld) -> None:
    """What is given back is due as before."""
    await world.endpoint()
    await world.emit("project.updated")
    await world.fan()
    (lane,) = await taken(world, "w1")

    others = await renew_lanes(world.database, worker="w2", lease_s=15)
    (mine,) = await renew_lanes(world.database, worker="w1", lease_s=15)
    await give_back_lanes(world.database, [lane])

    assert (others, mine) == ((), lane)
    assert len(await taken(world, "w2")) == 1


async def test_what_was_under_way_is_sent_again_by_another(world: WebhookWorld) -> None:
    """A worker that froze sends nothing more once its lease ended; the same id goes out again."""
    await world.endpoint()
    (event,) = await world.emit("project.updated")
    await world.fan()
    world.receiver.gate.clear()
    pace = LanePace(lease_s=0.6, busy_s=10.0)  # it does not look again, as if it were frozen

    async with world.sending("w1", pace=pace):
        await world.receiver.got(1)
        async with world.sending("w2") as other:
            await world.receiver.got(2)
            world.receiver.gate.set()
            await world.quiet(other)

    assert world.receiver.ids == [event, event]
    assert await world.statuses() == {"delivered": 1}
    assert await world.rows("select count(*) from webhook_attempts") == [(1,)]


async def test_many_fan_outs_and_workers_deliver_each_event_once(world: WebhookWorld) -> None:
    """While all are well; deliveries are made once even so, whoever makes them."""
    for _ in range(3):
        await world.endpoint(ordered=True)
    fan_outs = [FanOut(world.database, world.clock) for _ in range(3)]
    tasks = [asyncio.create_task(each.run()) for each in fan_outs]
    sent: list[str] = []
    async with world.sending("w1"), world.sending("w2"):
        for _ in range(20):
            sent += await world.emit("project.updated", "plan.executed")
        await world.receiver.got(3 * len(sent))
    for each in fan_outs:
        each.end()
    await asyncio.wait(tasks)

    by_url: dict[str, list[str]] = {}
    for call in world.receiver.calls:
        by_url.setdefault(call.url, []).append(call.message_id)
    assert list(by_url.values()) == [sent] * 3
    assert await world.statuses() == {"delivered": 3 * len(sent)}


async def test_a_lane_rests_whoever_would_take_it(world: WebhookWorld) -> None:
    """New deliveries wake nobody before its time."""
    await world.endpoint()
    await world.rows(
        "update webhook_lanes set rests_until = :at returning fence",
        at=world.clock.now() + timedelta(minutes=5),
    )
    await world.emit("project.updated")
    await world.fan()

    early = await taken(world, "w1")
    world.clock.advance(timedelta(minutes=6))

    assert early == ()
    assert len(await taken(world, "w1")) == 1
