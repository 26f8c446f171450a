"""Events reach who listens, once each, in the right order, and no faster than is wanted."""

from __future__ import annotations

from datetime import timedelta

from runtime.domain.webhook import EndpointFilter, EndpointStatus
from tests.webhooks import WebhookWorld, answering


async def test_an_event_is_delivered_signed_under_its_own_id(world: WebhookWorld) -> None:
    """Whoever emitted it did nothing for that."""
    await world.endpoint()
    (event,) = await world.emit("project.updated")

    await world.drained()

    (call,) = world.receiver.calls
    assert (call.method, call.message_id) == ("POST", event)
    assert len(call.signing_secrets) == 1
    assert b'"weight":7' in call.body
    assert await world.statuses() == {"delivered": 1}


async def test_who_listens_to_nothing_has_nothing_to_fan_out(world: WebhookWorld) -> None:
    """No row is made for events of an organization without endpoints, or with others' only."""
    endpoint = await world.endpoint(status=EndpointStatus.DISABLED)
    await world.emit("project.updated")

    rows = await world.rows("select event_id from event_outbox")
    await world.change(endpoint, status=EndpointStatus.ENABLED)
    await world.emit("project.updated")

    assert rows == []
    assert len(await world.rows("select event_id from event_outbox")) == 1


async def test_an_endpoint_hears_what_its_filter_says(world: WebhookWorld) -> None:
    """By type, by project, and by a condition; what fails lets nothing through."""
    await world.endpoint(filter=EndpointFilter(types=("plan.*",)))
    await world.endpoint(project_id=world.project_id)
    await world.endpoint(filter=EndpointFilter(condition="event.data.weight > 5"))
    await world.endpoint(filter=EndpointFilter(condition="event.data.height > 5"))
    await world.endpoint(filter=EndpointFilter(projects=("prj_other",)))
    await world.emit("plan.executed")
    await world.emit("member.changed", project_id=None)

    await world.drained()

    found = await world.rows(
        "select event_type, count(*) from webhook_deliveries group by 1 order by 1"
    )
    assert found == [("member.changed", 1), ("plan.executed", 3)]


async def test_a_refused_delivery_is_tried_again_by_the_schedule(world: WebhookWorld) -> None:
    """Each attempt is recorded, under the same id, with what was answered."""
    await world.endpoint()
    world.receiver.answer = answering(500, x_request_id="r-1")
    await world.emit("project.updated")

    await world.drained()
    world.clock.advance(timedelta(seconds=6))
    world.receiver.answer = answering(200)
    async with world.sending() as lanes:
        await world.receiver.got(2)
        await world.quiet(lanes)

    tried = await world.rows(
        "select number, status_code, body, request_id from webhook_attempts order by number"
    )
    assert tried == [(1, 500, "said", "r-1"), (2, 200, "said", None)]
    assert len(set(world.receiver.ids)) == 1
    assert await world.statuses() == {"delivered": 1}


async def test_an_endpoint_that_is_busy_is_left_alone(world: WebhookWorld) -> None:
    """All its deliveries rest until it said, and use up no attempts meanwhile."""
    await world.endpoint(at_once=1)
    world.receiver.answer = answering(429, retry_after="600")
    await world.emit("project.updated", "project.updated", "project.updated")

    await world.drained()
    world.clock.advance(timedelta(seconds=590))
    await world.drained()
    early = len(world.receiver.calls)
    world.clock.advance(timedelta(seconds=20))
    world.receiver.answer = answering(204)
    await world.drained()

    assert early == 1
    assert len(world.receiver.calls) == 4
    assert await world.statuses() == {"delivered": 3}


