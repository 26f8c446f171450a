"""Whoever steals the tables holds no token (A3)."""

from __future__ import annotations

import re

import asyncpg
import pytest

from runtime.domain.token import SCANNER_PATTERN, parse_token
from runtime.services.identity.minting import TokenKeys
from tests.api.identity.browser import Browser
from tests.api.identity.issuers import Trusting
from tests.api.identity.world import KEY, World, a_world
from tests.database import FreshDatabase


async def dump(database: FreshDatabase) -> bytes:
    """Return everything that any table holds, as text."""
    connection = await asyncpg.connect(database.urls.superuser_url)
    try:
        tables = await connection.fetch(
            "select tablename from pg_tables where schemaname = 'public'"
        )
        parts = [
            str(await connection.fetch(f'select t::text from "{table["tablename"]}" t'))  # noqa: S608
            for table in tables
        ]
        return "\n".join(parts).encode()
    finally:
        await connection.close()


async def test_no_table_holds_a_token(trusted: Trusting, database: FreshDatabase) -> None:
    """Neither its text nor its secret: of API tokens, of sessions, in answers that are kept."""
    world = trusted.world
    key = {"Idempotency-Key": "kept"}
    wish = {"name": "x", "scopes": ["state:read"]}
    made = await world.call("POST", "/v1/tokens", wish, token=trusted.founded.token, headers=key)
    browser = Browser(world=world)
    await browser.log_in()
    texts = [trusted.founded.token, made.json["text"], browser.cookies["plangate_session"]]

    stolen = await dump(database)

    assert b"tok_" in stolen
    assert re.search(SCANNER_PATTERN.encode(), stolen) is None
    for text in texts:
        secret = parse_token(text).secret
        assert text.encode() not in stolen
        assert secret.hex().encode() not in stolen


async def test_a_stolen_hash_opens_nothing_under_another_key(database: FreshDatabase) -> None:
    """The key of the server is not in the tables."""
    async with a_world(database) as world:
        token = (await world.found()).token
    other = TokenKeys(keys=(b"another key of 32 bytes, or more.",))
    async with a_world(database, keys=other) as elsewhere:
        refused = await elsewhere.call("GET", "/v1/me", token=token)

    assert refused.status == 401


async def test_a_hash_copied_onto_another_token_opens_nothing(
    world: World, database: FreshDatabase
) -> None:
    """Whoever can write the table can not let their own secret open another's token."""
    founded = await world.found()
    mine = await world.token(founded.token, scopes=["state:read"])
    theirs = await world.token(founded.token, scopes=["tokens:manage"])
    async with database.transaction(founded.id) as connection:
        await connection.exec_driver_sql(
            "update tokens set hash = (select hash from tokens where id = $1) where id = $2",
            (mine["id"], theirs["id"]),
        )

    refused = await world.call("GET", "/v1/me", token=theirs["text"])

    assert refused.status == 401


async def test_a_new_key_signs_and_the_old_one_still_opens(database: FreshDatabase) -> None:
    """So keys are replaced without anybody noticing; without the old one its tokens end."""
    new = b"the newest key of the server, 32 b"
    async with a_world(database) as world:
        founded = await world.found()
    async with a_world(database, keys=TokenKeys(keys=(new, KEY))) as world:
        opened = await world.call("GET", "/v1/me", token=founded.token)
        made = await world.token(founded.token)
    async with a_world(database, keys=TokenKeys(keys=(new,))) as world:
        by_new = await world.call("GET", "/v1/me", token=made["text"])
        by_old = await world.call("GET", "/v1/me", token=founded.token)

    assert (opened.status, by_new.status, by_old.status) == (200, 200, 401)


@pytest.mark.parametrize("keys", [(), (b"short",), (KEY, b"")])
def test_a_server_without_a_key_worth_the_name_does_not_start(keys: tuple[bytes, ...]) -> None:
    """A hash under a guessable key is no secret."""
    with pytest.raises(ValueError, match="expected one key or more"):
        TokenKeys(keys=keys)


async def test_a_leaked_token_is_found_by_scanners(world: World) -> None:
    """By its prefix and shape, with a checksum that tells it from any other text."""
    token = (await world.found()).token

    leaked = re.findall(SCANNER_PATTERN, f"export TOKEN='{token}'\n")

    assert leaked == [token]
