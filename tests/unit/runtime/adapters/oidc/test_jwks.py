"""The one key that fits is found; the issuer is asked again seldom, and believed for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime.adapters.oidc.fetch import IssuerClient
from runtime.adapters.oidc.jwks import MOST_KEYS, IssuerKeys, key_set
from runtime.domain.identity import IdentityRefusal
from runtime.kit.clock import FixedClock
from runtime.ports.identity_provider import SignatureAlgorithm
from tests.contract.identity_world import a_trusted_issuer
from tests.egress import issuers_way
from tests.servers.identity_provider import (
    DISCOVERY,
    KEYS,
    Canned,
    IdentityProvider,
    identity_provider,
)
from tests.servers.signing import a_key
from tests.unit.runtime.adapters.oidc.refusing import refuses

ES256, RS256 = SignatureAlgorithm.ES256, SignatureAlgorithm.RS256
ALL = frozenset(SignatureAlgorithm)
EC_KEY, RSA_KEY = a_key("ec"), a_key("rsa", "RS256")


@pytest.fixture
def clock() -> FixedClock:
    """Stand still until told."""
    return FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def issuer(clock: FixedClock) -> Iterator[IdentityProvider]:
    """Serve an issuer."""
    with identity_provider(clock=clock) as served:
        yield served


@pytest.fixture
async def keys(issuer: IdentityProvider, clock: FixedClock) -> AsyncIterator[IssuerKeys]:
    """Return the keys of the issuer."""
    client = IssuerClient(issuers_way(issuer.url), timeout_s=1.0)
    yield IssuerKeys(a_trusted_issuer(issuer), client=client, clock=clock)
    await client.close()


async def test_keys_are_fetched_once(issuer: IdentityProvider, keys: IssuerKeys) -> None:
    """Many tokens, one question: discovery and keys."""
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(keys.key("key-1", ES256))

    assert (issuer.served[DISCOVERY], issuer.served[KEYS]) == (1, 1)


async def test_an_unknown_id_asks_the_issuer_at_most_every_30_seconds(
    issuer: IdentityProvider, keys: IssuerKeys, clock: FixedClock
) -> None:
    """Whoever invents ids can't make us flood it."""
    await keys.key("key-1", ES256)
    for seconds in (1, 0, 0, 29, 0, 1, 0):
        clock.advance(timedelta(seconds=seconds))
        with refuses(IdentityRefusal.KEY_UNKNOWN):
            await keys.key("no-such-key", ES256)

    assert issuer.served[KEYS] == 3


async def test_a_first_token_with_an_unknown_id_asks_once(
    issuer: IdentityProvider, keys: IssuerKeys
) -> None:
    """What was fetched for this very token is not fetched again."""
    with refuses(IdentityRefusal.KEY_UNKNOWN):
        await keys.key("no-such-key", ES256)

    assert issuer.served[KEYS] == 1


async def test_unknown_ids_at_once_ask_once(
    issuer: IdentityProvider, keys: IssuerKeys, clock: FixedClock
) -> None:
    """A burst of them is one question, and all of them learn of the new key."""
    await keys.key("key-1", ES256)
    clock.advance(timedelta(seconds=1))
    issuer.rotate(a_key("key-2"))
    found = await keys.key("key-2", ES256)
    async with asyncio.TaskGroup() as group:
        others = [group.create_task(keys.key("key-2", ES256)) for _ in range(20)]

    assert {id(task.result()) for task in others} == {id(found)}
    assert issuer.served[KEYS] == 2


async def test_an_unknown_id_in_an_outage_is_an_outage(
    issuer: IdentityProvider, keys: IssuerKeys, clock: FixedClock
) -> None:
    """It may be a new key: the token can't be called wrong. Known keys keep working."""
    await keys.key("key-1", ES256)
    clock.advance(timedelta(seconds=1))
    issuer.answers[KEYS] = Canned(status=503)

    with refuses(IdentityRefusal.UNAVAILABLE):
        await keys.key("key-2", ES256)
    assert (await keys.key("key-1", ES256)).key_id == "key-1"


