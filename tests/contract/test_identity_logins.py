"""Logins at trusted issuers identify the person; one that was tampered with is refused, by reason.

The issuers are real HTTP servers on loopback; the browser is one that follows no redirect.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import orjson
import pytest

from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal as No
from runtime.ports.identity_provider import (
    LoginStart,
    VerifiedIdentity,
)
from tests.contract.identity_world import (
    NOW,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    World,
    a_world,
    callback_of,
)
from tests.servers.identity_provider import (
    AUDIENCE,
    CLIENT_ID,
    REDIRECT_URI,
    SUBJECT,
    TOKEN,
    Canned,
    IdentityProvider,
)
from tests.servers.signing import compact

NOW_S: Final = int(NOW.timestamp())
ELSEWHERE: Final = "http://127.0.0.1/elsewhere"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Serve three issuers that are trusted."""
    async with a_world() as built:
        yield built


async def logged_in(world: World, issuer: IdentityProvider) -> VerifiedIdentity:
    """Log in at an issuer, honestly."""
    start = await world.providers.start_login(issuer.url, redirect_uri=REDIRECT_URI)
    back = await callback_of(start)
    return await world.providers.finish_login(
        start, state=back["state"], code=back["code"], issuer=back["iss"]
    )


async def test_a_login_identifies_the_person(world: World) -> None:
    """A public client, by its PKCE verifier."""
    identity = await logged_in(world, world.issuer)

    assert identity == VerifiedIdentity(
        issuer=world.issuer.url,
        subject=SUBJECT,
        email="person@plangate.test",
        email_verified=True,
        organization_id=ORGANIZATION,
        expires_at=NOW + timedelta(minutes=10),
    )
    assert world.issuer.token_requests[0]["client_id"] == CLIENT_ID


async def test_a_confidential_client_proves_itself(world: World) -> None:
    """By its secret, in the header, not in the form."""
    identity = await logged_in(world, world.other)

    assert identity.organization_id == OTHER_ORGANIZATION
    assert "client_secret" not in world.other.token_requests[0]
    assert "client_id" not in world.other.token_requests[0]


async def test_every_login_has_its_own_secrets(world: World) -> None:
    """State, nonce and verifier are long, random, and not in the repr of the login."""
    first, second = [
        await world.providers.start_login(world.issuer.url, redirect_uri=REDIRECT_URI)
        for _ in range(2)
    ]
    secrets = {text for one in (first, second) for text in (one.state, one.nonce, one.verifier)}

    assert len(secrets) == 6
    assert [len(text) for text in (first.state, first.nonce, first.verifier)] == [43, 43, 64]
    assert not [text for text in secrets if text in repr(first) + repr(second)]
    assert first.verifier not in first.url


Trick = Callable[[World, LoginStart, dict[str, str]], LoginStart | None]
"""Change what the callback brings, what was kept, or the issuer; return what is kept."""


def back(**changes: str | None) -> Trick:
    """Change what the callback brings; None takes a parameter away."""

    def trick(world: World, start: LoginStart, brought: dict[str, str]) -> None:
        for name, value in changes.items():
            brought.pop(name)
            if value is not None:
                brought[name] = value

    return trick


def kept(**changes: str) -> Trick:
    """Change what was kept of the login."""
    return lambda world, start, brought: replace(start, **changes)


def says(**changes: Any) -> Trick:  # noqa: ANN401  # claims are any JSON
    """Change the claims of the identity token, signed honestly."""

    def trick(world: World, start: LoginStart, brought: dict[str, str]) -> None:
        world.issuer.login_changes = changes

    return trick


def answers(canned: Callable[[World, LoginStart], Canned]) -> Trick:
    """Change the whole answer of the token endpoint."""

    def trick(world: World, start: LoginStart, brought: dict[str, str]) -> None:
        world.issuer.answers[TOKEN] = canned(world, start)

    return trick


