"""A credential becomes a caller by one question, or is refused without a reason."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from runtime.domain.caller import CredentialKind
from runtime.domain.errors import (
    CredentialRefusedError,
    CredentialUnverifiableError,
    IdentityRefusedError,
    StorageUnavailableError,
)
from runtime.domain.identity import IdentityRefusal
from runtime.domain.scope import Scope
from runtime.kit.clock import FixedClock
from runtime.kit.ids import parse_id
from runtime.ports.identity_provider import LoginStart, PendingLogin, VerifiedIdentity
from runtime.services.identity.authentication import MOST_LETTERS, Authentication
from runtime.services.identity.token_uses import TokenUses
from runtime.store.session import Database
from tests.database import FreshDatabase
from tests.unit.runtime.services.founding import KEYS, START, Founded, found

OPERATOR = "an operator's credential of 32 letters"


@dataclass(kw_only=True)
class Vouching:
    """Vouch for whoever is told, or refuse for a reason."""

    identity: VerifiedIdentity | None = None
    reason: IdentityRefusal = IdentityRefusal.SIGNATURE
    asked: list[str] = field(default_factory=list)

    async def verify(self, bearer: str) -> VerifiedIdentity:
        """Answer as told."""
        self.asked.append(bearer)
        if self.identity is None:
            raise IdentityRefusedError(reason=self.reason, detail="as told")
        return self.identity

    async def start_login(self, issuer: str, *, redirect_uri: str) -> LoginStart:
        """Start nothing."""
        raise NotImplementedError

    async def finish_login(
        self, pending: PendingLogin, *, state: str, code: str, issuer: str | None = None
    ) -> VerifiedIdentity:
        """Finish nothing."""
        raise NotImplementedError

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(kw_only=True)
class Setting:
    """Hold what a test of authentication works with."""

    database: FreshDatabase
    clock: FixedClock
    founded: Founded
    vouching: Vouching
    authentication: Authentication
    queries: list[str]


@pytest_asyncio.fixture
async def setting(database: FreshDatabase) -> Setting:
    """Make an organization, and count the questions that the database is asked from then on."""
    clock, vouching = FixedClock(START), Vouching()
    founded = await found(database, clock)
    queries = list[str]()

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def count(_c: object, _k: object, statement: str, *_: object) -> None:
        if "members" in statement:
            queries.append(statement)

    authentication = Authentication(
        database,
        clock,
        KEYS,
        uses=TokenUses(database, clock, most_waiting=0),
        identities=vouching,
        operator_token=SecretStr(OPERATOR),
    )
    return Setting(
        database=database,
        clock=clock,
        founded=founded,
        vouching=vouching,
        authentication=authentication,
        queries=queries,
    )


async def test_a_token_is_looked_up_by_one_query_and_then_remembered(setting: Setting) -> None:
    """For three seconds."""
    callers = [await setting.authentication.caller_of(setting.founded.text) for _ in range(5)]
    asked_once = len(setting.queries)
    setting.clock.advance(timedelta(seconds=3))
    await setting.authentication.caller_of(setting.founded.text)

    assert callers == [setting.founded.caller()] * 5
    assert (asked_once, len(setting.queries)) == (1, 2)


async def test_fifty_requests_at_once_ask_one_question(setting: Setting) -> None:
    """As when a fleet of workers starts with one token."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(setting.authentication.caller_of(setting.founded.text))
            for _ in range(50)
        ]

    assert {task.result().credential_id for task in tasks} == {setting.founded.token_id}
    assert len(setting.queries) == 1


async def test_fifty_wrong_requests_ask_one_question(setting: Setting) -> None:
    """Guessing costs the guesser."""
    async with setting.database.transaction(setting.founded.organization_id) as connection:
        await connection.exec_driver_sql("update tokens set hash = '\\x00'")
    for _ in range(50):
        with pytest.raises(CredentialRefusedError):
            await setting.authentication.caller_of(setting.founded.text)

    assert len(setting.queries) == 1


@pytest.mark.parametrize(
    "bearer", ["", "a" * (MOST_LETTERS + 1), "pgt_nothing", "\ud800", "pgt_" + "0" * 92]
)
async def test_what_is_no_token_costs_no_question(setting: Setting, bearer: str) -> None:
    """Its checksum tells."""
    with pytest.raises(CredentialRefusedError):
        await setting.authentication.caller_of(bearer)

    assert setting.queries == []


async def test_a_foreign_token_is_refused_where_nobody_is_trusted(setting: Setting) -> None:
    """Without an issuer there is nobody to ask."""
    alone = Authentication(
        setting.database, setting.clock, KEYS, uses=TokenUses(setting.database, setting.clock)
    )

    with pytest.raises(CredentialRefusedError):
        await alone.caller_of("a.b.c")


async def test_a_database_that_is_away_is_no_refusal(setting: Setting) -> None:
    """And is asked again with the next request."""
    nowhere = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:9/nothing")
    away = Database(engine=nowhere, direct=setting.database.direct)
    authentication = Authentication(away, setting.clock, KEYS, uses=TokenUses(away, setting.clock))
    with pytest.raises(StorageUnavailableError):
        await authentication.caller_of(setting.founded.text)

    away.engine = setting.database.engine

    assert await authentication.caller_of(setting.founded.text) == setting.founded.caller()


