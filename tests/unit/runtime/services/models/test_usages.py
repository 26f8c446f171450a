"""What was used of models is told by budget: all of it to who may see all, else one's own."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from runtime.domain.errors import NotFoundError
from runtime.domain.member import ProjectRole
from runtime.services.context import Context
from runtime.services.models.usages import ModelUsage
from tests.model_world import NewWorld, World
from tests.models.scripted import ScriptedModel, calling
from tests.tenants import a_person, a_tenant

GOOD = calling("counter_set", value=3)


Told: TypeAlias = dict[tuple[str, str | None], list[tuple[int, int, int | None]]]
"""Of each subject: used, reserved and limit, of tokens and then of money."""


def by_subject(usage: ModelUsage) -> Told:
    """Return what is told of each subject."""
    found: Told = {}
    for use in usage.budgets:
        told = found.setdefault((use.scope, use.subject), [])
        told.append((use.used, use.reserved, use.limit))
    return found


async def a_used_world(new_world: NewWorld) -> tuple[World, Context]:
    """Let the owner and an operator ask once each."""
    world = await new_world({"test/own": ScriptedModel.of(GOOD, GOOD)})
    bob = await a_person(
        world.tenant, "bob", project=world.project, project_role=ProjectRole.OPERATOR
    )
    await world.say(daily_tokens=100_000, member_daily_cost_micros=70_000)
    await world.say_of_project(model_daily_tokens=90_000)
    await world.ask()
    await world.ask(member_id=bob.caller.member_id)
    return world, bob


async def test_owners_are_told_what_each_used(new_world: NewWorld) -> None:
    """With the limits that hold, and what there is no limit of."""
    world, bob = await a_used_world(new_world)

    whole = await world.usages.of_organization(world.tenant.owner, world.tenant.id)
    project = await world.usages.of_project(world.tenant.owner, world.project)

    assert by_subject(whole) == {
        ("organization", None): [(26, 0, 100_000), (20, 0, None)],
        ("member", world.tenant.owner_id): [(13, 0, None), (10, 0, 70_000)],
        ("member", bob.caller.member_id): [(13, 0, None), (10, 0, 70_000)],
        ("model", "test/own"): [(26, 0, None), (20, 0, None)],
    }
    assert by_subject(project) == {
        ("project", world.project): [(26, 0, None), (20, 0, None)],
        ("member", world.tenant.owner_id): [(13, 0, None), (10, 0, None)],
        ("member", bob.caller.member_id): [(13, 0, None), (10, 0, None)],
        ("model", "test/own"): [(26, 0, 90_000), (20, 0, None)],
    }
    assert whole.resets_at.isoformat() == "2026-01-06T00:00:00+00:00"


async def test_others_are_told_their_own_part(new_world: NewWorld) -> None:
    """And what everybody shares."""
    world, bob = await a_used_world(new_world)

    whole = by_subject(await world.usages.of_organization(bob, world.tenant.id))
    project = by_subject(await world.usages.of_project(bob, world.project))

    for told in (whole, project):
        assert [subject for scope, subject in told if scope == "member"] == [bob.caller.member_id]


async def test_admins_of_a_project_are_told_of_its_members(new_world: NewWorld) -> None:
    """And of no others."""
    world, bob = await a_used_world(new_world)
    ada = await a_person(world.tenant, "ada", project=world.project, project_role=ProjectRole.ADMIN)

    project = by_subject(await world.usages.of_project(ada, world.project))

    assert {subject for scope, subject in project if scope == "member"} == {
        ada.caller.member_id,
        bob.caller.member_id,
        world.tenant.owner_id,
    }


async def test_another_organization_is_told_nothing(new_world: NewWorld) -> None:
    """Nor somebody who can't see the project."""
    world, _ = await a_used_world(new_world)
    other = await a_tenant(world.tenant.tenancy, "Globex")
    eve = await a_person(world.tenant, "eve")

    with pytest.raises(NotFoundError):
        await world.usages.of_organization(other.owner, world.tenant.id)
    for who in (other.owner, eve):
        with pytest.raises(NotFoundError):
            await world.usages.of_project(who, world.project)
