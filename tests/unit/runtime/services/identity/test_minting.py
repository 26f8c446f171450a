"""A token is stored by its hash alone, in the transaction of whoever makes it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runtime.domain.caller import CredentialKind
from runtime.domain.scope import Scope
from runtime.domain.token import TokenKind, matches, parse_token
from runtime.kit.clock import FixedClock
from runtime.services.context import Context, Ids
from runtime.services.identity.minting import Mint, Minted, TokenKeys, Wish
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.access import token_bearer
from tests.database import FreshDatabase
from tests.unit.runtime.services.founding import KEYS, START, Founded, found


async def struck(
    database: FreshDatabase, founded: Founded, wish: Wish, *, fails: bool = False
) -> Minted:
    """Make a token in a transaction, which may fail afterwards."""
    made = list[Minted]()

    async def work(unit: Unit) -> Answer:
        made.append(await Mint(KEYS).strike(unit, wish, organization_id=founded.organization_id))
        if fails:
            raise ZeroDivisionError
        return Answer(document={})

    context = Context(caller=founded.caller())
    await once(database, Ids(FixedClock(START)), context, work=work)
    return made[0]


def a_wish(founded: Founded, *, kind: CredentialKind = CredentialKind.API_TOKEN) -> Wish:
    """Build a wish."""
    return Wish(
        member_id=founded.member_id,
        created_by=founded.member_id,
        name="x",
        scopes=frozenset({Scope.STATE_READ}),
        life=timedelta(days=1),
        kind=kind,
    )


@pytest.mark.parametrize(
    ("kind", "text_kind"),
    [
        (CredentialKind.API_TOKEN, TokenKind.API),
        (CredentialKind.SESSION, TokenKind.SESSION),
    ],
)
async def test_the_text_is_of_the_kind_and_fits_the_hash(
    database: FreshDatabase, kind: CredentialKind, text_kind: TokenKind
) -> None:
    """Under the server's first key, and bound to the token's id."""
    founded = await found(database, FixedClock(START))

    made = await struck(database, founded, a_wish(founded, kind=kind))
    async with database.transaction(founded.organization_id) as connection:
        stored = await token_bearer(connection, made.token.id)

    said = parse_token(made.text)
    assert (said.kind, said.token_id) == (text_kind, made.token.id)
    assert stored is not None
    assert (stored.kind, stored.scopes) == (kind, frozenset({Scope.STATE_READ}))
    assert stored.expires_at == START + timedelta(days=1)
    assert matches(stored.hash, said.secret, keys=KEYS.keys, token_id=said.token_id)


async def test_a_token_is_made_with_the_rest_or_not_at_all(database: FreshDatabase) -> None:
    """No token outlives the failure of what it was made for."""
    founded = await found(database, FixedClock(START))

    with pytest.raises(ZeroDivisionError):
        await struck(database, founded, a_wish(founded), fails=True)
    async with database.transaction(founded.organization_id) as connection:
        counted = await connection.exec_driver_sql("select count(*) from tokens")

    assert counted.scalar_one() == 1


async def test_it_is_recorded_without_its_text(database: FreshDatabase) -> None:
    """As an event and as an audit record."""
    founded = await found(database, FixedClock(START))

    made = await struck(database, founded, a_wish(founded))
    async with database.transaction(founded.organization_id) as connection:
        found_records = await connection.exec_driver_sql(
            "select document from events where type = 'token.created' union all "
            "select document from audit_records where kind = 'token.created'"
        )
        documents = [document for document in found_records.scalars() if made.token.id in document]

    assert len(documents) == 2
    assert not any(made.text[8:] in document for document in documents)


def test_neither_text_nor_keys_are_shown() -> None:
    """As where somebody prints what they hold."""
    assert "b'" not in repr(KEYS)
    assert KEYS.signing == KEYS.keys[0]


def test_keys_worth_nothing_are_refused() -> None:
    """Before anything is signed with them."""
    with pytest.raises(ValueError, match="expected one key or more"):
        TokenKeys(keys=(b"short",))
