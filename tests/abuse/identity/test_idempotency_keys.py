"""A key finds its own request, and never that of another body, route, member or tenant (A11)."""

from __future__ import annotations

import asyncio

import pytest

from runtime.kit.json_value import JsonObject
from tests.api.identity.world import OPERATOR, World

KEY = {"Idempotency-Key": "the same key"}
WISH: JsonObject = {"name": "x", "scopes": ["state:read"]}


async def test_another_body_under_the_same_key_is_refused(world: World) -> None:
    """Nothing is made of it."""
    owner = (await world.found()).token
    await world.call("POST", "/v1/tokens", WISH, token=owner, headers=KEY)

    refused = await world.call(
        "POST", "/v1/tokens", {**WISH, "name": "y"}, token=owner, headers=KEY
    )
    listed = await world.call("GET", "/v1/tokens", token=owner)

    assert (refused.status, refused.code) == (409, "idempotency_key_reused")
    assert [item["name"] for item in listed.json["items"]].count("y") == 0


async def test_another_spelling_of_the_same_body_is_the_same(world: World) -> None:
    """Spaces and the order of keys mean nothing."""
    owner = (await world.found()).token
    first = await world.call("POST", "/v1/tokens", WISH, token=owner, headers=KEY)

    again = await world.call(
        "POST",
        "/v1/tokens",
        token=owner,
        headers={**KEY, "content-type": "application/json"},
        body=b' {"scopes" : ["state:read"], "name" : "\\u0078"} ',
    )

    assert (again.status, again.json["id"]) == (201, first.json["id"])
    assert again.header("idempotency-replayed") == "true"


async def test_another_thing_under_the_same_key_is_refused(world: World) -> None:
    """The path is part of what was asked."""
    owner = (await world.found()).token
    one, other = await world.token(owner), await world.token(owner)
    await world.call("POST", f"/v1/tokens/{one['id']}:revoke", token=owner, headers=KEY)

    refused = await world.call("POST", f"/v1/tokens/{other['id']}:revoke", token=owner, headers=KEY)
    read = await world.call("GET", f"/v1/tokens/{other['id']}", token=owner)

    assert (refused.status, refused.code) == (409, "idempotency_key_reused")
    assert read.json["revoked_at"] is None


async def test_another_query_under_the_same_key_is_refused(world: World) -> None:
    """Whatever a route makes of it."""
    owner = (await world.found()).token
    await world.call("POST", "/v1/tokens", WISH, token=owner, headers=KEY)

    refused = await world.call("POST", "/v1/tokens", WISH, token=owner, headers=KEY, query="a=1")

    assert refused.code == "idempotency_key_reused"


async def test_each_route_has_its_own_keys(world: World) -> None:
    """One key for a whole script is fine."""
    owner = (await world.found()).token

    made = await world.call("POST", "/v1/tokens", WISH, token=owner, headers=KEY)
    revoked = await world.call(
        "POST", f"/v1/tokens/{made.json['id']}:revoke", token=owner, headers=KEY
    )

    assert (made.status, revoked.status) == (201, 200)
    assert revoked.header("idempotency-replayed") is None


async def test_a_colleague_and_a_stranger_find_nothing_under_the_same_key(world: World) -> None:
    """Each acts, and gets an answer of their own."""
    founded, stranger = await world.found(), await world.found()
    robot = await world.service(founded.token)
    robots = (
        await world.token(founded.token, member=robot, scopes=["tokens:manage", "state:read"])
    )["text"]

    answers = [
        await world.call("POST", "/v1/tokens", WISH, token=token, headers=KEY)
        for token in (founded.token, robots, stranger.token)
    ]

    assert [answer.status for answer in answers] == [201, 201, 201]
    assert {answer.header("idempotency-replayed") for answer in answers} == {None}
    assert len({answer.json["id"] for answer in answers}) == 3


async def test_requests_at_once_under_one_key_act_once(world: World) -> None:
    """One makes the token and shows it; the others are told which."""
    owner = (await world.found()).token

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(world.call("POST", "/v1/tokens", WISH, token=owner, headers=KEY))
            for _ in range(8)
        ]
    answers = [task.result() for task in asked]
    listed = await world.call("GET", "/v1/tokens", token=owner)

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len([answer for answer in answers if answer.json["text"] is not None]) == 1
    assert [item["name"] for item in listed.json["items"]].count("x") == 1


async def test_a_refused_request_does_not_use_its_key_up(world: World) -> None:
    """Who was refused may send the same again, when it is allowed."""
    founded = await world.found()
    wish = {"name": "x", "scopes": ["state:read"], "member": "mem_01KDVDNA000000000000000000"}
    refused = await world.call("POST", "/v1/tokens", wish, token=founded.token, headers=KEY)

    made = await world.call("POST", "/v1/tokens", WISH, token=founded.token, headers=KEY)

    assert (refused.status, made.status) == (404, 201)


async def test_an_organization_is_made_once_under_a_key(world: World) -> None:
    """Though its id is what the keys of an organization are kept under."""
    document = {"name": "o", "owner": {"display_name": "O", "email": "o@example.com"}}
    first, lost, again = [
        await world.call("POST", "/v1/organizations", document, token=OPERATOR, headers=KEY)
        for _ in range(3)
    ]
    opened = [
        (await world.call("GET", "/v1/me", token=answer.json["token"]["text"])).status
        for answer in (first, lost, again)
    ]
    await world.services.uses.write()
    used = await world.call("POST", "/v1/organizations", document, token=OPERATOR, headers=KEY)
    other = await world.call(
        "POST", "/v1/organizations", {**document, "name": "p"}, token=OPERATOR, headers=KEY
    )

    assert {answer.status for answer in (first, lost, again, used)} == {201}
    for answer in (lost, again, used):
        assert answer.json["organization"] == first.json["organization"]
        assert answer.json["owner"] == first.json["owner"]
    assert opened == [401, 401, 200]  # an answer that got lost is told anew, until it is used
    assert used.json["token"] == {**again.json["token"], "text": None}
    assert again.header("idempotency-replayed") == "true"
    assert (other.status, other.code) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("a" * 256, id="too long"),
        pytest.param("a\tb", id="a tab"),
        pytest.param("é", id="not of ASCII"),
    ],
)
async def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    """Nothing is made without the safety that was asked for."""
    owner = (await world.found()).token

    refused = await world.call(
        "POST", "/v1/tokens", WISH, token=owner, headers={"Idempotency-Key": key}
    )

    assert (refused.status, refused.code) == (422, "request_invalid")


async def test_two_keys_are_none(world: World) -> None:
    """A proxy might read the other one."""
    owner = (await world.found()).token

    refused = await world.call(
        "POST",
        "/v1/tokens",
        WISH,
        token=owner,
        headers=[("idempotency-key", "a"), ("idempotency-key", "b")],
    )

    assert (refused.status, refused.code) == (422, "request_invalid")


async def test_the_longest_key_is_kept(world: World) -> None:
    """As it was sent."""
    owner = (await world.found()).token
    key = {"Idempotency-Key": "~" * 255}

    answers = [
        await world.call("POST", "/v1/tokens", WISH, token=owner, headers=key) for _ in range(2)
    ]

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json["id"] == answers[1].json["id"]
