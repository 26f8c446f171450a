"""Bearer tokens of trusted issuers are believed; every forged one is refused, by reason.

The issuers are real HTTP servers on loopback. Attacks on tokens are listed in `forged_tokens`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import pytest

from runtime.adapters.oidc.providers import OidcProviders
from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal as No
from runtime.kit.clock import FixedClock
from runtime.ports.identity_provider import (
    SignatureAlgorithm,
    VerifiedIdentity,
)
from tests.contract.forged_tokens import FORGED
from tests.contract.forging import Attack
from tests.contract.identity_world import (
    NOW,
    ORGANIZATION,
    ORGANIZATION_CLAIM,
    OTHER_ORGANIZATION,
    World,
    a_trusted_issuer,
    a_world,
)
from tests.egress import issuers_way
from tests.servers.identity_provider import (
    AUDIENCE,
    CLIENT_ID,
    SUBJECT,
    identity_provider,
)
from tests.servers.signing import a_key

NOW_S: Final = int(NOW.timestamp())
MOST_OF_A_WORD: Final = 12  # what our own sentences may share with a token by chance


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Serve three issuers that are trusted."""
    async with a_world() as built:
        yield built


def test_the_list_of_attacks_is_long() -> None:
    """Whoever shortens it has to say so here."""
    assert len(FORGED) >= 110


@pytest.mark.parametrize(("attack", "reason"), FORGED.values(), ids=FORGED.keys())
async def test_a_forged_token_is_refused(attack: Attack, reason: No, world: World) -> None:
    """By the reason that the table names, and without a word of the token in the message."""
    token = attack(world)

    with pytest.raises(IdentityRefusedError) as caught:
        await world.providers.verify(token)

    assert caught.value.reason is reason
    assert not [
        part for part in re.split(r"[.\s]", token) if len(part) > 8 and part in str(caught.value)
    ]
    assert world.other.served["/evil"] == 0


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
async def test_every_listed_algorithm_is_believed_when_the_settings_say_so(
    algorithm: SignatureAlgorithm,
) -> None:
    """All of them, each by a key of its type."""
    clock = FixedClock(NOW)
    with identity_provider(clock=clock) as issuer:
        issuer.keys = [a_key("key-7", algorithm.value)]
        trusted = a_trusted_issuer(issuer, algorithms={algorithm})
        providers = OidcProviders([trusted], clock=clock, egress=issuers_way(trusted.issuer))
        identity = await providers.verify(issuer.token())
        await providers.close()

    assert identity == VerifiedIdentity(
        issuer=issuer.url,
        subject=SUBJECT,
        organization_id=ORGANIZATION,
        expires_at=NOW + timedelta(minutes=10),
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"user_id": "usr_1", "sub_id": "x", "client_id": "x"}, id="ids"),
        pytest.param({"role": "owner", "roles": ["owner", "admin"], "groups": ["*"]}, id="roles"),
        pytest.param({"scope": "plans:confirm", "scp": ["*"], "permissions": ["*"]}, id="scopes"),
        pytest.param({"confirmed": True, "mode": "autonomous", "acr": "9"}, id="authority"),
        pytest.param({"organization_id": OTHER_ORGANIZATION, "org": "x"}, id="organization"),
        pytest.param({ORGANIZATION_CLAIM: OTHER_ORGANIZATION}, id="another issuer's claim"),
        pytest.param({"name": "x" * 1_000, "nested": {"exp": 0, "sub": "y"}}, id="the rest"),
    ],
)
async def test_other_claims_mean_nothing(changes: dict[str, Any], world: World) -> None:
    """Whatever a token says about authority, it identifies the same person and no more."""
    identity = await world.providers.verify(world.issuer.token(**changes))

    assert identity == await world.providers.verify(world.issuer.token())


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": ["https://other.test", AUDIENCE]}, id="several aud"),
        pytest.param({"aud": [AUDIENCE, "x"], "azp": CLIENT_ID}, id="several aud, our client"),
        pytest.param({"azp": "a-machine"}, id="made by another client for us alone"),
        pytest.param({"nbf": NOW_S + 30}, id="begins within the leeway"),
        pytest.param(
            {"exp": NOW_S - 29, "iat": 1_767_000_000.5 + 260_000},
            id="ended within the leeway",
        ),
        pytest.param({"exp": NOW_S + 86_400}, id="lasts a whole day"),
    ],
)
async def test_what_is_in_bounds_is_believed(changes: dict[str, Any], world: World) -> None:
    """The checks refuse no honest issuer."""
    assert (await world.providers.verify(world.issuer.token(**changes))).subject == SUBJECT


async def test_an_address_is_verified_only_by_the_issuers_word(world: World) -> None:
    """An address without the claim is told, but not as verified."""
    told = await world.providers.verify(world.issuer.token(email="a@b.test"))
    verified = await world.providers.verify(
        world.issuer.token(email="a@b.test", email_verified=True)
    )
    without = await world.providers.verify(world.issuer.token(email_verified=True))

    assert (told.email, told.email_verified) == ("a@b.test", False)
    assert (verified.email, verified.email_verified) == ("a@b.test", True)
    assert (without.email, without.email_verified) == (None, False)


async def test_each_issuer_speaks_for_its_organization(world: World) -> None:
    """By the settings, or by the claim where the settings name one."""
    claim = {ORGANIZATION_CLAIM: OTHER_ORGANIZATION}

    assert (await world.providers.verify(world.issuer.token())).organization_id == ORGANIZATION
    assert (await world.providers.verify(world.other.token())).organization_id == OTHER_ORGANIZATION
    assert (
        await world.providers.verify(world.shared.token(**claim))
    ).organization_id == OTHER_ORGANIZATION


async def test_rotation_of_keys(world: World) -> None:
    """A new key works at once; a withdrawn one for as long as the published set may age."""
    old = world.issuer.token()
    await world.providers.verify(old)
    world.clock.advance(timedelta(seconds=1))
    world.issuer.rotate(a_key("key-2"))

    assert (await world.providers.verify(world.issuer.token())).subject == SUBJECT
    assert (await world.providers.verify(old)).subject == SUBJECT

    world.issuer.keys = world.issuer.keys[:1]
    world.clock.advance(timedelta(seconds=599))
    assert (await world.providers.verify(old)).subject == SUBJECT
    world.clock.advance(timedelta(seconds=1))
    with pytest.raises(IdentityRefusedError) as caught:
        await world.providers.verify(old)

    assert caught.value.reason is No.KEY_UNKNOWN


async def test_after_closing_everything_is_refused(world: World) -> None:
    """Nothing is believed without its keys, and nothing hangs."""
    await world.providers.close()

    with pytest.raises(IdentityRefusedError) as caught:
        await world.providers.verify(world.issuer.token())

    assert caught.value.reason is No.UNAVAILABLE
