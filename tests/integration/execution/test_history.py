"""The past of a project can be read, proven, gone back to, and not be altered unnoticed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.domain.errors import (
    NotAllowedError,
    NotFoundError,
    ReplayError,
    TamperedStateError,
    VersionMismatchError,
)
from runtime.domain.history import Cause
from runtime.domain.organization import OrganizationRole
from runtime.domain.plan import Plan, Step
from runtime.kit.json_patch import apply
from runtime.services.context import Context
from runtime.services.execution.draft import SNAPSHOT_EVERY
from tests.database import FreshDatabase
from tests.execution import World, a_caller, a_project, an_increment, document_of


def an_admin(world: World) -> Context:
    """Return the context of the organization's owner."""
    return Context(caller=replace(world.caller, organization_role=OrganizationRole.OWNER))


async def move(world: World, *by: int) -> None:
    """Move the counter by each of these, in order."""
    for number in by:
        await world.execute(an_increment(number))


async def test_any_version_and_any_instant_is_rebuilt(world: World) -> None:
    """What stood then, by number and by time, each proven by its hash (D13)."""
    await move(world, 5, 7, -2)
    versions = await world.states.history(world.context, world.project_id, before=None, limit=10)

    values = [
        (
            await world.states.at_version(world.context, world.project_id, version=item.version)
        ).components["counter"]["value"]
        for item in versions
    ]
    by_instant = [
        (
            await world.states.at_instant(world.context, world.project_id, instant=item.created_at)
        ).version
        for item in versions
    ]

    assert values == [10, 12, 5, 0]
    assert by_instant == [3, 2, 1, 0]
    assert [item.cause for item in versions] == [Cause.EXECUTED] * 3 + [Cause.CREATED]


async def test_versions_far_apart_are_rebuilt_from_snapshots(world: World) -> None:
    """A whole state is kept every so often, and every version hashes equal."""
    async with asyncio.TaskGroup() as group:
        for _ in range(2 * SNAPSHOT_EVERY + 10):
            group.create_task(world.execute(an_increment()))

    verified = await world.states.verify(world.context, world.project_id)
    middle = await world.states.at_version(
        world.context, world.project_id, version=SNAPSHOT_EVERY + 7
    )

    assert verified.versions == 2 * SNAPSHOT_EVERY + 11
    assert middle.components["counter"]["value"] == SNAPSHOT_EVERY + 7
    assert await world.count("snapshots") == 3


async def test_a_difference_leads_from_one_version_to_the_other(world: World) -> None:
    """Forwards and backwards."""
    await move(world, 4, 4)
    read = world.states.at_version
    one = await read(world.context, world.project_id, version=0)
    two = await read(world.context, world.project_id, version=2)

    forth = await world.states.difference(world.context, world.project_id, before=0, after=2)
    back = await world.states.difference(world.context, world.project_id, before=2, after=0)

    assert apply(forth, one.components) == two.components
    assert apply(back, two.components) == one.components


async def test_reverting_makes_a_new_version_and_deletes_none(world: World) -> None:
    """The old state stands again, under a new number, recorded as a reversion."""
    await move(world, 3, 9)

    executed = await world.states.revert(an_admin(world), world.project_id, version=1, expects=2)

    document = document_of(executed)
    newest = (await world.states.history(world.context, world.project_id, before=None, limit=1))[0]
    assert document["reverted_to"] == 1
    assert (document["before"]["version"], document["after"]["version"]) == (2, 3)
    assert newest.cause is Cause.REVERTED
    assert newest.outcome_id == document["id"]
    assert await world.counter() == 3
    assert await world.count("versions") == 4
    assert (await world.states.verify(world.context, world.project_id)).versions == 4


async def test_reverting_to_what_stands_changes_nothing(world: World) -> None:
    """It is answered, and makes no version."""
    await move(world, 3)

    executed = await world.states.revert(an_admin(world), world.project_id, version=1, expects=None)

    assert executed.version == 1
    assert await world.count("versions") == 2


async def test_an_operator_can_not_revert(world: World) -> None:
    """Only the project's admins and the organization's owners may (D12)."""
    await move(world, 3)

    with pytest.raises(NotAllowedError, match="roles admin"):
        await world.states.revert(world.context, world.project_id, version=0, expects=None)


async def test_a_reversion_compares_the_version_it_expects(world: World) -> None:
    """If somebody executed meanwhile, nothing is reverted."""
    await move(world, 3)

    with pytest.raises(VersionMismatchError):
        await world.states.revert(an_admin(world), world.project_id, version=0, expects=0)

    assert await world.counter() == 3


async def test_another_projects_version_can_not_be_reverted_to(world: World) -> None:
    """A version is a number within one project: nothing of another can be named (D12)."""
    other = await a_project(world.database, world.caller)
    await move(world, 3, 4, 5)

    with pytest.raises(NotFoundError):
        await world.states.revert(an_admin(world), other, version=3, expects=None)


