"""Hold the ways to run what nobody approved: each makes one attempt and returns what came of it.

In this world setting the counter takes approval and moving it does not.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from runtime.domain.caller import CredentialKind
from runtime.domain.errors import DomainError
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.plan import Plan, Step
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.context import Context
from tests.approvals import ONE, ApprovalSite
from tests.execution import a_project

SETS: Final = "counter.set"
LARGEST: Final = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Hold what came of an attack.

    Attributes:
        outcome: of the execution that must not run.
        approval_id: the approval that it named.
        legally_used: the approval was used before, by the plan that it was given for.
    """

    outcome: JsonObject
    approval_id: str
    legally_used: bool = False


Attack = Callable[[ApprovalSite, random.Random], Awaitable[Attempt]]


def some_settings(choice: random.Random) -> list[Step]:
    """Build steps that set the counter to different values."""
    values = choice.sample(range(LARGEST), choice.randint(2, 4))
    return [Step(action=SETS, inputs={"value": value}) for value in values]


def _plan(steps: Sequence[Step]) -> Plan:
    return Plan(steps=tuple(steps))


async def _tried(site: ApprovalSite, plan: Plan, approval_id: str, **asked: JsonValue) -> Attempt:
    outcome = await site.execute(plan, approval=approval_id, **asked)
    return Attempt(outcome=outcome, approval_id=approval_id)


