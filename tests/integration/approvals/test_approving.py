"""A plan that takes approval waits for it, runs once with it, and says why where it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from runtime.domain.approval_request import ApprovalStatus
from runtime.domain.errors import (
    ApprovalMismatchError,
    NotAllowedError,
    NotFoundError,
    WrongTimeError,
)
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.plan import Plan, Step
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.execution.plans import PlanRequest
from tests.approvals import ONE, ApprovalSite, a_move, a_setting
from tests.execution import document_of


async def kinds(site: ApprovalSite) -> list[str]:
    """Return what was recorded about approvals, in order, and prove that it was announced."""
    async with site.database.transaction(site.organization, read_only=True) as connection:
        found = list(
            await connection.scalars(
                text("select kind from audit_records where kind like 'approval.%' order by ctid")
            )
        )
        told = list(
            await connection.scalars(
                text("select type from events where type like 'approval.%' order by ctid")
            )
        )
    assert found == told
    return found


async def test_a_plan_waits_for_approval_and_runs_with_it(site: ApprovalSite) -> None:
    """The refusal names the request; the same plan with it is done, and the request is used."""
    refused = await site.execute(a_move(3))
    approval_id = refused["approval"]
    await site.vote(approval_id, await site.colleague())

    done = await site.execute(a_move(3), approval=approval_id)

    used = await site.stored(approval_id)
    assert (refused["status"], refused["refusal"]["code"]) == ("refused", "approval_required")
    assert (done["status"], done["approval"]) == ("done", None)
    assert (used.status, used.used_by) == (ApprovalStatus.USED, done["id"])
    assert used.outcome_id == refused["id"]
    assert await site.world.counter() == 3
    assert await kinds(site) == ["approval.requested", "approval.granted", "approval.used"]


async def test_a_request_holds_what_was_prepared(site: ApprovalSite) -> None:
    """Versions and defaults are filled in, and all that it binds to is there."""
    plan = Plan(steps=(Step(action="counter.increment"),))

    asked = await site.stored(await site.requested(plan))

    assert parse(asked.plan)["steps"] == [{"action": "counter.increment@1", "inputs": {"by": 1}}]
    assert asked.requester == site.world.caller.member_id
    assert asked.state_version == 0
    assert asked.expires_at - asked.created_at == timedelta(hours=24)


async def test_an_equal_request_is_named_again(site: ApprovalSite) -> None:
    """Also when it is granted or denied; another plan, and one taken back, ask anew."""
    first = await site.requested(a_move())
    again = await site.requested(a_move())
    other = await site.requested(a_move(2))
    await site.vote(first, await site.colleague(), no=True)
    denied = await site.requested(a_move())
    await site.approvals.withdraw(site.world.context, site.world.project_id, other)
    anew = await site.requested(a_move(2))

    assert first == again == denied
    assert len({first, other, anew}) == 3
    assert await kinds(site) == [
        "approval.requested", "approval.requested", "approval.denied", "approval.withdrawn",
        "approval.requested",
    ]  # fmt: skip


async def test_nothing_of_a_plan_is_done_before_it_is_approved(site: ApprovalSite) -> None:
    """Steps before the one that takes approval are rolled back, also where a plan is not atomic."""
    site.demand(ONE, names=("counter.set",))
    plan = Plan(steps=(*a_move().steps, *a_setting(5).steps))
    approval_id = await site.requested(plan)
    await site.vote(approval_id, await site.colleague())

    done = await site.execute(plan, approval=approval_id)

    assert [step["status"] for step in done["steps"]] == ["done", "done"]
    assert (await site.stored(approval_id)).status is ApprovalStatus.USED


async def test_a_simulation_counts_an_approval_and_does_not_use_it(site: ApprovalSite) -> None:
    """It tells what the execution would, and the execution still can."""
    approval_id = await site.granted(a_move())
    asked = PlanRequest(plan=a_move(), approval=approval_id)

    simulated = document_of(
        await site.world.plans.simulate(site.world.context, site.world.project_id, asked=asked)
    )
    done = await site.execute(a_move(), approval=approval_id)

    assert (simulated["status"], done["status"]) == ("done", "done")


async def test_a_plan_that_fails_does_not_use_its_approval(site: ApprovalSite) -> None:
    """What was rolled back stood on nothing; corrected circumstances may use it."""
    plan = Plan(steps=(*a_move().steps, Step(action="counter.increment", inputs={"by": 10**6})))
    approval_id = await site.granted(plan)

    failed = await site.execute(plan, approval=approval_id, atomic=True)

    assert failed["status"] != "done"
    assert (await site.stored(approval_id)).status is ApprovalStatus.GRANTED


async def test_a_plan_that_is_done_in_part_uses_its_approval(site: ApprovalSite) -> None:
    """A step that was done on it can't be done on it again."""
    plan = Plan(steps=(*a_move().steps, Step(action="counter.increment", inputs={"by": 10**6})))
    approval_id = await site.granted(plan)

    failed = await site.execute(plan, approval=approval_id)

    assert failed["steps"][0]["status"] == "done"
    assert (await site.stored(approval_id)).used_by == failed["id"]


