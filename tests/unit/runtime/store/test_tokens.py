"""Tokens are read back as they were stored, in order, and end as they are told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from runtime.domain.caller import CredentialKind
from runtime.domain.issued_token import IssuedToken
from runtime.domain.scope import Scope
from runtime.kit.clock import FixedClock
from runtime.store.access import token_bearer
from runtime.store.tokens import (
    add_token,
    expire_token,
    find_token,
    forget_claims_of,
    held_tokens,
    known_scopes,
    note_uses,
    revoke_token,
    steady_token,
    tokens_after,
)
from tests.database import FreshDatabase
from tests.unit.runtime.services.founding import START, Founded, found
from tests.unit.runtime.store.rows import waiting_for_a_lock

LATER = START + timedelta(hours=1)


def a_token(founded: Founded, letter: str = "1") -> IssuedToken:
    """Build a token of the owner."""
    return IssuedToken(
        id=f"tok_01KDVDNA00000000000000000{letter}",
        organization_id=founded.organization_id,
        member_id=founded.member_id,
        kind=CredentialKind.API_TOKEN,
        name="x",
        scopes=frozenset({Scope.STATE_READ, Scope.PLANS_EXECUTE}),
        created_at=START,
        created_by=founded.member_id,
        expires_at=START + timedelta(days=1),
    )


async def test_a_token_comes_back_as_it_was(database: FreshDatabase) -> None:
    """And of another tenant there is none."""
    founded = await found(database, FixedClock(START))
    stranger = await found(database, FixedClock(LATER))
    token = a_token(founded)
    async with database.transaction(founded.organization_id) as connection:
        await add_token(connection, token, secret_hash=b"h" * 32)
        own = await find_token(connection, token.id)
    async with database.transaction(stranger.organization_id) as connection:
        others = await find_token(connection, token.id)

    assert (own, others) == (token, None)


async def test_tokens_are_listed_in_the_order_of_their_ids(database: FreshDatabase) -> None:
    """From any of them on, of somebody or of all."""
    founded = await found(database, FixedClock(START))
    async with database.transaction(founded.organization_id) as connection:
        for letter in "312":
            await add_token(connection, a_token(founded, letter), secret_hash=b"h" * 32)
        ids = [f"tok_01KDVDNA00000000000000000{letter}" for letter in "123"]

        first = await tokens_after(connection, None, limit=2, member_id=None)
        rest = await tokens_after(connection, first[-1].id, limit=9, member_id=founded.member_id)
        nobodys = await tokens_after(connection, None, limit=9, member_id="mem_x")

    assert [token.id for token in (*first, *rest)] == [*ids, founded.token_id]
    assert nobodys == ()


async def test_a_token_ends_as_it_is_told(database: FreshDatabase) -> None:
    """At an instant, or at once."""
    founded = await found(database, FixedClock(START))
    async with database.transaction(founded.organization_id) as connection:
        await expire_token(connection, founded.token_id, at=LATER)
        before = await find_token(connection, founded.token_id)
        await revoke_token(connection, founded.token_id, at=START)
        after = await find_token(connection, founded.token_id)

    assert before is not None
    assert (before.expires_at, before.revoked_at) == (LATER, None)
    assert after == replace(before, revoked_at=START)


async def test_a_session_keeps_claims_until_it_ends(database: FreshDatabase) -> None:
    """Ended by a logout or by the time, what was said of the person is forgotten."""
    founded = await found(database, FixedClock(START))
    ids = [a_token(founded, letter).id for letter in "123"]
    async with database.transaction(founded.organization_id) as connection:
        for letter, life in {"1": 1, "2": 1, "3": 9}.items():
            session = replace(
                a_token(founded, letter),
                kind=CredentialKind.SESSION,
                expires_at=START + timedelta(hours=life),
            )
            await add_token(connection, session, secret_hash=b"h" * 32, claims='{"a":1}')
        kept = [await token_bearer(connection, token_id) for token_id in ids]
        await revoke_token(connection, ids[0], at=START)
        revoked = [await token_bearer(connection, token_id) for token_id in ids]
        await forget_claims_of(connection, "mem_of_nobody", at=LATER)
        others = [await token_bearer(connection, token_id) for token_id in ids]
        await forget_claims_of(connection, founded.member_id, at=LATER)
        lapsed = [await token_bearer(connection, token_id) for token_id in ids]

    said = [[bearer and bearer.claims for bearer in one] for one in (kept, revoked, others, lapsed)]
    assert said == [
        ['{"a":1}'] * 3,
        ["", '{"a":1}', '{"a":1}'],
        ["", '{"a":1}', '{"a":1}'],
        ["", "", '{"a":1}'],
    ]


@pytest.mark.parametrize(
    ("kind", "claims"),
    [
        pytest.param(CredentialKind.API_TOKEN, "{}", id="of a token for programs"),
        pytest.param(CredentialKind.SESSION, "x" * 4_097, id="a byte too many"),
        pytest.param(CredentialKind.SESSION, "\u00e9" * 2_049, id="counted in bytes"),
    ],
)
async def test_claims_that_nobody_may_have_are_not_stored(
    database: FreshDatabase, kind: CredentialKind, claims: str
) -> None:
    """Whoever forgets to judge them is refused by the table."""
    founded = await found(database, FixedClock(START))
    token = replace(a_token(founded), kind=kind)

    async with database.transaction(founded.organization_id) as connection:
        with pytest.raises(IntegrityError, match="tokens_claims_check"):
            await add_token(connection, token, secret_hash=b"h" * 32, claims=claims)
        await connection.rollback()


async def test_a_use_is_written_where_none_is_recent(database: FreshDatabase) -> None:
    """Another replica may have written one meanwhile."""
    founded = await found(database, FixedClock(START))
    async with database.transaction(founded.organization_id) as connection:
        seen = list[object]()
        for at, before in ((START, START), (LATER, START), (LATER, LATER)):
            await note_uses(connection, [founded.token_id], at=at, before=before)
            token = await find_token(connection, founded.token_id)
            seen.append(token and token.last_used_at)

    assert seen == [START, START, LATER]


async def test_who_changes_a_token_is_alone_with_it(database: FreshDatabase) -> None:
    """The second one waits, and sees what the first one did."""
    founded = await found(database, FixedClock(START))
    began = asyncio.Event()

    async def second() -> IssuedToken:
        async with database.transaction(founded.organization_id) as connection:
            began.set()
            (token,) = await held_tokens(connection, [founded.token_id, "tok_of_nobody"])
            return token

    async with database.transaction(founded.organization_id) as connection:
        await held_tokens(connection, [founded.token_id])
        waiting = asyncio.create_task(second())
        await began.wait()
        await revoke_token(connection, founded.token_id, at=START)
    seen = await waiting

    assert seen.revoked_at == START


async def test_a_token_that_is_relied_on_ends_later(database: FreshDatabase) -> None:
    """Whoever revokes it waits; whoever notes its use does not, and leaves it out."""
    founded = await found(database, FixedClock(START))

    async def revoked_later() -> None:
        async with database.transaction(founded.organization_id) as connection:
            await revoke_token(connection, founded.token_id, at=START)

    async with database.transaction(founded.organization_id) as connection:
        token = await steady_token(connection, founded.token_id)
        revoking = asyncio.create_task(revoked_later())
        await waiting_for_a_lock(database, founded.organization_id)
        async with database.transaction(founded.organization_id) as beside:
            await note_uses(beside, [founded.token_id], at=START, before=START)
        again = await steady_token(connection, founded.token_id)
    await revoking

    assert token is not None
    assert (token, token.last_used_at) == (again, None)


def test_a_scope_of_a_later_version_means_nothing() -> None:
    """After a rollback, tokens of the newer version still open what is known."""
    assert known_scopes(["state:read", "state:teleport"]) == {Scope.STATE_READ}