def gives(identity_token: Callable[[World, dict[str, Any]], Any]) -> Trick:
    """Change the identity token; the maker is told the claims of a good one."""

    def canned(world: World, start: LoginStart) -> Canned:
        good = world.issuer.claims(aud=CLIENT_ID, nonce=start.nonce)
        return Canned(body=orjson.dumps({"id_token": identity_token(world, good)}))

    return answers(canned)


def status(code: int, **changes: Any) -> Trick:  # noqa: ANN401  # parts of the answer
    """Let the token endpoint answer with a status."""
    return answers(lambda world, start: Canned(status=code, **changes))


def of_the_other(world: World, good: dict[str, Any]) -> str:
    """Return a true identity token of another trusted issuer."""
    return world.other.signed({**good, "iss": world.other.url})


def by_client_secret(world: World, good: dict[str, Any]) -> str:
    """Return an identity token signed by HMAC with the RSA key as secret."""
    return compact({"alg": "HS256", "kid": world.rsa.kid}, good, b"x" * 32)


def nothing_kept(world: World, start: LoginStart, brought: dict[str, str]) -> LoginStart:
    """Lose the state on both sides: two empty texts are equal."""
    brought["state"] = ""
    return replace(start, state="")


TRICKS: Final[dict[str, tuple[Trick, No]]] = {
    "state of another login": (back(state="x" * 43), No.STATE),
    "state empty": (back(state=""), No.STATE),
    "state cut": (lambda w, start, brought: brought.update(state=start.state[:-1]), No.STATE),
    "state not ASCII": (back(state="\ud800\u0436"), No.STATE),
    "no state kept, none brought": (
        nothing_kept,
        No.STATE,
    ),
    "iss of another trusted issuer": (
        lambda world, start, brought: brought.update(iss=world.other.url),
        No.ISSUER,
    ),
    "iss missing, though announced": (back(iss=None), No.ISSUER),
    "code of nobody": (back(code="x" * 24), No.CODE),
    "code empty": (back(code=""), No.CODE),
    "code not printable": (back(code="a\nb\0"), No.CODE),
    "code with a lone surrogate": (back(code="\ud800"), No.CODE),
    "code very long": (back(code="x" * 4_097), No.CODE),
    "verifier of another login": (kept(verifier="x" * 64), No.CODE),
    "redirect URI of another login": (kept(redirect_uri=ELSEWHERE), No.CODE),
    "issuer that nobody trusts": (kept(issuer="https://evil.test"), No.ISSUER),
    "nonce of another login": (says(nonce="x" * 43), No.NONCE),
    "nonce missing": (says(nonce=None), No.CLAIM_MISSING),
    "nonce is a number": (says(nonce=1), No.CLAIM_INVALID),
    "nonce not ASCII": (says(nonce="\u0436" * 43), No.NONCE),
    "aud of the API": (says(aud=AUDIENCE), No.AUDIENCE),
    "azp of another client": (says(azp="other-client"), No.AUDIENCE),
    "azp is null": (gives(lambda w, good: w.issuer.signed({**good, "azp": None})), No.AUDIENCE),
    "sub missing": (says(sub=None), No.CLAIM_MISSING),
    "exp past": (says(iat=NOW_S - 99, exp=NOW_S - 30), No.EXPIRED),
    "iss changed": (says(iss="https://evil.test"), No.ISSUER),
    "token of another trusted issuer": (gives(of_the_other), No.SIGNATURE),
    "token by HMAC": (gives(by_client_secret), No.ALGORITHM),
    "token unsigned": (gives(lambda w, good: compact({"alg": "none"}, good, b"")), No.ALGORITHM),
    "an access token": (
        gives(lambda w, good: compact({"alg": "ES256", "typ": "at+jwt"}, good, w.key)),
        No.HEADER,
    ),
    "token by a stranger": (
        gives(lambda w, good: w.issuer.signed(good, key=w.stranger)),
        No.SIGNATURE,
    ),
    "token missing": (status(200), No.MALFORMED),
    "token is no text": (gives(lambda w, good: good), No.MALFORMED),
    "refused by the issuer": (status(400), No.CODE),
    "client refused by the issuer": (status(401), No.CODE),
    "issuer fails": (status(500), No.UNAVAILABLE),
    "issuer is busy": (status(429), No.UNAVAILABLE),
    "issuer answers with a page": (status(200, content_type="text/html"), No.UNAVAILABLE),
    "issuer sends elsewhere": (
        status(307, content_type="text/html", headers={"Location": ELSEWHERE}),
        No.UNAVAILABLE,
    ),
    "issuer sends elsewhere in JSON": (
        status(307, headers={"Location": ELSEWHERE}),
        No.CODE,
    ),
}