async def test_each_role_that_is_asked_for_has_to_say_yes(site: ApprovalSite) -> None:
    """Two of whoever administers, and one of a role of the environment."""
    site.demand({"kind": "approve", "count": 2}, {"kind": "approve", "count": 1, "role": "finance"})
    approval_id = await site.requested(a_move())
    for voter in (await site.colleague(), await site.colleague("viewer", extra=("finance",))):
        assert (await site.vote(approval_id, voter))["status"] == "pending"

    early = await site.execute(a_move(), approval=approval_id)
    last = await site.vote(
        approval_id, await site.colleague(None, organization_role=OrganizationRole.OWNER)
    )
    done = await site.execute(a_move(), approval=approval_id)

    assert "not enough" in early["refusal"]["found"]
    assert last["status"] == "granted"
    assert done["status"] == "done"


@pytest.mark.parametrize(
    ("who", "needs"),
    [
        pytest.param({"role": "operator"}, "roles admin", id="an operator"),
        pytest.param({"role": "viewer", "extra": ("finance",)}, "roles admin", id="another role"),
        pytest.param({"kind": MemberKind.SERVICE}, "a person", id="a service"),
    ],
)
async def test_who_may_not_vote(site: ApprovalSite, who: JsonObject, needs: str) -> None:
    """A vote that could not count is refused, and leaves nothing."""
    approval_id = await site.requested(a_move())

    with pytest.raises(NotAllowedError, match=needs):
        await site.vote(approval_id, await site.colleague(**who))

    assert await kinds(site) == ["approval.requested"]


async def test_the_requester_does_not_vote(site: ApprovalSite) -> None:
    """However much they may do: separation of duties."""
    owner = await site.colleague(organization_role=OrganizationRole.OWNER)
    approval_id = await site.requested(a_move(), context=owner)

    with pytest.raises(NotAllowedError, match="another person"):
        await site.vote(approval_id, owner)


async def test_a_stranger_to_the_project_sees_no_request(site: ApprovalSite) -> None:
    """It looks like one that is not there."""
    approval_id = await site.requested(a_move())

    with pytest.raises(NotFoundError):
        await site.vote(approval_id, await site.colleague(None), digest="d")


async def test_a_vote_names_what_was_seen(site: ApprovalSite) -> None:
    """A request that shows another plan can't be voted on by accident."""
    approval_id = await site.requested(a_move())

    with pytest.raises(ApprovalMismatchError, match="read the approval"):
        await site.vote(approval_id, await site.colleague(), digest="sha256:other")


