"""Tokens over HTTP: made once, listed for ever, replaced and revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runtime.domain.token import TokenKind, parse_token
from runtime.kit.json_value import JsonObject, JsonValue
from tests.api.identity.world import World


async def test_a_new_token_opens_and_says_whose_it_is(world: World) -> None:
    """Its text is in the answer to whoever made it, and nowhere else."""
    owner = (await world.found()).token

    made = await world.token(owner, name="  ci  ", scopes=["state:read"])
    me = await world.call("GET", "/v1/me", token=made["text"])
    read = await world.call("GET", f"/v1/tokens/{made['id']}", token=owner)

    assert parse_token(made["text"]).kind is TokenKind.API
    assert (me.status, me.json["credential"]) == (
        200,
        {"id": made["id"], "kind": "api", "scopes": ["state:read"]},
    )
    used = {"last_used_at": None, **read.json}
    assert used == {key: value for key, value in made.items() if key != "text"}
    assert read.json["name"] == "ci"
    assert read.json["shown"] == f"pgt_…{made['id'][-4:]}"
    assert read.json["expires_at"] == "2026-05-30T12:00:00Z"


async def test_me_tells_member_and_organization(world: World) -> None:
    """Whatever the credential may be used for."""
    founded = await world.found()
    token = (await world.token(founded.token, scopes=["outcomes:read"]))["text"]

    me = await world.call("GET", "/v1/me", token=token)

    assert me.json["member"] == {
        "id": founded.owner,
        "kind": "person",
        "display_name": "Olga",
        "organization_role": "owner",
    }
    assert me.json["organization"]["id"] == founded.id
    assert me.json["organization"]["name"] == "organization 1"


async def test_a_service_is_made_a_token_by_an_owner(world: World) -> None:
    """It acts as itself, and the token says who made it."""
    founded = await world.found()
    robot = await world.service(founded.token)

    made = await world.token(founded.token, member=robot)
    me = await world.call("GET", "/v1/me", token=made["text"])

    assert (made["member"], made["created_by"]) == (robot, founded.owner)
    assert me.json["member"]["kind"] == "service"


async def test_nobody_but_an_owner_makes_tokens_for_others(world: World) -> None:
    """The refusal names the role."""
    founded = await world.found()
    robot = await world.service(founded.token)
    other = await world.service(founded.token, "other robot")
    token = (await world.token(founded.token, member=robot))["text"]

    refused = await world.call(
        "POST",
        "/v1/tokens",
        {"name": "x", "scopes": ["tokens:read"], "member": other},
        token=token,
    )

    assert (refused.status, refused.code) == (403, "not_allowed")
    assert "owner" in refused.json["detail"]


@pytest.mark.parametrize("member", ["mem_01KDVDNA000000000000000000", "nobody", "\u0000"])
async def test_a_token_for_nobody_is_not_made(world: World, member: str) -> None:
    """Whether the id has the shape of one or not."""
    owner = (await world.found()).token

    refused = await world.call(
        "POST", "/v1/tokens", {"name": "x", "scopes": ["state:read"], "member": member}, token=owner
    )

    assert refused.code in {"not_found", "body_unreadable"}
    assert refused.status in {400, 404}


async def test_a_token_hands_on_no_scope_that_it_has_not(world: World) -> None:
    """Nor does a rotation, of a token that may more."""
    owner = (await world.found()).token
    strong = await world.token(owner, scopes=["plans:execute", "tokens:manage"])
    weak = (await world.token(owner, scopes=["tokens:manage"]))["text"]

    made = await world.call(
        "POST", "/v1/tokens", {"name": "x", "scopes": ["plans:execute"]}, token=weak
    )
    rotated = await world.call("POST", f"/v1/tokens/{strong['id']}:rotate", token=weak)

    assert (made.status, made.code) == (403, "not_allowed")
    assert (rotated.status, rotated.code) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        pytest.param({"name": ""}, "/name", id="no name"),
        pytest.param({"name": "a\u0007"}, "/name", id="a bell in the name"),
        pytest.param({"name": "a" * 201}, "/name", id="a long name"),
        pytest.param({"scopes": []}, "/scopes", id="no scope"),
        pytest.param({"scopes": ["everything"]}, "/scopes/0", id="an unknown scope"),
        pytest.param({"expires_in_days": 366}, "/expires_in_days", id="more than a year"),
        pytest.param({"expires_in_days": 0}, "/expires_in_days", id="no day at all"),
        pytest.param({"organization": "org_1"}, "/organization", id="an organization"),
        pytest.param({"created_by": "mem_1"}, "/created_by", id="who makes it"),
    ],
)
async def test_a_wish_that_does_not_fit_is_told_where(
    world: World, wish: JsonObject, pointer: str
) -> None:
    """Nothing is made of it."""
    owner = (await world.found()).token

    refused = await world.call(
        "POST", "/v1/tokens", {"name": "x", "scopes": ["state:read"], **wish}, token=owner
    )

    assert (refused.status, refused.code) == (422, "request_invalid")
    assert pointer in [fault["pointer"] for fault in refused.json["errors"]]


async def test_a_repeated_request_makes_one_token_and_never_shows_it_again(world: World) -> None:
    """The key finds what was made; the text was told once."""
    owner = (await world.found()).token
    wish: JsonValue = {"name": "x", "scopes": ["state:read"]}
    key = {"Idempotency-Key": "a key"}

    first = await world.call("POST", "/v1/tokens", wish, token=owner, headers=key)
    again = await world.call("POST", "/v1/tokens", wish, token=owner, headers=key)

    assert (first.status, again.status) == (201, 201)
    assert first.json["text"] is not None
    assert again.json == {**first.json, "text": None}
    assert (first.header("idempotency-replayed"), again.header("idempotency-replayed")) == (
        None,
        "true",
    )


async def test_a_member_lists_their_own_tokens_and_an_owner_all(world: World) -> None:
    """Page by page, in the order in which they were made."""
    founded = await world.found()
    robot = await world.service(founded.token)
    world.clock.advance(timedelta(seconds=1))
    robots = (await world.token(founded.token, member=robot))["text"]
    for number in range(3):
        world.clock.advance(timedelta(seconds=1))
        await world.token(founded.token, name=f"t{number}")

    own = await world.call("GET", "/v1/tokens", token=robots)
    first = await world.call("GET", "/v1/tokens", token=founded.token, query="limit=3")
    rest = await world.call(
        "GET",
        "/v1/tokens",
        token=founded.token,
        query=f"limit=3&cursor={first.json['next_cursor']}",
    )

    assert [item["member"] for item in own.json["items"]] == [robot]
    assert [len(page.json["items"]) for page in (first, rest)] == [3, 2]
    assert rest.json["next_cursor"] is None
    names = [item["name"] for page in (first, rest) for item in page.json["items"]]
    assert names == ["first token of the first owner", "ci", "t0", "t1", "t2"]
    assert not any("text" in item or "hash" in item for item in first.json["items"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param("limit=0", "request_invalid", id="no item"),
        pytest.param("limit=201", "request_invalid", id="too many items"),
        pytest.param("cursor=abc", "cursor_invalid", id="no cursor"),
        pytest.param("cursor=" + "a" * 600, "request_invalid", id="a long cursor"),
        pytest.param("cursor=%00", "request_invalid", id="a NUL"),
        pytest.param("cursor=9H-PHVsxXQ", "cursor_invalid", id="the cursor of another list"),
    ],
)
async def test_a_page_that_no_list_has_is_refused(world: World, query: str, code: str) -> None:
    """With 422, whatever is wrong with it."""
    owner = (await world.found()).token

    refused = await world.call("GET", "/v1/tokens", token=owner, query=query)

    assert (refused.status, refused.code) == (422, code)


@pytest.mark.parametrize("verb", ["", ":rotate", ":revoke"])
async def test_a_token_of_others_looks_like_none(world: World, verb: str) -> None:
    """Of a colleague, of another organization, or of nobody: the same answer, letter by letter."""
    founded, stranger = await world.found(), await world.found()
    robot = await world.service(founded.token)
    robots = (
        await world.token(
            founded.token, member=robot, scopes=["tokens:manage", "tokens:read", "state:read"]
        )
    )["text"]
    owners = await world.token(founded.token)
    strangers = await world.token(stranger.token)
    ids = [owners["id"], strangers["id"], "tok_01KDVDNA000000000000000000", "tok_x"]

    answers = [
        await world.call("POST" if verb else "GET", f"/v1/tokens/{id_}{verb}", token=robots)
        for id_ in ids
    ]

    assert {answer.status for answer in answers} == {404}
    told = {
        answer.body.replace(id_.encode(), b"") for answer, id_ in zip(answers, ids, strict=True)
    }
    assert len(told) == 1


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        pytest.param("GET", "/v1/tokens", "tokens:read", id="list"),
        pytest.param("GET", "/v1/tokens/tok_x", "tokens:read", id="read"),
        pytest.param("POST", "/v1/tokens", "tokens:manage", id="create"),
        pytest.param("POST", "/v1/tokens/tok_x:rotate", "tokens:manage", id="rotate"),
        pytest.param("POST", "/v1/tokens/tok_x:revoke", "tokens:manage", id="revoke"),
    ],
)
async def test_each_route_needs_its_scope(world: World, method: str, path: str, scope: str) -> None:
    """An owner's token without it may not."""
    owner = (await world.found()).token
    token = (await world.token(owner, scopes=["state:read"]))["text"]
    document = {"name": "x", "scopes": ["state:read"]} if path == "/v1/tokens" else None

    refused = await world.call(method, path, document if method == "POST" else None, token=token)

    assert (refused.status, refused.code) == (403, "not_allowed")
    assert scope in refused.json["detail"]


async def test_the_last_use_is_written_away_from_the_request(world: World) -> None:
    """At most once a minute, and it is there when somebody looks."""
    owner = (await world.found()).token
    made = await world.token(owner)
    await world.call("GET", "/v1/me", token=made["text"])
    await world.services.uses.write()
    first = await world.call("GET", f"/v1/tokens/{made['id']}", token=owner)
    world.clock.advance(timedelta(seconds=30))
    await world.call("GET", "/v1/me", token=made["text"])
    await world.services.uses.write()
    soon = await world.call("GET", f"/v1/tokens/{made['id']}", token=owner)
    world.clock.advance(timedelta(seconds=31))
    await world.call("GET", "/v1/me", token=made["text"])
    await world.services.uses.write()
    later = await world.call("GET", f"/v1/tokens/{made['id']}", token=owner)

    seen = [answer.json["last_used_at"] for answer in (first, soon, later)]
    assert seen == ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T12:01:01Z"]
