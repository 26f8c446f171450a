"""What is resent, tested, and what is deleted once it is old."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from runtime.domain.webhook import DeliveryStatus, EndpointStatus
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpAnswer
from runtime.services.webhooks.forgetting import Forgetting, ForgettingPace
from runtime.store.webhook_deliveries import (
    WantedDeliveries,
    attempts_of,
    deliveries_before,
    find_delivery,
)
from runtime.store.webhook_endpoints import remove_endpoint
from runtime.store.webhook_lanes import drop_lane, wake_lane
from runtime.store.webhook_resends import (
    PING_TYPE,
    add_ping,
    count_resendable,
    resend,
    resend_matching,
)
from tests.webhooks import WebhookWorld, answering

FAILED = WantedDeliveries(statuses=(DeliveryStatus.FAILED,))


async def failed(world: WebhookWorld, count: int) -> None:
    """Let that many deliveries be given up."""
    world.receiver.answer = answering(500)
    await world.emit(*["project.updated"] * count)
    await world.fan()
    world.clock.advance(timedelta(hours=97))
    await world.drained()


async def test_what_failed_is_sent_again_by_a_filter_a_part_at_a_time(
    world: WebhookWorld,
) -> None:
    """Each once, under the ids of their events."""
    endpoint = await world.endpoint()
    await failed(world, 5)
    world.receiver.answer, parts = answering(204), []
    world.receiver.calls.clear()
    for _ in range(4):
        async with world.database.transaction(world.organization_id) as connection:
            left = await count_resendable(connection, endpoint.id, FAILED, most=100)
            done = await resend_matching(
                connection,
                endpoint,
                FAILED,
                new_id=lambda: world.ids.new("whd"),
                at=world.clock.now(),
                most=2,
            )
            parts.append((left, done))
            await wake_lane(connection, world.organization_id, endpoint.id, at=world.clock.now())
    await world.drained()

    events = await world.rows("select id from events where type = 'project.updated' order by id")
    assert parts == [(5, 2), (3, 2), (1, 1), (0, 0)]
    assert sorted(world.receiver.ids) == [row[0] for row in events]
    assert await world.statuses() == {"failed": 5, "delivered": 5}


async def test_one_delivery_is_listed_found_and_sent_again(world: WebhookWorld) -> None:
    """Also one that was taken."""
    endpoint = await world.endpoint()
    (event,) = await world.emit("project.updated")
    await world.drained()

    async with world.database.transaction(world.organization_id) as connection:
        (made,) = await deliveries_before(
            connection, endpoint.id, WantedDeliveries(), before=None, limit=5
        )
        world.clock.advance(timedelta(seconds=1))
        await resend(connection, endpoint, made, new_id=world.ids.new("whd"), at=world.clock.now())
        await wake_lane(connection, world.organization_id, endpoint.id, at=world.clock.now())
        found = await find_delivery(connection, endpoint.id, made.id)
        tried = await attempts_of(connection, made.id)
        older = await deliveries_before(
            connection,
            endpoint.id,
            WantedDeliveries(types=("project.updated",), since=made.created_at),
            before=(made.created_at, made.id),
            limit=5,
        )
    await world.drained()

    assert found == made
    assert [item.status_code for item in tried] == [204]
    assert event not in {item.event_id for item in older}
    assert world.receiver.ids == [event, event]


async def test_a_test_goes_to_its_endpoint_alone_whatever_that_listens_to(
    world: WebhookWorld,
) -> None:
    """It is the same in every attempt."""
    endpoint = await world.endpoint()
    await world.endpoint()
    async with world.database.transaction(world.organization_id) as connection:
        ping = await add_ping(
            connection,
            endpoint,
            delivery_id=world.ids.new("whd"),
            principal_id=world.member_id,
            at=world.clock.now(),
        )
        await wake_lane(connection, world.organization_id, endpoint.id, at=world.clock.now())
    await world.drained()

    (call,) = world.receiver.calls
    said = orjson.loads(call.body)
    assert call.message_id == ping.event_id
    assert said["type"] == PING_TYPE
    assert said["data"]["principal"] == world.member_id


async def test_old_rows_go_and_what_is_needed_stays(world: WebhookWorld) -> None:
    """Deliveries that ended go first; an event that waits for somebody is kept."""
    await world.endpoint()
    await world.emit("project.updated")
    await world.drained()
    waiting = await world.endpoint()
    (kept,) = await world.emit("plan.executed")
    await world.fan()
    await world.change(waiting, status=EndpointStatus.DISABLED)
    forgetting = Forgetting(world.database, world.clock, pace=ForgettingPace(most=1, rest_s=0.001))

    await forgetting.look()  # the organization itself was made long ago
    early = await forgetting.look()
    world.clock.advance(timedelta(days=31))
    await forgetting.look()

    assert early == 0
    assert {row[0] for row in await world.rows("select event_id from webhook_deliveries")} == {kept}
    assert ("plan.executed",) in await world.rows("select type from events")


async def test_an_endpoint_that_is_removed_takes_all_along(world: WebhookWorld) -> None:
    """Who held its lane finds nothing, and sends nothing."""
    endpoint = await world.endpoint()
    await world.emit("project.updated")
    await world.fan()
    async with world.database.transaction(world.organization_id) as connection:
        await remove_endpoint(connection, endpoint.id)
    await world.drained()
    async with world.database.transaction(world.organization_id) as connection:
        await drop_lane(connection, world.organization_id, endpoint.id)

    assert world.receiver.calls == []
    assert await world.rows("select 1 from webhook_lanes") == []


@pytest.mark.parametrize("failure", [RetryableError("nobody"), PermanentError("not public")])
async def test_what_can_not_be_reached_is_tried_again(
    world: WebhookWorld, failure: Exception
) -> None:
    """An address that may not be called, too: names are mended."""
    await world.endpoint()
    world.receiver.answer = lambda _: failure
    await world.emit("project.updated")
    await world.drained()

    tried = await world.rows("select status_code, error from webhook_attempts")
    assert tried == [(None, str(failure))]
    assert await world.statuses() == {"waiting": 1}


async def test_nothing_is_kept_of_an_answer_that_looks_secret(world: WebhookWorld) -> None:
    """Nor what the database can't hold."""
    await world.endpoint()
    secret = "whsec_" + "B" * 43 + "="
    body = f"got {secret}\0".encode() + b"x" * 9_000
    world.receiver.answer = lambda _: HttpAnswer(status=200, headers={}, body=body)
    await world.emit("project.updated")
    await world.drained()

    ((kept,),) = await world.rows("select body from webhook_attempts")
    assert secret not in kept
    assert "\0" not in kept
    assert len(kept) <= 2_048