@pytest.mark.parametrize(("trick", "reason"), TRICKS.values(), ids=TRICKS.keys())
async def test_a_login_that_was_tampered_with_is_refused(
    trick: Trick, reason: No, world: World
) -> None:
    """By the reason that the table names, without code, state or secret in the message."""
    start = await world.providers.start_login(world.issuer.url, redirect_uri=REDIRECT_URI)
    brought = await callback_of(start)
    code = brought["code"]
    pending = trick(world, start, brought) or start

    with pytest.raises(IdentityRefusedError) as caught:
        await world.providers.finish_login(
            pending, state=brought["state"], code=brought["code"], issuer=brought.get("iss")
        )

    assert caught.value.reason is reason
    secrets = (code, start.state, start.nonce, start.verifier)
    assert not [text for text in secrets if text in str(caught.value)]


async def test_a_code_is_redeemed_once(world: World) -> None:
    """Whoever replays a callback gets nothing."""
    start = await world.providers.start_login(world.issuer.url, redirect_uri=REDIRECT_URI)
    brought = await callback_of(start)
    how = {"state": brought["state"], "code": brought["code"], "issuer": brought["iss"]}
    await world.providers.finish_login(start, **how)

    with pytest.raises(IdentityRefusedError) as caught:
        await world.providers.finish_login(start, **how)

    assert caught.value.reason is No.CODE


async def test_a_wrong_state_does_not_reach_the_issuer(world: World) -> None:
    """Nobody's code is redeemed for a browser that did not ask for it."""
    start = await world.providers.start_login(world.issuer.url, redirect_uri=REDIRECT_URI)

    with pytest.raises(IdentityRefusedError):
        await world.providers.finish_login(start, state="x", code="code", issuer=start.issuer)

    assert world.issuer.served[TOKEN] == 0


@pytest.mark.parametrize(
    ("redirect_uri", "reason"),
    [
        pytest.param(ELSEWHERE, No.REDIRECT, id="another path"),
        pytest.param(REDIRECT_URI + "/", No.REDIRECT, id="a slash more"),
        pytest.param(REDIRECT_URI + "?next=https://evil.test", No.REDIRECT, id="a query more"),
        pytest.param(REDIRECT_URI.upper(), No.REDIRECT, id="upper case"),
        pytest.param("https://evil.test/v1/login/callback", No.REDIRECT, id="another host"),
        pytest.param("javascript:alert(1)", No.REDIRECT, id="a script"),
        pytest.param("", No.REDIRECT, id="empty"),
    ],
)
async def test_a_login_returns_only_to_listed_addresses(
    redirect_uri: str, reason: No, world: World
) -> None:
    """Letter by letter: there is no open redirect."""
    with pytest.raises(IdentityRefusedError) as caught:
        await world.providers.start_login(world.issuer.url, redirect_uri=redirect_uri)

    assert caught.value.reason is reason


async def test_a_login_at_an_issuer_that_nobody_trusts_is_refused(world: World) -> None:
    """The browser is sent to no address that the settings do not lead to."""
    with pytest.raises(IdentityRefusedError) as caught:
        await world.providers.start_login("https://evil.test", redirect_uri=REDIRECT_URI)

    assert caught.value.reason is No.ISSUER