async def other_inputs(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute other values than those that were approved."""
    steps = some_settings(choice)
    approval_id = await site.granted(_plan(steps))
    place = choice.randrange(len(steps))
    value = steps[place].inputs["value"] + choice.choice((-1, 1, 7))
    steps[place] = Step(action=SETS, inputs={"value": max(0, value) or 1})
    return await _tried(site, _plan(steps), approval_id)


async def other_order(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute the approved steps in another order."""
    steps = some_settings(choice)
    approval_id = await site.granted(_plan(steps))
    return await _tried(site, _plan(steps[1:] + steps[:1]), approval_id)


async def more_steps(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute the approved steps and one more."""
    steps = some_settings(choice)
    approval_id = await site.granted(_plan(steps))
    steps.insert(choice.randrange(len(steps) + 1), choice.choice(steps))
    return await _tried(site, _plan(steps), approval_id)


async def fewer_steps(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Leave out one of the approved steps."""
    steps = some_settings(choice)
    approval_id = await site.granted(_plan(steps))
    steps.pop(choice.randrange(len(steps)))
    return await _tried(site, _plan(steps), approval_id)


async def other_action(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Put an action that takes no approval in front of what was approved, or another version."""
    steps = some_settings(choice)
    approval_id = await site.granted(_plan(steps))
    if choice.random() < 0.5:
        steps[0] = Step(action="counter.set@2", inputs=steps[0].inputs)
    else:
        steps.insert(0, Step(action="counter.increment", inputs={"by": 1}))
    return await _tried(site, _plan(steps), approval_id, atomic=True)


async def other_project(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute the approved plan in another project, whose state is as old."""
    project = await a_project(site.database, site.world.caller)
    plan = _plan(some_settings(choice))
    approval_id = await site.granted(plan)
    return await _tried(site, plan, approval_id, project=project)


async def other_state(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute the approved plan after the state moved."""
    plan = _plan(some_settings(choice))
    approval_id = await site.granted(plan)
    moved = await site.execute(_plan([Step(action="counter.increment", inputs={"by": 1})]))
    assert moved["status"] == "done", moved
    return await _tried(site, plan, approval_id)


async def other_requester(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute what was approved for somebody else."""
    role = choice.choice(("operator", "admin"))
    plan = _plan(some_settings(choice))
    approval_id = await site.granted(plan)
    return await _tried(site, plan, approval_id, context=await site.colleague(role))


async def replayed(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute an approved plan twice; the second time the state is where the first one left it."""
    value = await site.world.counter()
    plan = _plan([Step(action=SETS, inputs={"value": choice.choice((value, LARGEST + 1))})])
    approval_id = await site.granted(plan)
    first = await site.execute(plan, approval=approval_id)
    assert first["status"] == "done", first
    return replace(await _tried(site, plan, approval_id), legally_used=True)


async def granted_by_the_requester(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Let who asked say yes, under one credential or another."""
    aliases = (
        site.world.context,
        _by(site.world.context, CredentialKind.OIDC),
        _by(site.world.context, CredentialKind.SESSION),
    )
    owner = [replace(item.caller, organization_role=OrganizationRole.OWNER) for item in aliases]
    plan = _plan(some_settings(choice))
    approval_id = await site.requested(plan)
    for voter in (*aliases, *(Context(caller=item) for item in owner)):
        assert not await _voted(site, approval_id, voter)
    return await _tried(site, plan, approval_id)


async def granted_by_nobody_who_may(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Let a viewer, an operator, a service or a stranger say yes."""
    voter = await choice.choice(
        (
            lambda: site.colleague("viewer"),
            lambda: site.colleague("operator", extra=("finance",)),
            lambda: site.colleague(kind=MemberKind.SERVICE),
            lambda: site.colleague(None),
        )
    )()
    plan = _plan(some_settings(choice))
    approval_id = await site.requested(plan)
    assert not await _voted(site, approval_id, voter)
    return await _tried(site, plan, approval_id)


async def expired(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute an approved plan too late, or let somebody say yes too late."""
    plan = _plan(some_settings(choice))
    late = choice.random() < 0.5
    approval_id = await (site.requested(plan) if late else site.granted(plan))
    site.clock.advance(timedelta(hours=24, seconds=choice.randrange(3)))
    if late:
        assert not await _voted(site, approval_id, await site.colleague())
    return await _tried(site, plan, approval_id)


async def role_lost(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute a plan whose approver may not approve any more."""
    owner = choice.random() < 0.5
    voter = await (
        site.colleague(None, organization_role=OrganizationRole.OWNER)
        if owner
        else site.colleague()
    )
    plan = _plan(some_settings(choice))
    approval_id = await site.granted(plan, voter)
    lost = {
        True: (
            "update members set organization_role = 'member' where id = :member",
            "update members set removed_at = now() where id = :member",
        ),
        False: (
            "update memberships set role = 'viewer' where member_id = :member",
            "delete from memberships where member_id = :member",
            "update members set removed_at = now() where id = :member",
        ),
    }[owner]
    await site.run(choice.choice(lost), member=voter.caller.member_id)
    return await _tried(site, plan, approval_id)


async def too_few(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Let one person say yes twice where two have to."""
    plan = _plan([*some_settings(choice), Step(action="counter.set", inputs={"value": 950})])
    voter = await site.colleague()
    approval_id = await site.requested(plan)
    assert await _voted(site, approval_id, voter)
    for again in (voter, _by(voter, CredentialKind.SESSION), _by(voter, CredentialKind.OIDC)):
        assert not await _voted(site, approval_id, again)
    return await _tried(site, plan, approval_id)


async def overridden_by_one(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Let one person put approval aside, under several credentials, beside who asked."""
    voter, plan = await site.colleague(), _plan(some_settings(choice))
    approval_id = await site.requested(plan)
    await site.override(approval_id, voter)
    asked = site.world.context.caller
    for other in (
        _by(voter, CredentialKind.SESSION),
        Context(caller=replace(asked, organization_role=OrganizationRole.OWNER)),
        await site.colleague("operator"),
        await site.colleague(kind=MemberKind.SERVICE),
    ):
        try:
            await site.override(approval_id, other)
        except DomainError:
            continue
        raise AssertionError(other)
    return await _tried(site, plan, approval_id)


async def overridden_before(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute what two people put aside too long ago, or another plan, or twice."""
    steps = some_settings(choice)
    approval_id = await site.requested(_plan(steps))
    for _ in range(2):
        await site.override(approval_id, await site.colleague())
    way = choice.randrange(3)
    if way == 0:
        site.clock.advance(timedelta(minutes=15))
    if way == 1:
        steps = steps[1:]
    if way == 2:
        assert (await site.execute(_plan(steps), approval=approval_id))["status"] == "done"
    return replace(await _tried(site, _plan(steps), approval_id), legally_used=way == 2)


async def ended(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute a plan that somebody denied, or that was taken back."""
    plan = _plan(some_settings(choice))
    approval_id = await site.granted(plan)
    if choice.random() < 0.5:
        await site.vote(approval_id, await site.colleague(), no=True)
    else:
        await site.approvals.withdraw(site.world.context, site.world.project_id, approval_id)
    return await _tried(site, plan, approval_id)


async def other_rules(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Execute a plan that was approved under rules that hold no more."""
    plan = _plan(some_settings(choice))
    approval_id = await site.granted(plan)
    await site.change_rules()
    return await _tried(site, plan, approval_id)


async def no_such_approval(site: ApprovalSite, choice: random.Random) -> Attempt:
    """Name what is no approval, or another plan's."""
    steps = some_settings(choice)
    other = await site.granted(_plan([Step(action=SETS, inputs={"value": 901})]))
    names = (
        "", "apr_", "*", "null", "true", other.lower(), f"{other} ", f" {other}", "a\0b",
        site.world.ids.new("apr"), other.replace("apr_", "out_"), "' or 1=1 --", other,
    )  # fmt: skip
    plan = _plan(steps)
    return await _tried(site, plan, choice.choice(names))


ATTACKS: Final[tuple[Attack, ...]] = (
    other_inputs, other_order, more_steps, fewer_steps, other_action, other_project, other_state,
    other_requester, replayed, granted_by_the_requester, granted_by_nobody_who_may, expired,
    role_lost, too_few, overridden_by_one, overridden_before, ended, other_rules, no_such_approval,
)  # fmt: skip
COUNTS: Final[dict[str, int]] = {too_few.__name__: 2}


def name_of(attack: Attack) -> str:
    """Return what an attack is called."""
    return str(getattr(attack, "__name__", ""))


def prepare(site: ApprovalSite, attack: Attack) -> None:
    """Let setting the counter take approval, of as many people as the attack is about."""
    site.demand({**ONE, "count": COUNTS.get(name_of(attack), 1)}, names=(SETS,))


async def _voted(site: ApprovalSite, approval_id: str, voter: Context) -> bool:
    stored = await site.stored(approval_id)
    try:
        await site.vote(approval_id, voter, digest=stored.plan_digest)
    except DomainError:
        return False
    return True


def _by(context: Context, kind: CredentialKind) -> Context:
    credential_id = f"{kind.value}:{context.caller.member_id}"
    return Context(
        caller=replace(context.caller, credential_kind=kind, credential_id=credential_id)
    )