@pytest.mark.parametrize("version", [-1, 3, 2**53])
async def test_a_version_that_never_was_is_not_found(world: World, version: int) -> None:
    """Before the first, after the last, and far beyond."""
    await move(world, 1, 1)

    with pytest.raises(NotFoundError):
        await world.states.at_version(world.context, world.project_id, version=version)


TAMPERINGS = {
    "a value in the head": "update heads set state = replace(state, '\"value\":5', '\"value\":6')",
    "a head of its own making": (
        "update heads set state = '{}', digest = 'sha256:' || encode(sha256('{}'::bytea), 'hex')"
    ),
    "the diff of a version": (
        "update versions set diff = replace(diff, '5', '6') where version = 1"
    ),
    "the hash of a version": "update versions set digest = 'sha256:0' where version = 1",
    "a version that is gone": "delete from versions where version = 1",
    "the first snapshot": "update snapshots set state = replace(state, ':0', ':1')",
    "a snapshot with its own hash": (
        "update snapshots set state = '{}', "
        "digest = 'sha256:' || encode(sha256('{}'::bytea), 'hex')"
    ),
}


@pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS.keys())
async def test_who_alters_storage_is_noticed(
    world: World, database: FreshDatabase, statement: str
) -> None:
    """Somebody with every right on the database changes a row; the proof of history fails (D9)."""
    await move(world, 5)
    await world.lines.close()
    superuser = await asyncpg.connect(database.urls.superuser_url)
    await superuser.execute("set session_replication_role = replica")  # no trigger hinders
    await superuser.execute(statement)
    await superuser.close()

    with pytest.raises((ReplayError, TamperedStateError, NotFoundError)):
        await world.states.verify(world.context, world.project_id)


async def test_a_later_snapshot_with_its_own_hash_is_noticed_too(
    world: World, database: FreshDatabase
) -> None:
    """It is neither read nor reverted to, and the proof of history names it (D9)."""
    async with asyncio.TaskGroup() as group:
        for _ in range(SNAPSHOT_EVERY + 5):
            group.create_task(world.execute(an_increment()))
    superuser = await asyncpg.connect(database.urls.superuser_url)
    await superuser.execute("set session_replication_role = replica")
    await superuser.execute(
        "update snapshots set state = replace(state, $1, $2), digest = 'sha256:' || encode("
        "sha256(replace(state, $1, $2)::bytea), 'hex') where version > 0",
        f'"value":{SNAPSHOT_EVERY}',
        '"value":9999',
    )
    await superuser.close()

    with pytest.raises(TamperedStateError):
        await world.states.verify(world.context, world.project_id)
    with pytest.raises(TamperedStateError):
        await world.states.at_version(world.context, world.project_id, version=SNAPSHOT_EVERY)
    with pytest.raises(TamperedStateError):
        await world.states.revert(
            an_admin(world), world.project_id, version=SNAPSHOT_EVERY + 1, expects=None
        )


async def test_nothing_runs_on_a_tampered_state(world: World, database: FreshDatabase) -> None:
    """An execution refuses to build on a state that is not the recorded one (D9)."""
    await move(world, 5)
    await world.lines.close()
    superuser = await asyncpg.connect(database.urls.superuser_url)
    await superuser.execute(TAMPERINGS["a value in the head"])
    await superuser.close()

    with pytest.raises(TamperedStateError):
        await world.execute(an_increment())

    assert await world.count("outcomes") == 1


MOVES = st.one_of(
    st.integers(-3, 9)
    .filter(bool)
    .map(lambda by: Step(action="counter.increment", inputs={"by": by})),
    st.integers(-1, 20).map(lambda value: Step(action="counter.set", inputs={"value": value})),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans=st.lists(st.lists(MOVES, min_size=1, max_size=4), min_size=1, max_size=6))
async def test_every_history_rebuilds_to_the_state_that_stands(
    world: World, plans: list[list[Step]]
) -> None:
    """Whatever was executed, refused or partly done: each version rebuilds, each hash is equal."""
    caller = a_caller(world.ids)
    project = await a_project(world.database, caller)
    place = replace(world, caller=caller, project_id=project)
    states = [0]
    for steps in plans:
        outcome = await place.execute(Plan(steps=tuple(steps)))
        states += [step["diff"][0]["value"] for step in outcome["steps"] if step["diff"]]

    verified = await place.states.verify(place.context, project)
    rebuilt = [
        (await place.states.at_version(place.context, project, version=version)).components[
            "counter"
        ]["value"]
        for version in range(verified.versions)
    ]

    assert rebuilt == states
    assert rebuilt[-1] == await place.counter()
