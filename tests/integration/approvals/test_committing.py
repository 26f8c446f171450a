"""The commit itself compares what it uses: an approval that ended since it was read stops it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.domain.approval_request import ApprovalStatus
from runtime.domain.errors import StaleHeadError
from runtime.domain.organization import OrganizationRole
from runtime.services.context import Context
from runtime.services.execution.draft import Draft, Tenure
from runtime.store.executions import Commit, CountedVoter, NewUse, commit
from runtime.store.heads import read_head
from tests.approvals import ApprovalSite, a_move
from tests.execution import a_project


async def a_use(
    site: ApprovalSite, approval_id: str, voter: Context, *, project: str | None = None
) -> Commit:
    """Build a commit that does nothing but use an approval."""
    project_id = project or site.world.project_id
    head = await read_head(site.database, organization_id=site.organization, project_id=project_id)
    now = site.clock.now()
    tenure = Tenure(
        organization_id=site.organization,
        project_id=project_id,
        fence=head.fence,
        now=now,
    )
    role = voter.caller.organization_role.value
    use = NewUse(
        approval_id=approval_id,
        outcome_id=site.world.ids.new("out"),
        voters=(CountedVoter(member_id=voter.caller.member_id, role=role),),
    )
    draft = Draft(tenure, state=head.state, usage=head.usage.at(now))
    return replace(draft.commit(head), uses=(use,))


async def test_a_commit_uses_an_approval_once(site: ApprovalSite) -> None:
    """The second one writes nothing."""
    voter = await site.colleague()
    approval_id = await site.granted(a_move(), voter)
    use = await a_use(site, approval_id, voter)

    await commit(site.database, [use])
    with pytest.raises(StaleHeadError):
        await commit(site.database, [use])

    assert (await site.stored(approval_id)).used_by == use.uses[0].outcome_id


@pytest.mark.parametrize("status", [ApprovalStatus.DENIED, ApprovalStatus.WITHDRAWN])
async def test_a_commit_does_not_use_what_ended(site: ApprovalSite, status: ApprovalStatus) -> None:
    """Though it was open when the execution was judged."""
    voter = await site.colleague()
    approval_id = await site.granted(a_move(), voter)
    use = await a_use(site, approval_id, voter)
    if status is ApprovalStatus.DENIED:
        await site.vote(approval_id, await site.colleague(), no=True)
    else:
        await site.approvals.withdraw(site.world.context, site.world.project_id, approval_id)

    with pytest.raises(StaleHeadError):
        await commit(site.database, [use])

    assert (await site.stored(approval_id)).status is status


@pytest.mark.parametrize(
    "change",
    [
        "update members set removed_at = now() where id = :member",
        "update members set organization_role = 'member' where id = :member",
    ],
    ids=["removed", "no owner any more"],
)
async def test_a_commit_counts_only_who_is_what_they_were(site: ApprovalSite, change: str) -> None:
    """Nothing of the project changes when an owner goes; the commit sees it nevertheless."""
    voter = await site.colleague(None, organization_role=OrganizationRole.OWNER)
    approval_id = await site.granted(a_move(), voter)
    use = await a_use(site, approval_id, voter)
    async with site.database.transaction(site.organization) as connection:
        await connection.execute(text(change), {"member": voter.caller.member_id})

    with pytest.raises(StaleHeadError):
        await commit(site.database, [use])

    assert (await site.stored(approval_id)).status is ApprovalStatus.GRANTED


async def test_a_commit_uses_no_approval_of_another_project(site: ApprovalSite) -> None:
    """Of the same organization, where row security would let it."""
    voter = await site.colleague()
    approval_id = await site.granted(a_move(), voter)
    project = await a_project(site.database, site.world.caller)

    with pytest.raises(StaleHeadError):
        await commit(site.database, [await a_use(site, approval_id, voter, project=project)])


async def test_what_was_asked_stays_as_it_was_asked(site: ApprovalSite) -> None:
    """The table refuses to change a request, and to open one that ended."""
    approval_id = await site.granted(a_move())
    changes = (
        "update approvals set plan_digest = 'other'",
        "update approvals set expires_at = expires_at + interval '1 day'",
        "update approvals set requester = 'other'",
    )
    for change in changes:
        with pytest.raises(DBAPIError, match="can be ended once"):
            await site.run(change)
    await site.execute(a_move(), approval=approval_id)

    with pytest.raises(DBAPIError, match="can be ended once"):
        await site.run("update approvals set status = 'granted', used_by = null, ended_at = null")


async def test_the_purge_of_a_project_takes_its_approvals_along(site: ApprovalSite) -> None:
    """Votes too, which otherwise nobody may delete."""
    approval_id = await site.granted(a_move())
    await site.override(approval_id, await site.colleague())
    async with site.database.transaction(site.organization) as connection:
        for statement in (
            "update projects set archived_at = now(), purge_began_at = now()",
            "delete from outcomes",
            "delete from projects",
        ):
            await connection.execute(text(statement))
        for counted in (
            "select count(*) from approvals",
            "select count(*) from approval_votes",
            "select count(*) from approval_overrides",
        ):
            assert (await connection.execute(text(counted))).scalar_one() == 0
