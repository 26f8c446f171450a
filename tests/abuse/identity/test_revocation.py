"""What was taken away works on no replica five seconds later (A4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from runtime.domain.errors import NotFoundError
from runtime.kit.json_value import JsonObject
from runtime.plugins.loader import environment_names
from tests.api.identity.world import Founded, World, a_world
from tests.database import FreshDatabase

JUST_BELOW = timedelta(seconds=2.9)
FIVE_SECONDS = timedelta(seconds=5)


@pytest_asyncio.fixture
async def elsewhere(world: World, database: FreshDatabase) -> AsyncIterator[World]:
    """Open another replica over the same database, at the same time of day."""
    async with a_world(database, clock=world.clock) as opened:
        yield opened


async def test_a_revoked_token_ends_at_once_here_and_soon_elsewhere(
    world: World, elsewhere: World
) -> None:
    """Both had just believed it."""
    founded = await world.found()
    token = await world.token(founded.token)
    for replica in (world, elsewhere):
        assert (await replica.call("GET", "/v1/me", token=token["text"])).status == 200

    await world.call("POST", f"/v1/tokens/{token['id']}:revoke", token=founded.token)
    here = await world.call("GET", "/v1/me", token=token["text"])
    world.clock.advance(FIVE_SECONDS)
    there = await elsewhere.call("GET", "/v1/me", token=token["text"])

    assert (here.status, there.status) == (401, 401)


async def test_a_replica_that_is_asked_all_the_time_learns_of_it_too(
    world: World, elsewhere: World
) -> None:
    """What is remembered is not refreshed by being used."""
    founded = await world.found()
    token = await world.token(founded.token)
    await world.call("POST", f"/v1/tokens/{token['id']}:revoke", token=founded.token)
    await elsewhere.call("GET", "/v1/me", token=founded.token)
    seen = list[int]()

    for _ in range(10):
        seen.append((await elsewhere.call("GET", "/v1/me", token=token["text"])).status)
        world.clock.advance(timedelta(seconds=0.5))

    assert seen[-1] == 401


async def test_a_token_that_expires_is_not_believed_beyond_its_end(world: World) -> None:
    """However freshly it was looked up."""
    founded = await world.found()
    token = await world.token(founded.token, expires_in_days=1)
    world.clock.advance(timedelta(days=1) - timedelta(seconds=1))
    before = await world.call("GET", "/v1/me", token=token["text"])

    world.clock.advance(timedelta(seconds=1))
    after = await world.call("GET", "/v1/me", token=token["text"])

    assert (before.status, after.status) == (200, 401)


async def test_a_refusal_is_not_remembered_for_long(world: World, elsewhere: World) -> None:
    """A token that was tried before it was there works a second later."""
    founded = await world.found()
    token = await world.token(founded.token)
    async with world.database.transaction(founded.id) as connection:
        await connection.exec_driver_sql(
            "update members set removed_at = now() where id = $1", (founded.owner,)
        )
    refused = await elsewhere.call("GET", "/v1/me", token=token["text"])
    async with world.database.transaction(founded.id) as connection:
        await connection.exec_driver_sql(
            "update members set removed_at = null where id = $1", (founded.owner,)
        )

    at_once = await elsewhere.call("GET", "/v1/me", token=token["text"])
    world.clock.advance(timedelta(seconds=1))
    later = await elsewhere.call("GET", "/v1/me", token=token["text"])

    assert [answer.status for answer in (refused, at_once, later)] == [401, 401, 200]


async def test_who_is_removed_is_out_everywhere(world: World, elsewhere: World) -> None:
    """With every token they have."""
    founded = await world.found()
    robot = await world.service(founded.token)
    tokens = [(await world.token(founded.token, member=robot))["text"] for _ in range(2)]
    for token in tokens:
        assert (await elsewhere.call("GET", "/v1/me", token=token)).status == 200

    removed = await world.call("POST", f"/v1/members/{robot}:remove", token=founded.token)
    assert removed.status == 200
    world.clock.advance(FIVE_SECONDS)

    for token in tokens:
        assert (await elsewhere.call("GET", "/v1/me", token=token)).status == 401


async def test_a_project_role_ends_at_once_here_and_soon_elsewhere(
    world: World, elsewhere: World
) -> None:
    """What a caller is in a project is remembered no longer than who they are."""
    founded = await world.found()
    robot = await world.service(founded.token)
    project = await a_project(world, founded)
    path = f"/v1/projects/{project['id']}"
    membership = f"{path}/members/{robot}"
    put = await world.call(
        "PUT", membership, {"role": "viewer", "mode": "assisted"}, token=founded.token
    )
    assert put.status in {200, 201}, put.body
    caller = await elsewhere.services.authentication.caller_of(
        (await world.token(founded.token, member=robot, scopes=["projects:read"]))["text"]
    )
    for replica in (world, elsewhere):
        found = await replica.services.access.principal(caller, project["id"])
        assert found.roles == ("viewer",)

    await world.call("DELETE", membership, token=founded.token)
    with pytest.raises(NotFoundError):
        await world.services.access.principal(caller, project["id"])
    world.clock.advance(FIVE_SECONDS)
    with pytest.raises(NotFoundError):
        await elsewhere.services.access.principal(caller, project["id"])


async def a_project(world: World, founded: Founded) -> JsonObject:
    """Make a project."""
    wish = {"name": "p", "environment": environment_names()[0]}
    made = await world.call("POST", "/v1/projects", wish, token=founded.token)
    assert made.status == 201, made.body
    document: JsonObject = made.json
    return document
