"""Approve one thing, execute another: of hundreds of attempts none runs."""

from __future__ import annotations

import random
from typing import Final

import pytest

from runtime.domain.approval_request import ApprovalStatus
from runtime.domain.plan import Plan
from tests.abuse.approvals.attacks import ATTACKS, Attack, name_of, prepare, some_settings
from tests.approvals import ApprovalSite

EACH: Final = 32


def test_there_are_more_than_five_hundred_attempts() -> None:
    """Each attack is tried with as many different plans."""
    assert len(ATTACKS) * EACH >= 500


@pytest.mark.parametrize("attack", ATTACKS, ids=name_of)
async def test_no_attempt_runs(site: ApprovalSite, attack: Attack) -> None:
    """It is refused, the state stays, and the approval is not used up by it."""
    prepare(site, attack)
    choice = random.Random(name_of(attack))

    for _ in range(EACH):
        attempt = await attack(site, choice)

        outcome = attempt.outcome
        assert outcome["status"] == "refused", outcome
        assert outcome["before"] == outcome["after"]
        assert not any(step["status"] == "done" for step in outcome["steps"])
        used = await _used_by(site, attempt.approval_id)
        assert (used is not None) is attempt.legally_used
        assert used != outcome["id"]


async def test_what_was_approved_runs(site: ApprovalSite) -> None:
    """The attacks fail for what they change, and not for want of a plan that can run."""
    prepare(site, ATTACKS[0])
    choice = random.Random("control")

    for _ in range(EACH):
        plan = Plan(steps=tuple(some_settings(choice)))
        approval_id = await site.granted(plan)
        outcome = await site.execute(plan, approval=approval_id)

        assert outcome["status"] == "done", outcome
        assert (await site.stored(approval_id)).status is ApprovalStatus.USED


async def _used_by(site: ApprovalSite, approval_id: str) -> str | None:
    found = await site.approvals.after(
        site.world.context, site.world.project_id, None, limit=1000, status=ApprovalStatus.USED
    )
    listed = (item.approval for item in found)
    return next((item.used_by for item in listed if item.id == approval_id), None)
