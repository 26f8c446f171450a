"""A delivery acts once: however often it comes, whoever replays it, and whatever dies meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from runtime.domain.errors import DeliveryRefusedError
from runtime.services.hooks.deliveries import HookDeliveries
from tests.hooks import BY_TWO, STYLES, HookSite, MadeHook, now, spelled
from tests.signing_hooks import signed_github

AT_ONCE = 8
REPLAYED = "idempotency-replayed"


@pytest.mark.parametrize("style", STYLES)
async def test_a_replay_is_answered_and_does_nothing(hook_site: HookSite, style: str) -> None:
    """One after the other, and signed anew, as senders repeat what they got no answer to."""
    hook = await hook_site.hook(style)
    headers = hook.signed(BY_TWO)

    first = await hook_site.deliver(hook.path, BY_TWO, headers)
    replay = await hook_site.deliver(hook.path, BY_TWO, headers)
    again = await hook_site.deliver(
        hook.path, BY_TWO, hook.signed(BY_TWO, at=now() + timedelta(seconds=2))
    )

    assert [item.status for item in (first, replay, again)] == [200] * 3
    assert first.header(REPLAYED) is None
    assert (replay.header(REPLAYED), again.header(REPLAYED)) == ("true", "true")
    assert first.json == replay.json == again.json
    assert await hook_site.counter() == 3
    assert await hook_site.outcomes() == 2


@pytest.mark.parametrize("style", STYLES)
async def test_replays_at_once_act_once(hook_site: HookSite, style: str) -> None:
    """They wait for the first one's answer, or find what it did."""
    hook = await hook_site.hook(style)
    headers = hook.signed(BY_TWO)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(hook_site.deliver(hook.path, BY_TWO, headers)) for _ in range(AT_ONCE)
        ]

    assert {task.result().status for task in tasks} == {200}
    assert len({task.result().json["delivery"] for task in tasks}) == 1
    assert await hook_site.counter() == 3
    assert await hook_site.outcomes() == 2


async def test_a_header_that_is_not_signed_names_nothing(hook_site: HookSite) -> None:
    """GitHub's id can be changed by whoever replays: the body is what counts."""
    hook = await hook_site.hook("github")

    for named in ("guid-1", "guid-2", "guid-3"):
        headers = signed_github(hook.secret, BY_TWO, named=named)
        assert (await hook_site.deliver(hook.path, BY_TWO, headers)).status == 200

    assert await hook_site.counter() == 3


async def test_an_id_with_another_body_is_refused(hook_site: HookSite) -> None:
    """Though it is signed: one id is one delivery."""
    hook = await hook_site.hook()
    await hook_site.delivered(hook)
    body = spelled(by=40)

    answer = await hook_site.delivered(hook, body)

    assert (answer.status, answer.code) == (409, "idempotency_key_reused")
    assert await hook_site.counter() == 3


async def test_an_event_of_stripe_acts_once_whatever_else_its_body_says(
    hook_site: HookSite,
) -> None:
    """The id in the body is signed with it; what stands around may differ in a repetition."""
    hook = await hook_site.hook("stripe")

    for waiting in (1, 0):
        body = spelled(id="evt_7", by=2, pending_webhooks=waiting)
        assert (await hook_site.delivered(hook, body)).status == 200

    assert await hook_site.counter() == 3


async def test_the_same_id_at_two_hooks_is_two_deliveries(hook_site: HookSite) -> None:
    """Ids are the sender's, and hooks know nothing of each other."""
    for hook in (await hook_site.hook(), await hook_site.hook()):
        assert (await hook_site.delivered(hook)).status == 200

    assert await hook_site.counter() == 5


async def test_a_try_that_died_after_its_commit_is_found_by_its_key(hook_site: HookSite) -> None:
    """The delivery was never settled, and the plan is not executed again."""
    hook = await hook_site.hook()
    first = await hook_site.delivered(hook)
    await unsettled(hook_site, hook, ago=timedelta(hours=19))

    again = await hook_site.delivered(hook)

    assert (again.status, again.json) == (200, first.json)
    assert await hook_site.counter() == 3
    assert await hook_site.outcomes() == 2
    [known] = await hook_site.deliveries(hook)
    assert (known["status"], known["tries"]) == ("executed", 2)


async def test_what_nobody_can_tell_any_more_is_not_tried(hook_site: HookSite) -> None:
    """Once the key may be forgotten by which a repetition would be found."""
    hook = await hook_site.hook()
    await hook_site.delivered(hook)
    await unsettled(hook_site, hook, ago=timedelta(hours=21))
    await hook_site.changed("delete from idempotency_keys")

    again = await hook_site.delivered(hook)

    assert (again.status, again.code) == (409, "delivery_uncertain")
    assert await hook_site.counter() == 3


