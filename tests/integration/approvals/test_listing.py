"""Requests for approval are listed with what became of them, and how many said what to each."""

from __future__ import annotations

from datetime import timedelta

from runtime.domain.approval_request import OVERRIDE_LASTS, ApprovalStatus
from tests.approvals import ApprovalSite, a_move


async def test_requests_are_listed_by_what_became_of_them(site: ApprovalSite) -> None:
    """In pages, each once."""
    ids = [await site.requested(a_move(by)) for by in range(1, 6)]
    await site.vote(ids[0], await site.colleague())
    await site.vote(ids[1], await site.colleague(), no=True)
    site.clock.advance(timedelta(seconds=1))

    async def listed(status: ApprovalStatus | None, after: str | None = None) -> list[str]:
        found = await site.approvals.after(
            site.world.context, site.world.project_id, after, limit=3, status=status
        )
        return [item.approval.id for item in found]

    everything = [*await listed(None), *await listed(None, (await listed(None))[-1])]
    assert sorted(everything) == sorted(ids)
    assert await listed(ApprovalStatus.GRANTED) == [ids[0]]
    assert await listed(ApprovalStatus.DENIED) == [ids[1]]
    assert await listed(ApprovalStatus.EXPIRED) == []
    site.clock.advance(timedelta(days=1))
    assert set(await listed(ApprovalStatus.EXPIRED)) <= set(ids)
    assert await listed(ApprovalStatus.PENDING) == []


async def test_a_list_counts_who_said_what(site: ApprovalSite) -> None:
    """A yes once a person, and of those who put approval aside only the calls of late."""
    site.demand({"kind": "approve", "count": 2})
    approval_id = await site.requested(a_move())
    await site.requested(a_move(2))
    await site.vote(approval_id, await site.colleague())
    await site.vote(approval_id, await site.colleague())
    first, second = await site.colleague(), await site.colleague()
    await site.override(approval_id, first)
    site.clock.advance(OVERRIDE_LASTS + timedelta(seconds=1))
    await site.override(approval_id, first)
    await site.override(approval_id, second)

    found = await site.approvals.after(
        site.world.context, site.world.project_id, None, limit=9, status=None
    )

    counted = {item.approval.id: (item.tally.grants, item.tally.overrides) for item in found}
    assert counted.pop(approval_id) == (2, 2)
    assert list(counted.values()) == [(0, 0)]


async def test_calls_of_long_ago_are_not_counted(site: ApprovalSite) -> None:
    """They put nothing aside any more."""
    approval_id = await site.requested(a_move())
    await site.override(approval_id, await site.colleague())
    site.clock.advance(OVERRIDE_LASTS + timedelta(seconds=1))

    (found,) = await site.approvals.after(
        site.world.context, site.world.project_id, None, limit=9, status=None
    )

    assert found.tally.overrides == 0


async def test_a_no_is_no_yes(site: ApprovalSite) -> None:
    """What came of it, the status says."""
    approval_id = await site.requested(a_move())
    await site.vote(approval_id, await site.colleague(), no=True)

    (found,) = await site.approvals.after(
        site.world.context, site.world.project_id, None, limit=9, status=None
    )

    assert (found.approval.status, found.tally.grants) == (ApprovalStatus.DENIED, 0)
