"""Two who administer may put the approval of others aside: together, for a moment, and once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from runtime.domain.approval_request import OVERRIDE_LASTS, ApprovalStatus
from runtime.domain.errors import NotAllowedError, WrongTimeError
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.kit.canonical_json import parse
from tests.approvals import ONE, ApprovalSite, a_move

MANY = {**ONE, "count": 9, "role": "finance"}


async def test_two_people_put_approval_aside_for_one_execution(site: ApprovalSite) -> None:
    """However many people of whatever role the plan takes; it is recorded who did, and why."""
    site.demand(MANY)
    approval_id = await site.requested(a_move())
    first, second = (
        await site.colleague(),
        await site.colleague(None, organization_role=OrganizationRole.OWNER),
    )
    alone = await site.override(approval_id, first)
    early = await site.execute(a_move(), approval=approval_id)
    together = await site.override(approval_id, second)

    done = await site.execute(a_move(), approval=approval_id)
    again = await site.execute(a_move(), approval=approval_id)

    assert alone["overridden_until"] is None
    assert early["status"] == again["status"] == "refused"
    assert together["overridden_until"] is not None
    assert done["status"] == "done"
    assert (await site.stored(approval_id)).status is ApprovalStatus.USED
    assert len(done["steps"][0]["consents"]) == 2
    async with site.database.transaction(site.organization, read_only=True) as connection:
        told = [
            parse(document)
            for document in await connection.scalars(
                text(
                    "select document from audit_records where kind in"
                    " ('approval.overridden', 'approval.used') order by ctid"
                )
            )
        ]
    assert [item.get("reason") for item in told] == ["the plant is on fire"] * 2 + [None]
    assert told[2]["overridden"] is True
    assert sorted(told[2]["counted"]) == sorted(item.caller.member_id for item in (first, second))


async def test_what_was_put_aside_comes_back_in_time(site: ApprovalSite) -> None:
    """After a quarter of an hour the plan takes the yes of others again."""
    approval_id = await site.requested(a_move())
    for _ in range(2):
        await site.override(approval_id, await site.colleague())
    site.clock.advance(OVERRIDE_LASTS)

    refused = await site.execute(a_move(), approval=approval_id)

    assert "not enough" in refused["refusal"]["found"]


async def test_calls_too_far_apart_are_two_of_one(site: ApprovalSite) -> None:
    """The first may call again, and then it is two."""
    approval_id, first = await site.requested(a_move()), await site.colleague()
    await site.override(approval_id, first)
    site.clock.advance(OVERRIDE_LASTS + timedelta(seconds=1))
    late = await site.override(approval_id, await site.colleague())
    again = await site.override(approval_id, first)

    assert late["overridden_until"] is None
    assert again["overridden_until"] is not None


async def test_one_person_is_not_two(site: ApprovalSite) -> None:
    """While their call stands another one is refused."""
    approval_id, first = await site.requested(a_move()), await site.colleague()
    await site.override(approval_id, first)

    with pytest.raises(WrongTimeError, match="put aside by you already"):
        await site.override(approval_id, first)


@pytest.mark.parametrize("who", ["requester", "operator", "service"])
async def test_who_may_not_put_approval_aside(site: ApprovalSite, who: str) -> None:
    """Who asked may not, however much they administer; nor who does not, nor a service."""
    asking = await site.colleague()
    approval_id = await site.requested(a_move(), context=asking)
    caller = {
        "requester": asking,
        "operator": await site.colleague("operator", extra=("finance",)),
        "service": await site.colleague(kind=MemberKind.SERVICE),
    }[who]

    with pytest.raises(NotAllowedError):
        await site.override(approval_id, caller)


async def test_who_lost_the_role_put_nothing_aside(site: ApprovalSite) -> None:
    """As with a yes, what counts is what they are when the plan is executed."""
    approval_id, first = await site.requested(a_move()), await site.colleague()
    await site.override(approval_id, first)
    await site.override(approval_id, await site.colleague())
    await site.run(
        "update memberships set role = 'operator' where member_id = :member",
        member=first.caller.member_id,
    )

    refused = await site.execute(a_move(), approval=approval_id)

    assert refused["status"] == "refused"


async def test_what_was_denied_is_not_put_aside(site: ApprovalSite) -> None:
    """A no is a no."""
    approval_id = await site.requested(a_move())
    for _ in range(2):
        await site.override(approval_id, await site.colleague())
    await site.vote(approval_id, await site.colleague(), no=True)

    refused = await site.execute(a_move(), approval=approval_id)

    assert "was denied" in refused["refusal"]["found"]
    with pytest.raises(WrongTimeError, match="denied"):
        await site.override(approval_id, await site.colleague())