async def test_an_identity_is_the_member_that_it_is_bound_to(setting: Setting) -> None:
    """With all that the role can allow, until the identity ends."""
    await bind(setting, subject="s")
    setting.vouching.identity = an_identity(setting, ends_in=timedelta(seconds=2))

    caller = await setting.authentication.caller_of("a.b.c")
    again = await setting.authentication.caller_of("a.b.c")
    setting.vouching.identity = None
    setting.clock.advance(timedelta(seconds=2))

    assert caller == again
    assert (caller.member_id, caller.credential_kind) == (
        setting.founded.member_id,
        CredentialKind.OIDC,
    )
    assert caller.scopes == frozenset(Scope)
    assert caller.credential_id == f"oidc:{setting.founded.member_id}"
    with pytest.raises(CredentialRefusedError):
        await setting.authentication.caller_of("a.b.c")
    assert setting.vouching.asked == ["a.b.c", "a.b.c"]


async def test_a_caller_is_what_this_token_of_theirs_claims(setting: Setting) -> None:
    """Another token of the same person may claim something else; an API token claims nothing."""
    await bind(setting, subject="s")
    vouched = an_identity(setting, ends_in=timedelta(hours=1))
    said = dict[str, str]()
    for bearer, claims in {"a.b.c": '{"team":"ops"}', "a.b.d": '{"team":"law"}'}.items():
        setting.vouching.identity = replace(vouched, claims=claims)
        said[bearer] = (await setting.authentication.caller_of(bearer)).claims

    assert said == {"a.b.c": '{"team":"ops"}', "a.b.d": '{"team":"law"}'}
    assert (await setting.authentication.caller_of("a.b.c")).claims == '{"team":"ops"}'
    assert (await setting.authentication.caller_of(setting.founded.text)).claims == ""


async def test_an_identity_of_nobody_is_refused(setting: Setting) -> None:
    """An address in it makes nobody a member."""
    setting.vouching.identity = an_identity(setting, ends_in=timedelta(hours=1))

    with pytest.raises(CredentialRefusedError):
        await setting.authentication.caller_of("a.b.c")


async def test_an_issuer_that_is_away_is_no_refusal_and_not_remembered(setting: Setting) -> None:
    """The next request asks again."""
    setting.vouching.reason = IdentityRefusal.UNAVAILABLE
    for _ in range(2):
        with pytest.raises(CredentialUnverifiableError):
            await setting.authentication.caller_of("a.b.c")

    assert len(setting.vouching.asked) == 2


async def test_a_refused_identity_is_asked_about_once_a_second(setting: Setting) -> None:
    """Its signature is not checked again for each request."""
    for _ in range(3):
        with pytest.raises(CredentialRefusedError):
            await setting.authentication.caller_of("a.b.c")

    assert setting.vouching.asked == ["a.b.c"]


async def test_the_operators_organization_is_new_or_that_of_the_key(setting: Setting) -> None:
    """So that a repeated request finds what it made."""
    ask = setting.authentication.operator_or_caller_of

    fresh = [(await ask(OPERATOR, request_key=None)).organization_id for _ in range(2)]
    keyed = [(await ask(OPERATOR, request_key=key)).organization_id for key in ("a", "a", "b")]

    assert len({*fresh, *keyed}) == 4
    assert keyed[0] == keyed[1]
    assert all(parse_id(identifier, "org") for identifier in [*fresh, *keyed])


async def test_the_operator_is_nobody_in_an_organization(setting: Setting) -> None:
    """No owner, no member; one scope."""
    caller = await setting.authentication.operator_or_caller_of(OPERATOR, request_key=None)

    assert not caller.owner
    assert caller.scopes == {Scope.ORGANIZATION_MANAGE}
    assert caller.credential_kind is CredentialKind.OPERATOR


async def test_where_the_operator_is_welcome_others_are_who_they_are(setting: Setting) -> None:
    """And nobody is the operator where there is none."""
    ask = setting.authentication.operator_or_caller_of
    without = Authentication(
        setting.database, setting.clock, KEYS, uses=TokenUses(setting.database, setting.clock)
    )

    caller = await ask(setting.founded.text, request_key=None)

    assert caller == setting.founded.caller()
    for bearer in (OPERATOR[:-1], OPERATOR + "x", ""):
        with pytest.raises(CredentialRefusedError):
            await ask(bearer, request_key=None)
    with pytest.raises(CredentialRefusedError):
        await without.operator_or_caller_of(OPERATOR, request_key=None)
    with pytest.raises(CredentialRefusedError):
        await without.operator_or_caller_of("", request_key=None)


async def test_elsewhere_the_operators_credential_opens_nothing(setting: Setting) -> None:
    """It is no token."""
    with pytest.raises(CredentialRefusedError):
        await setting.authentication.caller_of(OPERATOR)


async def test_a_member_is_forgotten_with_all_their_credentials(setting: Setting) -> None:
    """A role that was taken away is not remembered here."""
    before = await setting.authentication.caller_of(setting.founded.text)
    async with setting.database.transaction(setting.founded.organization_id) as connection:
        await connection.exec_driver_sql("update members set organization_role = 'member'")

    setting.authentication.forget_member(setting.founded.member_id)
    after = await setting.authentication.caller_of(setting.founded.text)

    assert (before.owner, after.owner) == (True, False)


async def bind(setting: Setting, *, subject: str) -> None:
    """Bind the owner to an identity."""
    async with setting.database.transaction(setting.founded.organization_id) as connection:
        await connection.exec_driver_sql(
            "update members set issuer = 'https://issuer.example', subject = $1", (subject,)
        )


def an_identity(setting: Setting, *, ends_in: timedelta) -> VerifiedIdentity:
    """Build the identity of somebody in the organization."""
    return VerifiedIdentity(
        issuer="https://issuer.example",
        subject="s",
        email="olga@example.com",
        email_verified=True,
        organization_id=setting.founded.organization_id,
        expires_at=setting.clock.now() + ends_in,
    )