async def test_one_person_has_one_vote(site: ApprovalSite) -> None:
    """The second is refused, whatever it says."""
    site.demand({"kind": "approve", "count": 2})
    approval_id, voter = await site.requested(a_move()), await site.colleague()
    await site.vote(approval_id, voter)

    for no in (False, True):
        with pytest.raises(WrongTimeError, match="one vote"):
            await site.vote(approval_id, voter, no=no)


async def test_one_no_ends_a_request(site: ApprovalSite) -> None:
    """Nobody can say yes to it any more, and it is good for nothing."""
    approval_id = await site.granted(a_move())
    await site.vote(approval_id, await site.colleague(), no=True)

    with pytest.raises(WrongTimeError, match="denied"):
        await site.vote(approval_id, await site.colleague())
    refused = await site.execute(a_move(), approval=approval_id)

    assert refused["refusal"]["found"] == f"approval {approval_id} was denied"


async def test_only_who_asked_takes_a_request_back(site: ApprovalSite) -> None:
    """And only while it is open."""
    approval_id, project = await site.requested(a_move()), site.world.project_id
    with pytest.raises(NotAllowedError, match="who asked"):
        await site.approvals.withdraw(await site.colleague(), project, approval_id)

    taken = await site.approvals.withdraw(site.world.context, project, approval_id)

    assert taken.document["status"] == "withdrawn"
    with pytest.raises(WrongTimeError, match="withdrawn"):
        await site.approvals.withdraw(site.world.context, project, approval_id)


async def test_a_refusal_says_why_an_approval_does_not_count(site: ApprovalSite) -> None:
    """Each reason in words: the state moved, the rules changed, it expired, it was used."""
    moved = await site.granted(a_setting())
    await site.execute(Plan(steps=(Step(action="counter.set", inputs={"value": 5}),)))
    raised = await site.granted(Plan(steps=(Step(action="counter.set", inputs={"value": 5}),)))
    await site.execute(a_setting(5), approval=raised)
    version = (await site.stored(await site.requested(a_setting(9)))).state_version
    again = await site.execute(a_setting(), approval=moved)
    outdated = await site.granted(a_setting(7))
    await site.change_rules()
    ruled = await site.execute(a_setting(7), approval=outdated)
    late = await site.granted(a_setting(8))
    site.clock.advance(timedelta(hours=24))
    expired = await site.execute(a_setting(8), approval=late)

    assert again["refusal"]["found"] == (
        f"approval {moved} is for state version 0, the project is at {version}"
    )
    assert "others hold now" in ruled["refusal"]["found"]
    assert "expired at" in expired["refusal"]["found"]
    assert (await site.stored(late)).status_at(site.clock.now()) is ApprovalStatus.EXPIRED


async def test_an_approver_who_lost_the_role_does_not_count(site: ApprovalSite) -> None:
    """What counts is what they are when the plan is executed, and the refusal says so."""
    voter = await site.colleague()
    approval_id = await site.granted(a_move(), voter)
    await site.run(
        "update memberships set role = 'operator' where member_id = :member",
        member=voter.caller.member_id,
    )

    refused = await site.execute(a_move(), approval=approval_id)

    assert "may not approve any more" in refused["refusal"]["found"]


async def test_what_rules_hide_is_hidden_from_approvers_too(site: ApprovalSite) -> None:
    """In the request and in the outcome, of each step; the digest binds to the real inputs."""
    site.demand(ONE, {"kind": "redact", "pointers": ["/value"]})
    refused = await site.execute(Plan(steps=(*a_setting(4).steps, *a_setting(5).steps)))

    asked = await site.stored(refused["approval"])
    other = await site.requested(Plan(steps=(*a_setting(4).steps, *a_setting(6).steps)))

    hidden = {"value": "[redacted]"}
    assert [step["inputs"] for step in parse(asked.plan)["steps"]] == [hidden, hidden]
    assert [step["inputs"] for step in refused["steps"]] == [hidden, hidden]
    assert (await site.stored(other)).plan_digest != asked.plan_digest