async def test_a_failing_endpoint_is_probed_and_then_drained(world: WebhookWorld) -> None:
    """After five failures in a row one delivery at a time is tried; the rest keep theirs."""
    await world.endpoint(at_once=1)
    world.receiver.answer = answering(500)
    await world.emit(*["project.updated"] * 20)

    await world.drained()
    opened = len(world.receiver.calls)
    for _ in range(4):
        world.clock.advance(timedelta(minutes=6))
        await world.drained()
    probed = len(world.receiver.calls)
    world.receiver.answer = answering(204)
    world.clock.advance(timedelta(minutes=6))
    await world.drained()

    assert (opened, probed) == (5, 9)
    assert await world.statuses() == {"delivered": 20}
    assert (await world.rows("select failures, failing_since from webhook_endpoints")) == [
        (0, None)
    ]


async def test_an_endpoint_that_is_gone_fails_at_once(world: WebhookWorld) -> None:
    """With an event that says so, for those who listen still; what waits waits."""
    gone = await world.endpoint(at_once=1)
    world.receiver.answer = answering(410)
    await world.emit("project.updated", "project.updated")

    await world.drained()

    assert await world.statuses() == {"failed": 1, "waiting": 1}
    found = await world.rows("select status from webhook_endpoints where id = :id", id=gone.id)
    assert found == [("failed",)]
    told = await world.rows("select document from events where type = 'endpoint.disabled'")
    assert len(told) == 1
    audited = await world.rows("select 1 from audit_records where kind = 'endpoint.disabled'")
    assert len(audited) == 1


async def test_an_endpoint_that_takes_nothing_for_five_days_fails(world: WebhookWorld) -> None:
    """And goes on where it was, once a person enabled it again."""
    endpoint = await world.endpoint()
    world.receiver.answer = answering(500)
    await world.emit("project.updated")
    await world.drained()
    world.clock.advance(timedelta(hours=121))
    await world.emit("project.updated")
    await world.drained()

    failed = await world.rows("select status from webhook_endpoints")
    await world.change(endpoint, status=EndpointStatus.ENABLED, failures=0, failing_since=None)
    world.receiver.answer = answering(204)
    world.clock.advance(timedelta(seconds=10))
    await world.drained()

    assert failed == [("failed",)]
    assert await world.statuses() == {"failed": 1, "delivered": 1}


async def test_a_delivery_is_given_up_when_its_time_is_over(world: WebhookWorld) -> None:
    """Four days after it came to be, with no further attempt."""
    await world.endpoint()
    world.receiver.answer = answering(500)
    await world.emit("project.updated")
    await world.drained()
    world.clock.advance(timedelta(hours=97))
    await world.drained()

    assert await world.statuses() == {"failed": 1}
    assert len(world.receiver.calls) == 1


async def test_order_is_kept_where_it_is_wanted(world: WebhookWorld) -> None:
    """Behind a delivery that was refused, nothing of its project is sent."""
    await world.endpoint(ordered=True, at_once=8)
    sent = [(await world.emit("project.updated"))[0] for _ in range(5)]
    refused = iter([True, False])
    world.receiver.answer = lambda call: answering(
        500 if call.message_id == sent[1] and next(refused, False) else 204
    )(call)

    await world.drained()
    first = list(world.receiver.ids)
    world.clock.advance(timedelta(seconds=10))
    await world.drained()

    assert first == sent[:2]
    assert world.receiver.ids == [sent[0], sent[1], *sent[1:]]
    assert await world.statuses() == {"delivered": 5}


async def test_no_more_are_under_way_than_an_endpoint_takes(world: WebhookWorld) -> None:
    """Of one endpoint at most as many as it says; another one is not held up by that."""
    slow = await world.endpoint(at_once=3)
    await world.endpoint(at_once=8)
    world.receiver.gate.clear()
    await world.emit(*["project.updated"] * 10)
    await world.fan()

    async with world.sending() as lanes:
        await world.receiver.got(11)
        world.receiver.gate.set()
        await world.quiet(lanes)

    assert max(world.receiver.at_once.values()) == 8
    assert world.receiver.at_once[f"https://hooks.example/{slow.id}"] == 3
    assert await world.statuses() == {"delivered": 20}
