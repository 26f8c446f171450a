"""A worker that is killed while it sends loses nothing: another one sends that again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from runtime.kit.webhook_signature import verified
from tests.delivering import Delivering


async def test_what_a_killed_worker_was_sending_is_sent_by_another(
    delivering: Delivering,
) -> None:
    """Under the same ids, by which the receiver knows the repetition; nothing else is repeated."""
    made = await delivering.webhook(filter={"types": ["plan.executed"]})
    delivering.receiver.hold = asyncio.Event()
    outcomes = {await delivering.moved() for _ in range(3)}
    killed = await delivering.started()
    early = [item.headers["webhook-id"] for item in await delivering.got(3)]

    killed.kill()
    delivering.receiver.hold.set()
    await delivering.let_leases_end()
    outcomes.add(await delivering.moved())
    await delivering.started()
    ended = await delivering.ended(made, count=4)

    received = list(delivering.receiver.received)
    ids = [item.headers["webhook-id"] for item in received]
    now_s = int(datetime.now(UTC).timestamp())
    assert len(set(early)) == 3
    assert sorted(ids[3:]) == sorted(item["event"] for item in ended)
    assert set(early) < set(ids[3:])
    assert [(item["status"], item["attempts"]) for item in ended] == [("delivered", 1)] * 4
    assert all(any(name.encode() in item.body for item in received[3:]) for name in outcomes)
    assert all(
        verified(item.body, item.headers, keys=[made["secret"]], now_s=now_s) is None
        for item in received
    )


async def test_what_a_killed_worker_had_sent_is_not_sent_again(delivering: Delivering) -> None:
    """Its ends were written before it died."""
    made = await delivering.webhook(filter={"types": ["plan.executed"]})
    await delivering.moved()
    killed = await delivering.started()
    await delivering.ended(made, count=1)

    killed.kill()
    await delivering.let_leases_end()
    await delivering.moved()
    await delivering.started()
    ended = await delivering.ended(made, count=2)

    sent = [item.headers["webhook-id"] for item in delivering.receiver.received]
    assert sorted(sent) == sorted(item["event"] for item in ended)
    assert len(set(sent)) == 2
