"""A credential that opens nothing is refused in the same words, whatever is wrong with it (A2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from runtime.domain.token import SECRET_BYTES, TokenKind, mint, parse_token
from tests.api.identity.browser import Browser
from tests.api.identity.issuers import Trusting
from tests.api.identity.world import OPERATOR, Answered, World
from tests.servers.identity_provider import IdentityProvider
from tests.servers.signing import a_key, compact

NO_TOKEN = "tok_01KDVDNA000000000000000000"  # noqa: S105  # an id

Forged = Callable[[IdentityProvider], str]


def told(answered: Answered) -> tuple[int, bytes, str | None]:
    """Return all of a refusal that a caller can see."""
    return answered.status, answered.body, answered.header("www-authenticate")


async def test_every_refusal_of_a_token_is_the_same(world: World) -> None:
    """Unknown, malformed, of another kind, with another secret, expired, revoked, of nobody."""
    founded, other = await world.found(), await world.found()
    robot = await world.service(founded.token)
    good = await world.token(founded.token, expires_in_days=1)
    revoked = await world.token(founded.token)
    removed = await world.token(founded.token, member=robot)
    await world.call("POST", f"/v1/tokens/{revoked['id']}:revoke", token=founded.token)
    gone = await world.call("POST", f"/v1/members/{robot}:remove", token=founded.token)
    assert gone.status == 200
    said = parse_token((await world.token(founded.token, expires_in_days=9))["text"])

    def forged(
        kind: TokenKind = TokenKind.API,
        *,
        organization_id: str = founded.id,
        token_id: str = said.token_id,
        secret: bytes = bytes(SECRET_BYTES),
    ) -> str:
        return mint(kind, organization_id=organization_id, token_id=token_id, secret=secret)

    world.clock.advance(timedelta(days=1))
    bearers = {
        "none": None,
        "empty": "",
        "words": "let me in",
        "cut off": good["text"][:-1],
        "mistyped": good["text"][:-1] + ("A" if good["text"][-1] != "A" else "B"),
        "expired": good["text"],
        "revoked": revoked["text"],
        "of who was removed": removed["text"],
        "another secret": forged(),
        "another kind": forged(TokenKind.SESSION, secret=said.secret),
        "another organization": forged(organization_id=other.id, secret=said.secret),
        "no organization": forged(organization_id="org_01KDVDNA000000000000000000"),
        "no such token": forged(token_id=NO_TOKEN),
        "the operator's": OPERATOR,
        "three parts": "a.b.c",
        "very long": "a" * 100_000,
        "not of ASCII": "pgt_\xe9",
    }
    expected = told(await world.call("GET", "/v1/tokens"))

    answers = {
        name: told(await world.call("GET", "/v1/tokens", token=bearer))
        for name, bearer in bearers.items()
    }

    assert expected[0] == 401
    assert expected[2] == 'Bearer realm="plangate"'
    assert {name: answer for name, answer in answers.items() if answer != expected} == {}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("authorization", "Basic {}")], id="another scheme"),
        pytest.param([("authorization", "{}")], id="no scheme"),
        pytest.param(
            [("authorization", "Bearer {}"), ("authorization", "Bearer {}")], id="two of them"
        ),
        pytest.param([("x-api-key", "{}")], id="another header"),
        pytest.param([("cookie", "token={}")], id="another cookie"),
        pytest.param(
            [("authorization", "Bearer x"), ("cookie", "plangate_session={}")],
            id="a bad one beside a good cookie",
        ),
    ],
)
async def test_a_token_is_read_where_it_belongs(
    world: World, headers: list[tuple[str, str]]
) -> None:
    """Two readers of a request must not find two callers in it."""
    token = (await world.found()).token

    refused = await world.call(
        "GET", "/v1/me", headers=[(name, value.format(token)) for name, value in headers]
    )

    assert (refused.status, refused.code) == (401, "token_refused")


async def test_a_token_in_the_address_is_not_read(world: World) -> None:
    """Addresses end up in logs."""
    token = (await world.found()).token

    refused = await world.call("GET", "/v1/me", query=f"access_token={token}&token={token}")

    assert refused.status == 401


FORGERIES: dict[str, Forged] = {
    "no signature": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "algorithm none": lambda issuer: (
        compact({"alg": "none", "typ": "JWT"}, issuer.claims(), issuer.keys[0]).rpartition(".")[0]
        + "."
    ),
    "a stranger's key": lambda issuer: issuer.signed(issuer.claims(), key=a_key()),
    "another issuer": lambda issuer: issuer.token(iss="https://evil.example"),
    "another audience": lambda issuer: issuer.token(aud="https://other.example"),
    "expired": lambda issuer: issuer.token(exp=1_700_000_000),
    "not yet valid": lambda issuer: issuer.token(nbf=4_000_000_000),
    "no subject": lambda issuer: issuer.token(sub=None),
    "nobody's subject": lambda issuer: issuer.token(sub="stranger"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_every_refusal_of_a_foreign_token_is_the_same(
    trusted: Trusting, forge: Forged
) -> None:
    """And the same as that of our own; which check failed stays here."""
    await Browser(world=trusted.world).log_in()  # so that the subject is a member
    expected = told(await trusted.world.call("GET", "/v1/me"))

    refused = await trusted.world.call("GET", "/v1/me", token=forge(trusted.issuer))

    assert told(refused) == expected


async def test_a_good_foreign_token_opens(trusted: Trusting) -> None:
    """Else the table above would prove nothing."""
    await Browser(world=trusted.world).log_in()

    opened = await trusted.world.call("GET", "/v1/me", token=trusted.issuer.token())

    assert opened.status == 200
    assert opened.json["member"]["id"] == trusted.founded.owner
    assert opened.json["credential"]["kind"] == "oidc"


async def test_a_service_has_no_login(trusted: Trusting) -> None:
    """A foreign token whose subject is bound to a service opens nothing."""
    world, organization_id = trusted.world, trusted.founded.id
    robot = await world.service(trusted.founded.token)
    async with world.database.transaction(organization_id) as connection:
        await connection.exec_driver_sql(
            "update members set issuer = $1, subject = 'robot' where id = $2",
            (trusted.issuer.url, robot),
        )

    refused = await world.call("GET", "/v1/me", token=trusted.issuer.token(sub="robot"))

    assert refused.status == 401
