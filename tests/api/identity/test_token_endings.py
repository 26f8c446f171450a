"""Tokens end: replaced by another one, revoked, each once and for good."""

from __future__ import annotations

from datetime import timedelta

from tests.api.identity.world import World


async def test_a_rotated_token_is_replaced_at_once(world: World) -> None:
    """The new one is like it; the old one opens nothing from that moment on, on this replica."""
    owner = (await world.found()).token
    old = await world.token(owner, scopes=["state:read"], expires_in_days=7)
    assert (await world.call("GET", "/v1/me", token=old["text"])).status == 200

    rotated = await world.call("POST", f"/v1/tokens/{old['id']}:rotate", token=owner)
    before = await world.call("GET", "/v1/me", token=old["text"])
    after = await world.call("GET", "/v1/me", token=rotated.json["text"])

    assert (rotated.status, before.status, after.status) == (201, 401, 200)
    same = ("name", "scopes", "member", "expires_at")
    assert [rotated.json[name] for name in same] == [old[name] for name in same]


async def test_a_replaced_token_opens_for_the_overlap(world: World) -> None:
    """So that nothing breaks while the new one is handed out."""
    owner = (await world.found()).token
    old = await world.token(owner)

    rotated = await world.call(
        "POST", f"/v1/tokens/{old['id']}:rotate", {"overlap_s": 60}, token=owner
    )
    assert rotated.status == 201
    world.clock.advance(timedelta(seconds=59))
    within = await world.call("GET", "/v1/me", token=old["text"])
    world.clock.advance(timedelta(seconds=1))
    beyond = await world.call("GET", "/v1/me", token=old["text"])

    assert (within.status, beyond.status) == (200, 401)


async def test_an_overlap_never_lengthens_a_life(world: World) -> None:
    """The replaced token ends when it would have ended."""
    owner = (await world.found()).token
    old = await world.token(owner, expires_in_days=1)
    world.clock.advance(timedelta(hours=23))

    await world.call("POST", f"/v1/tokens/{old['id']}:rotate", {"overlap_s": 86_400}, token=owner)
    read = await world.call("GET", f"/v1/tokens/{old['id']}", token=owner)

    assert read.json["expires_at"] == old["expires_at"]


async def test_a_revoked_token_is_not_replaced(world: World) -> None:
    """It would come back."""
    owner = (await world.found()).token
    made = await world.token(owner)
    await world.call("POST", f"/v1/tokens/{made['id']}:revoke", token=owner)

    refused = await world.call("POST", f"/v1/tokens/{made['id']}:rotate", token=owner)

    assert (refused.status, refused.code) == (409, "wrong_time")


async def test_revoking_twice_is_revoking_once(world: World) -> None:
    """The instant of the first one stays, and one record tells of it."""
    founded = await world.found()
    made = await world.token(founded.token)

    first = await world.call("POST", f"/v1/tokens/{made['id']}:revoke", token=founded.token)
    world.clock.advance(timedelta(seconds=9))
    again = await world.call("POST", f"/v1/tokens/{made['id']}:revoke", token=founded.token)

    assert (first.status, again.status) == (200, 200)
    assert again.json == first.json
    assert first.json["revoked_at"] == "2026-03-01T12:00:00Z"
    assert await records_of(world, founded.id, kind="token.revoked") == 1


async def test_a_token_may_revoke_itself(world: World) -> None:
    """Whoever finds a leaked one can shut it, without any scope."""
    owner = (await world.found()).token
    made = await world.token(owner, scopes=["state:read"])
    other = await world.token(owner)

    refused = await world.call("POST", f"/v1/tokens/{other['id']}:revoke", token=made["text"])
    done = await world.call("POST", f"/v1/tokens/{made['id']}:revoke", token=made["text"])

    assert (refused.status, refused.code) == (403, "not_allowed")
    assert done.status == 200
    assert (await world.call("GET", "/v1/me", token=made["text"])).status == 401


async def records_of(world: World, organization_id: str, *, kind: str) -> int:
    """Count the audit records of a kind."""
    async with world.database.transaction(organization_id) as connection:
        found = await connection.exec_driver_sql(
            "select count(*) from audit_records where kind = $1", (kind,)
        )
        return int(found.scalar_one())
