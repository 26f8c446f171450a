"""Credentials that Vault makes come with their lease, which never outlasts the login."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import orjson
import pytest
from pydantic import SecretStr

from runtime.domain.errors import SecretDeniedError, SecretMalformedError, SecretUnavailableError
from runtime.domain.secret_reference import read_reference
from runtime.ports.secret_places import VaultAuth, VaultMount, VaultPlace
from runtime.ports.secret_provider import Fetched, Lease
from tests.servers.vault_server import ROLE, SECRET_ID, VaultServer, vault_server

pytest.importorskip("hvac", reason="pip install 'plangate[vault]' un-skips this")

from runtime.adapters.secret_providers.vault import VaultProvider

CREDENTIAL = "vault://database/creds/app"


@pytest.fixture
def vault() -> Iterator[VaultServer]:
    """Serve a Vault that makes credentials."""
    with vault_server() as server:
        yield server


@pytest.fixture
async def provider(vault: VaultServer) -> AsyncIterator[VaultProvider]:
    """Open a provider with a login by AppRole."""
    place = VaultPlace(
        address=vault.url,
        auth=VaultAuth.APPROLE,
        role=ROLE,
        credential=SecretStr(SECRET_ID),
        mounts={"database": VaultMount.DYNAMIC},
        deadline_s=2.0,
    )
    opened = VaultProvider(place, clock=vault.clock)
    yield opened
    await opened.close()


async def _fetch(provider: VaultProvider, text: str = CREDENTIAL) -> Fetched:
    return await provider.fetch(read_reference(text))


async def _leased(provider: VaultProvider, text: str = CREDENTIAL) -> Lease:
    lease = (await _fetch(provider, text)).lease
    assert lease is not None
    return lease


async def test_a_credential_is_answered_as_a_whole(provider: VaultProvider) -> None:
    """Name and password belong together, and each reading has new ones made."""
    first, second = await _fetch(provider), await _fetch(provider)

    assert orjson.loads(first.value.text()) == {"username": "v-app-1", "password": "made-1"}
    assert orjson.loads(second.value.text()) == {"username": "v-app-2", "password": "made-2"}
    assert first.version != second.version
    assert first.lease is not None
    assert first.lease.lasts_s == 600.0
    assert first.lease.renewable


async def test_fields_that_are_read_apart_belong_together(provider: VaultProvider) -> None:
    """Each issue gives each field once: reading a field again has a new credential made."""
    fields = ("username", "password", "password", "username", "username", "username")

    texts = [(await _fetch(provider, f"{CREDENTIAL}#{name}")).value.text() for name in fields]

    assert texts == ["v-app-1", "made-1", "made-2", "v-app-2", "v-app-3", "v-app-4"]


async def test_fields_that_are_read_at_once_belong_together(
    vault: VaultServer, provider: VaultProvider
) -> None:
    """Whoever comes second takes from what the first had made."""
    async with asyncio.TaskGroup() as group:
        name = group.create_task(_fetch(provider, f"{CREDENTIAL}#username"))
        password = group.create_task(_fetch(provider, f"{CREDENTIAL}#password"))

    assert name.result().lease == password.result().lease
    assert len(vault.made) == 1


async def test_an_issue_does_not_wait_for_ever(vault: VaultServer, provider: VaultProvider) -> None:
    """After a minute, its other field is another credential's."""
    await _fetch(provider, f"{CREDENTIAL}#username")
    vault.clock.advance(timedelta(seconds=60))

    fetched = await _fetch(provider, f"{CREDENTIAL}#password")

    assert fetched.value.text() == "made-2"


async def test_a_field_that_no_credential_has_is_malformed(provider: VaultProvider) -> None:
    """As everywhere."""
    with pytest.raises(SecretMalformedError):
        await _fetch(provider, f"{CREDENTIAL}#token")


async def test_a_lease_is_renewed(vault: VaultServer, provider: VaultProvider) -> None:
    """It lasts as long again, until its longest is near."""
    lease = await _leased(provider)
    vault.clock.advance(timedelta(seconds=300))
    renewed = await provider.renew(lease)
    vault.clock.advance(timedelta(seconds=500))
    vault.clock.advance(timedelta(seconds=50))
    last = await provider.renew(renewed)

    assert (renewed.id, renewed.lasts_s) == (lease.id, 600.0)
    assert last.lasts_s == 600.0
    vault.clock.advance(timedelta(seconds=350))
    assert (await provider.renew(last)).lasts_s == 300.0


async def test_a_lease_that_is_over_is_not_renewed(
    vault: VaultServer, provider: VaultProvider
) -> None:
    """Whoever holds it fetches anew."""
    lease = await _leased(provider)
    vault.clock.advance(timedelta(seconds=601))

    with pytest.raises(SecretDeniedError, match="fetch the reference anew"):
        await provider.renew(lease)


async def test_a_lease_never_outlasts_the_login_that_made_it(
    vault: VaultServer, provider: VaultProvider
) -> None:
    """What a token made dies with it, whatever Vault said of the lease."""
    vault.lease_s = 50_000.0

    lease = await _leased(provider)

    assert lease.lasts_s == vault.token_s


async def test_a_lease_of_an_earlier_login_is_not_renewed(
    vault: VaultServer, provider: VaultProvider
) -> None:
    """Vault would say yes, and let it end with the token that is not renewed any more."""
    lease = await _leased(provider)
    for token in vault.tokens.values():
        token.renewable = False
    vault.clock.advance(timedelta(seconds=1_800))
    vault.lease_s = 5_000.0
    vault.asked.clear()

    with pytest.raises(SecretDeniedError):
        await provider.renew(lease)

    assert ("PUT", "sys/leases/renew") not in vault.asked


async def test_renewing_keeps_the_login_alive(vault: VaultServer, provider: VaultProvider) -> None:
    """Who holds a lease renews it at half of its life, and that renews the token in time."""
    vault.lease_s = vault.lease_most_s = 50_000.0
    lease = await _leased(provider)

    for _ in range(20):
        vault.clock.advance(timedelta(seconds=lease.lasts_s / 2))
        lease = await provider.renew(lease)
        if vault.clock.monotonic_s() > 3 * vault.token_s:
            break

    assert vault.clock.monotonic_s() > 3 * vault.token_s
    assert vault.logins == 1


async def test_an_outage_is_no_end_of_a_lease(vault: VaultServer, provider: VaultProvider) -> None:
    """It may be renewed later."""
    lease = await _leased(provider)
    vault.fault = (503, {})

    with pytest.raises(SecretUnavailableError):
        await provider.renew(lease)


async def test_a_role_that_makes_nothing_is_missing_its_document(
    vault: VaultServer, provider: VaultProvider
) -> None:
    """An answer without data is no credential."""
    await _fetch(provider)
    vault.body = b'{"lease_id": "x", "lease_duration": 60, "data": null}'

    with pytest.raises(SecretMalformedError):
        await _fetch(provider)


async def test_what_is_made_without_a_lease_lasts_until_it_is_rotated(
    vault: VaultServer, provider: VaultProvider
) -> None:
    """Some engines make what nobody can take back."""
    await _fetch(provider)
    vault.body = b'{"lease_id": "", "lease_duration": 0, "data": {"key": "k"}}'

    fetched = await _fetch(provider, f"{CREDENTIAL}#key")

    assert (fetched.value.text(), fetched.lease) == ("k", None)
    assert fetched.version