async def unsettled(site: HookSite, hook: MadeHook, *, ago: timedelta) -> None:
    """Leave a delivery as a process does that dies before it settles it."""
    await site.changed(
        "update hook_deliveries set status = 'received', outcome_id = null, ended_at = null, "
        "open_tries = 1, claimed_at = now() - $2::interval where hook_id = $1",
        hook.document["id"],
        ago,
    )


async def test_wherever_a_try_is_cut_off_the_next_one_finishes_it(hook_site: HookSite) -> None:
    """Cut at every step that the loop takes: claimed, judged, committed, settled or none of it."""
    hook = await hook_site.hook()
    deliveries: HookDeliveries = hook_site.app.app.state.services.hook_deliveries
    address = hook.path.rpartition("/")[2]
    cut_off = 0
    for steps in range(0, 60, 3):
        named, body = f"cut-{steps}", spelled(by=1, step=steps)
        headers = [
            (name.encode(), value.encode()) for name, value in hook.signed(body, named=named)
        ]
        verified = await deliveries.verified(address, headers=headers, body=body)
        task = asyncio.create_task(deliveries.take(verified))
        for _ in range(steps):
            await asyncio.sleep(0)
        cut_off += task.cancel()
        await asyncio.wait([task])
        for _ in range(2):
            assert (await hook_site.delivered(hook, body, named=named)).status == 200

    assert cut_off > 5
    assert await hook_site.counter() == 1 + 20
    assert {item["status"] for item in await hook_site.deliveries(hook)} == {"executed"}


async def test_a_hook_that_is_removed_meanwhile_does_nothing(hook_site: HookSite) -> None:
    """Between a signature that fits and what it asks for."""
    hook = await hook_site.hook()
    deliveries: HookDeliveries = hook_site.app.app.state.services.hook_deliveries
    verified = await deliveries.verified(
        hook.path.rpartition("/")[2],
        headers=[(name.encode(), value.encode()) for name, value in hook.signed(BY_TWO)],
        body=BY_TWO,
    )
    await hook_site.call("DELETE", hook.own_path)

    with pytest.raises(DeliveryRefusedError):
        await deliveries.take(verified)

    assert await hook_site.counter() == 1


async def test_what_failed_is_tried_anew(hook_site: HookSite) -> None:
    """A mapping that was wrong is put right, and the sender's repetition acts."""
    steps = [{"action": "counter.increment", "inputs": {"by": {"pointer": "/amount"}}}]
    hook = await hook_site.hook(mapping={"steps": steps})

    unfit = await hook_site.delivered(hook)
    [known] = await hook_site.deliveries(hook)
    steps[0]["inputs"] = {"by": {"pointer": "/by"}}
    await hook_site.call("PATCH", hook.own_path, {"mapping": {"steps": steps}})
    taken = await hook_site.delivered(hook)

    assert (unfit.status, unfit.code) == (422, "delivery_unfit")
    assert (known["status"], known["reason"]) == ("failed", "delivery_unfit")
    assert taken.status == 200
    assert await hook_site.counter() == 3


@pytest.mark.parametrize(
    ("style", "left"),
    [("standard-webhooks", {"young", "next"}), ("stripe", {"young", "next"}), ("github", None)],
)
async def test_old_deliveries_are_forgotten_unless_they_could_come_again(
    hook_site: HookSite, style: str, left: set[str] | None
) -> None:
    """Without a signed instant an old one would act again: it is kept while its secret fits."""
    hook = await hook_site.hook(style)
    await hook_site.changed(
        "update hook_secrets set created_at = now() - interval '90 days' where hook_id = $1",
        hook.document["id"],
    )
    for named, days in (("old", 40), ("young", 20)):
        await hook_site.delivered(hook, spelled(id=named, by=1), named=named)
        await hook_site.changed(
            "update hook_deliveries set received_at = now() - make_interval(days => $1) "
            "where received_at > now() - interval '1 day'",
            days,
        )

    await hook_site.delivered(hook, spelled(id="next", by=1), named="next")

    known = [item["named"] for item in await hook_site.deliveries(hook)]
    if left is None:
        assert len(known) == 3
        assert (await hook_site.delivered(hook, spelled(id="old", by=1))).header(REPLAYED) == "true"
    else:
        assert set(known) == left
    assert await hook_site.counter() == 4