@pytest.mark.parametrize("paths", [(KEYS,), (DISCOVERY, KEYS)])
async def test_keys_outlive_an_outage_of_an_hour_and_no_more(
    paths: tuple[str, ...], issuer: IdentityProvider, keys: IssuerKeys, clock: FixedClock
) -> None:
    """Then identities are refused; ten seconds after the issuer is back, they are believed."""
    await keys.key("key-1", ES256)
    issuer.answers = dict.fromkeys(paths, Canned(status=503))
    clock.advance(timedelta(seconds=3_599))
    assert (await keys.key("key-1", ES256)).key_id == "key-1"
    clock.advance(timedelta(seconds=1))
    with refuses(IdentityRefusal.UNAVAILABLE):
        await keys.key("key-1", ES256)
    issuer.answers = {}
    clock.advance(timedelta(seconds=10))

    assert (await keys.key("key-1", ES256)).key_id == "key-1"


async def test_keys_are_renewed_while_only_the_metadata_is_out(
    issuer: IdentityProvider, keys: IssuerKeys, clock: FixedClock
) -> None:
    """A withdrawn key stops working although the address of the keys can't be asked for again."""
    await keys.key("key-1", ES256)
    issuer.answers[DISCOVERY] = Canned(status=503)
    issuer.rotate(a_key("key-2"), keep_old=False)
    clock.advance(timedelta(seconds=600))

    assert (await keys.key("key-2", ES256)).key_id == "key-2"
    with refuses(IdentityRefusal.KEY_UNKNOWN):
        await keys.key("key-1", ES256)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{}", id="no keys"),
        pytest.param(b'{"keys":{}}', id="an object"),
        pytest.param(b'{"keys":[' + b"{}," * MOST_KEYS + b"{}]}", id="too many"),
    ],
)
async def test_what_is_no_key_set_is_an_outage(
    body: bytes, issuer: IdentityProvider, keys: IssuerKeys
) -> None:
    """A broken answer withdraws no key; it is no answer."""
    issuer.answers[KEYS] = Canned(body=body)

    with refuses(IdentityRefusal.UNAVAILABLE, "no list of at most 100 keys"):
        await keys.key("key-1", ES256)


async def test_an_empty_set_withdraws_all_keys(
    issuer: IdentityProvider, keys: IssuerKeys, clock: FixedClock
) -> None:
    """An issuer that was broken into says so; that is believed."""
    await keys.key("key-1", ES256)
    issuer.keys = []
    clock.advance(timedelta(seconds=600))

    with refuses(IdentityRefusal.KEY_UNKNOWN):
        await keys.key("key-1", ES256)


async def test_a_token_without_an_id_needs_a_set_with_one_fitting_key(
    issuer: IdentityProvider, keys: IssuerKeys, clock: FixedClock
) -> None:
    """Keys are not tried one after the other."""
    issuer.keys = [EC_KEY, RSA_KEY]
    assert (await keys.key(None, ES256)).key_id == "ec"
    issuer.keys = [EC_KEY, a_key("ec-2")]
    clock.advance(timedelta(seconds=600))

    with refuses(IdentityRefusal.KEY_UNKNOWN, "several keys"):
        await keys.key(None, ES256)


async def test_two_keys_under_one_id_are_told_apart_by_their_type(
    issuer: IdentityProvider, keys: IssuerKeys
) -> None:
    """As the source of key sets allows; two of one type under one id are refused."""
    issuer.keys = [a_key("same"), a_key("same", "RS256")]

    assert (await keys.key("same", ES256)).key_type == "EC"
    assert (await keys.key("same", RS256)).key_type == "RSA"


async def test_a_key_verifies_only_algorithms_of_its_type(
    issuer: IdentityProvider, keys: IssuerKeys
) -> None:
    """An RSA key is none for ES256, whatever a token says."""
    issuer.keys = [RSA_KEY]

    with refuses(IdentityRefusal.ALGORITHM, "not one for ES256"):
        await keys.key("rsa", ES256)


