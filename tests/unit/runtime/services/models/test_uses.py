"""Owners and admins say how models are asked; every version is kept, and the newest holds."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.domain.errors import (
    ModelUseRefusedError,
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    VersionMismatchError,
)
from runtime.domain.member import ProjectRole
from runtime.domain.model_use import ModelUse
from runtime.services.context import Context
from runtime.services.unit_of_work import Answer
from tests.model_world import NewWorld, World
from tests.models.scripted import ScriptedModel, calling
from tests.tenants import a_person, a_tenant

GOOD = calling("counter_set", value=3)
NEW = ModelUse(models=("test/a",), timeout_s=9)


async def put(
    world: World,
    where: str,
    use: ModelUse = NEW,
    *,
    who: Context | None = None,
    expects: int | None = None,
) -> Answer:
    """Replace what the organization or the project says, as the owner if nobody else is named."""
    context = who or world.tenant.owner
    if where == "organization":
        return await world.uses.replace_of_organization(
            context, world.tenant.id, use=use, expects=expects
        )
    return await world.uses.replace_of_project(context, world.project, use=use, expects=expects)


async def read(world: World, where: str, who: Context | None = None) -> dict[str, Any]:
    """Read what the organization or the project says."""
    context = who or world.tenant.owner
    if where == "organization":
        return await world.uses.of_organization(context, world.tenant.id)
    return await world.uses.of_project(context, world.project)


@pytest.mark.parametrize("where", ["organization", "project"])
async def test_what_was_set_is_read_with_who_set_it(new_world: NewWorld, where: str) -> None:
    """Before, nothing was said: the usual settings hold, and the platform's own model."""
    world = await new_world({})

    before = await read(world, where)
    answer = await put(world, where)

    assert (before["version"], before["models"], before["asked"]) == (0, [], ["test/own"])
    assert (before["set_by"], before["set_at"]) == (None, None)
    assert answer.document == await read(world, where)
    assert answer.document | NEW.model_dump(mode="json") == answer.document
    assert answer.document["version"] == 1
    assert answer.document["asked"] == ["test/a"]
    assert answer.document["set_by"] == world.tenant.owner_id
    assert answer.document["project"] == (world.project if where == "project" else None)


async def test_a_project_is_told_which_models_its_organization_has_it_ask(
    new_world: NewWorld,
) -> None:
    """While it names none of its own."""
    world = await new_world({})
    await put(world, "organization")

    assert (await read(world, "project"))["asked"] == ["test/a"]


@pytest.mark.parametrize("where", ["organization", "project"])
async def test_the_same_settings_again_are_no_new_version(new_world: NewWorld, where: str) -> None:
    """Each other one is, and is recorded with all that it says."""
    world = await new_world({})
    await put(world, where)
    same = await put(world, where)
    other = await put(world, where, ModelUse(), expects=1)

    found = await world.rows(
        "select document, project_id from audit_records where kind = 'models.replaced'"
    )
    assert (same.document["version"], other.document["version"]) == (1, 2)
    assert len(found) == 2
    assert all('"timeout_s":' in row.document for row in found)
    assert {row.project_id for row in found} == {world.project if where == "project" else None}


@pytest.mark.parametrize("where", ["organization", "project"])
async def test_who_read_other_settings_replaces_none(new_world: NewWorld, where: str) -> None:
    """Somebody changed them meanwhile."""
    world = await new_world({})
    await put(world, where, expects=0)

    with pytest.raises(VersionMismatchError):
        await put(world, where, ModelUse(), expects=0)

    assert (await read(world, where))["version"] == 1


@pytest.mark.parametrize("where", ["organization", "project"])
async def test_a_model_that_is_not_offered_is_not_set(new_world: NewWorld, where: str) -> None:
    """Nor anything beside it."""
    world = await new_world({})

    with pytest.raises(ModelUseRefusedError, match="models/0"):
        await put(world, where, ModelUse(models=("openai/gpt-4o",)))

    assert (await read(world, where))["version"] == 0


async def test_only_owners_speak_for_an_organization_and_admins_for_a_project(
    new_world: NewWorld,
) -> None:
    """Everybody who sees the project may read it."""
    world = await new_world({})
    tenant, project = world.tenant, world.project
    admin = await a_person(tenant, "ada", project=project, project_role=ProjectRole.ADMIN)
    operator = await a_person(tenant, "bob", project=project, project_role=ProjectRole.OPERATOR)
    stranger = await a_person(tenant, "eve")

    await put(world, "project", who=admin)
    for who in (admin, operator):
        with pytest.raises(NotAllowedError):
            await put(world, "organization", who=who)
        assert (await read(world, "project", who))["version"] == 1
    with pytest.raises(NotAllowedError):
        await put(world, "project", who=operator)
    with pytest.raises(NotFoundError):
        await put(world, "project", who=stranger)
    with pytest.raises(NotFoundError):
        await read(world, "project", stranger)
    assert (await read(world, "organization", stranger))["version"] == 0


async def test_what_is_offered_is_told_to_who_may_choose_alone(new_world: NewWorld) -> None:
    """Others are refused before their choice is looked at."""
    world = await new_world({})
    other = await a_person(
        world.tenant, "bob", project=world.project, project_role=ProjectRole.OPERATOR
    )

    for where in ("organization", "project"):
        with pytest.raises(NotAllowedError):
            await put(world, where, ModelUse(models=("openai/gpt-4o",)), who=other)


async def test_another_organization_finds_nothing(new_world: NewWorld) -> None:
    """Neither an organization nor a project, to read or to change."""
    world = await new_world({})
    other = await a_tenant(world.tenant.tenancy, "Globex")

    for where in ("organization", "project"):
        with pytest.raises(NotFoundError):
            await read(world, where, other.owner)
        with pytest.raises(NotFoundError):
            await put(world, where, who=other.owner)


async def test_an_archived_project_keeps_its_settings(new_world: NewWorld) -> None:
    """As it keeps everything."""
    world = await new_world({})
    await world.tenant.tenancy.projects.archive(world.tenant.owner, world.project)

    with pytest.raises(ProjectArchivedError):
        await put(world, "project")


async def test_a_change_holds_at_once_in_this_process_and_within_seconds_elsewhere(
    new_world: NewWorld,
) -> None:
    """What is remembered is forgotten by a change."""
    models = {"test/own": ScriptedModel.of(GOOD), "test/a": ScriptedModel.of(GOOD)}
    world = await new_world(models)
    await world.ask()

    await put(world, "project")

    assert ((await world.ask()).reference,) == NEW.models
