"""Tokens that nobody made, each with its right checksum, shut nobody out and cost little."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from runtime.domain.errors import AuthenticationBusyError, CredentialRefusedError, DomainError
from runtime.domain.token import SECRET_BYTES, TokenKind, mint
from runtime.entrypoints.rest.refusals import REFUSED_RATE
from runtime.kit.ids import new_id
from runtime.services.identity.narrow_door import AT_ONCE, MOST_WAITING
from tests.api.identity.world import OPERATOR, World
from tests.database import FreshDatabase, session
from tests.unit.runtime.store.rows import waiting_for_a_lock

ELSEWHERE = ("192.0.2.7", 4711)


def a_forgery(number: int) -> str:
    """Build a token that has its checksum, and that nobody made."""
    return mint(
        TokenKind.API,
        organization_id=new_id("org", now_ms=0, entropy=number.to_bytes(10)),
        token_id=new_id("tok", now_ms=0, entropy=number.to_bytes(10)),
        secret=bytes(SECRET_BYTES),
    )


async def test_few_are_looked_up_at_once_and_few_wait(
    world: World, database: FreshDatabase
) -> None:
    """Who is known, and the other queries of everybody, go on meanwhile."""
    founded, authentication = await world.found(), world.services.authentication
    known = await authentication.caller_of(founded.token)
    async with session(database.urls.superuser_url) as superuser, superuser.transaction():
        await superuser.execute("lock table tokens in access exclusive mode")
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            tries = [group.create_task(_outcome(world, a_forgery(n))) for n in range(200)]
            await waiting_for_a_lock(database, founded.id)
            assert await authentication.caller_of(founded.token) == known
            async with database.transaction(founded.id) as connection:
                await connection.exec_driver_sql("select count(*) from projects")
            at_once = [item.result() for item in tries if item.done()]
            await superuser.execute("commit")

    assert at_once == [AuthenticationBusyError] * (200 - AT_ONCE - MOST_WAITING)
    refused = [item.result() for item in tries].count(CredentialRefusedError)
    assert refused == AT_ONCE + MOST_WAITING


async def test_a_token_that_opened_something_waits_behind_none(world: World) -> None:
    """Although what was found of it is too old by now."""
    founded, authentication = await world.found(), world.services.authentication
    before = await authentication.caller_of(founded.token)
    world.clock.advance(timedelta(hours=1))

    async with asyncio.timeout(20), AsyncExitStack() as stack:
        for _ in range(AT_ONCE):
            await stack.enter_async_context(authentication.door.passed())
        after = await authentication.caller_of(founded.token)

    assert before == after


async def test_a_platform_that_is_flooded_says_so(world: World) -> None:
    """With when to try again."""
    async with asyncio.timeout(20), AsyncExitStack() as stack:
        for _ in range(AT_ONCE):
            await stack.enter_async_context(world.services.authentication.door.passed())
        told = await world.call("GET", "/v1/me", token=a_forgery(1))

    assert (told.status, told.code) == (503, "authentication_busy")
    assert told.header("retry-after") == "1"


async def test_an_address_that_guesses_is_not_looked_up_for_a_while(world: World) -> None:
    """Known tokens pass from there, unknown ones from elsewhere; and in a while it may again."""
    founded, unused = await world.found(), await world.found()
    await world.call("GET", "/v1/me", token=founded.token)
    guesses = [
        (await world.call("GET", "/v1/me", token=a_forgery(n), client=ELSEWHERE)).status
        for n in range(REFUSED_RATE.burst + 5)
    ]
    wish = {"name": "o", "owner": {"display_name": "Olga", "email": "olga@example.com"}}

    known = await world.call("GET", "/v1/me", token=founded.token, client=ELSEWHERE)
    by_operator = await world.call(
        "POST", "/v1/organizations", wish, token=OPERATOR, client=ELSEWHERE
    )
    unknown = await world.call("GET", "/v1/me", token=unused.token, client=ELSEWHERE)
    from_here = await world.call("GET", "/v1/me", token=a_forgery(1))
    world.clock.advance(timedelta(seconds=int(unknown.header("retry-after") or "0")))
    later = await world.call("GET", "/v1/me", token=unused.token, client=ELSEWHERE)

    assert guesses == [401] * REFUSED_RATE.burst + [429] * 5
    assert (known.status, by_operator.status) == (200, 201)
    assert (unknown.status, unknown.code) == (429, "rate_limited")
    assert (from_here.status, later.status) == (401, 200)


async def test_what_is_known_is_what_opened_something(world: World) -> None:
    """A forgery never is, however often it was tried."""
    founded, authentication = await world.found(), world.services.authentication
    before = authentication.knows(founded.token)
    await authentication.caller_of(founded.token)
    with pytest.raises(CredentialRefusedError):
        await authentication.caller_of(a_forgery(1))

    assert (before, authentication.knows(founded.token)) == (False, True)
    assert (authentication.knows(OPERATOR), authentication.knows(a_forgery(1))) == (True, False)


async def _outcome(world: World, text: str) -> type[DomainError]:
    try:
        await world.services.authentication.caller_of(text)
    except DomainError as error:
        return type(error)
    raise AssertionError