def usable(member: object, algorithms: frozenset[SignatureAlgorithm] = ALL) -> set[str]:
    """Return the algorithms that a published key may verify."""
    found = key_set({"keys": [member]}, algorithms)
    return {one.value for key in found.keys for one in key.by_algorithm}


def without(jwk: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a published key without some members."""
    return {name: value for name, value in jwk.items() if name not in names}


@pytest.mark.parametrize(
    ("algorithm", "alone"),
    [
        ("ES256", {"ES256"}),
        ("ES384", {"ES384"}),
        ("EdDSA", {"EdDSA"}),
        ("RS256", {"RS256", "RS384", "RS512", "PS256"}),
    ],
)
def test_a_key_fits_its_algorithms(algorithm: str, alone: set[str]) -> None:
    """The one that it names, or else those of its type and curve."""
    jwk = a_key("k", algorithm).jwk

    assert usable(jwk) == {algorithm}
    assert usable(without(jwk, "alg", "use")) == alone
    assert usable({**without(jwk, "alg"), "key_ops": ["verify"]}) == alone


def test_only_algorithms_of_the_settings_count() -> None:
    """What the operator did not allow, no published key brings back."""
    assert usable(without(RSA_KEY.jwk, "alg"), frozenset({RS256})) == {"RS256"}
    assert usable(EC_KEY.jwk, frozenset({RS256})) == set()


@pytest.mark.parametrize(
    "member",
    [
        pytest.param("key", id="no object"),
        pytest.param({}, id="empty"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0", "kid": "k"}, id="a shared secret"),
        pytest.param({**RSA_KEY.jwk, "alg": "HS256"}, id="HMAC by an RSA key"),
        pytest.param({**EC_KEY.jwk, "use": "enc"}, id="for encryption"),
        pytest.param({**EC_KEY.jwk, "key_ops": ["sign"]}, id="for signing"),
        pytest.param({**EC_KEY.jwk, "key_ops": "verify"}, id="operations are no list"),
        pytest.param({**EC_KEY.jwk, **EC_KEY.private_jwk}, id="private"),
        pytest.param({**RSA_KEY.jwk, **RSA_KEY.private_jwk}, id="private, of RSA"),
        pytest.param({**EC_KEY.jwk, "kid": 7}, id="id is a number"),
        pytest.param({**EC_KEY.jwk, "crv": "secp256k1"}, id="another curve"),
        pytest.param({**EC_KEY.jwk, "crv": "P-384"}, id="curve and algorithm differ"),
        pytest.param({**EC_KEY.jwk, "x": "AAAA"}, id="a point too short"),
        pytest.param({**EC_KEY.jwk, "y": EC_KEY.jwk["x"]}, id="a point not on the curve"),
        pytest.param({**EC_KEY.jwk, "x": 7}, id="a coordinate is a number"),
        pytest.param(without(EC_KEY.jwk, "y"), id="half a point"),
        pytest.param(a_key("weak", "RS256", bits=1_024).jwk, id="a weak RSA key"),
        pytest.param({**RSA_KEY.jwk, "n": "A" + "_" * 1_366}, id="an RSA key too great"),
        pytest.param({**RSA_KEY.jwk, "e": "AQAAAAAAAAAB"}, id="an exponent too great"),
        pytest.param({**RSA_KEY.jwk, "e": "AA"}, id="an exponent of zero"),
        pytest.param({**RSA_KEY.jwk, "n": None}, id="no modulus"),
        pytest.param({**a_key("ed", "EdDSA").jwk, "crv": "Ed448"}, id="another curve of Edwards"),
        pytest.param({**a_key("ed", "EdDSA").jwk, "x": "AAAA"}, id="a point of Edwards too short"),
    ],
)
def test_a_key_that_is_of_no_use_is_left_out(member: object) -> None:
    """And does no harm to the others."""
    assert usable(member) == set()

    found = key_set({"keys": [member, EC_KEY.jwk]}, ALL)
    assert [key.kid for key in found.keys] == ["ec"]
