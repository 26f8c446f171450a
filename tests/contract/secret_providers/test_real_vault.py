"""Ask a real Vault or OpenBao what the fake can only claim: leases, old mounts, revoked logins.

It is started where `vault` or `bao` is on PATH; credentials are made in a real Postgres.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import orjson
import pytest
from pydantic import SecretStr

from runtime.domain.errors import SecretDeniedError, SecretMissingError
from runtime.domain.secret_reference import read_reference
from runtime.kit.clock import SystemClock
from runtime.ports.secret_places import VaultAuth, VaultMount, VaultPlace
from runtime.ports.secret_provider import Fetched
from tests.database import DatabaseServer, session
from tests.servers.real_vault import RealVault, own_vault

pytest.importorskip("hvac", reason="pip install 'plangate[vault]' un-skips this")

from runtime.adapters.secret_providers.vault import VaultProvider

_CREATION = (
    "create role \"{{name}}\" with login password '{{password}}' valid until '{{expiration}}'"
)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[RealVault]:
    """Start a Vault of our own."""
    with own_vault(tmp_path) as started:
        yield started


@pytest.fixture
async def provider(vault: RealVault) -> AsyncIterator[VaultProvider]:
    """Open a provider that logs in by AppRole."""
    role, secret_id = vault.let_in()
    place = VaultPlace(
        address=vault.address,
        auth=VaultAuth.APPROLE,
        role=role,
        credential=SecretStr(secret_id),
        mounts={"old": VaultMount.KV1, "database": VaultMount.DYNAMIC},
    )
    opened = VaultProvider(place, clock=SystemClock())
    yield opened
    await opened.close()


async def _fetch(provider: VaultProvider, text: str) -> Fetched:
    return await provider.fetch(read_reference(text))


async def test_the_first_version_of_kv_is_read(vault: RealVault, provider: VaultProvider) -> None:
    """Vault answers it in another form, with a lease time that means nothing."""
    vault.call("POST", "old/crm", {"token": "one"})

    fetched = await _fetch(provider, "vault://old/crm#token")

    assert (fetched.value.text(), fetched.lease) == ("one", None)


@pytest.mark.parametrize("way", ["delete", "destroy"])
async def test_a_version_that_was_taken_away_is_missing(
    vault: RealVault, provider: VaultProvider, way: str
) -> None:
    """Both answers of Vault say where it was."""
    vault.write("crm", {"token": "one"})
    vault.write("crm", {"token": "two"})
    vault.call("POST", f"secret/{way}/crm", {"versions": [2]})

    with pytest.raises(SecretMissingError):
        await _fetch(provider, "vault://secret/crm#token")
    kept = await _fetch(provider, "vault://secret/crm?version=1#token")
    assert kept.value.text() == "one"


async def test_a_revoked_login_is_replaced(vault: RealVault, provider: VaultProvider) -> None:
    """Vault says 403 to a token that it does not know any more."""
    vault.write("crm", {"token": "one"})
    await _fetch(provider, "vault://secret/crm#token")
    vault.call("PUT", "sys/leases/revoke-prefix/auth/approle/login", {})

    fetched = await _fetch(provider, "vault://secret/crm#token")

    assert fetched.value.text() == "one"


async def test_a_token_is_looked_up(vault: RealVault) -> None:
    """The root's token does not end."""
    vault.write("crm", {"token": "one"})
    place = VaultPlace(
        address=vault.address, auth=VaultAuth.TOKEN, credential=SecretStr(vault.token)
    )
    provider = VaultProvider(place, clock=SystemClock())

    assert (await _fetch(provider, "vault://secret/crm#token")).value.text() == "one"
    await provider.close()


async def test_a_credential_is_made_renewed_and_taken_back(
    vault: RealVault, provider: VaultProvider, database_server: DatabaseServer
) -> None:
    """It opens a real Postgres for as long as its lease lasts, and no longer."""
    url = database_server.urls("postgres").superuser_url
    _serve_credentials(vault, url)

    fetched = await _fetch(provider, "vault://database/creds/shop")
    lease = fetched.lease
    assert lease is not None
    assert 0 < lease.lasts_s <= 600
    renewed = await provider.renew(lease)
    assert renewed.id == lease.id
    assert lease.lasts_s - 60 < renewed.lasts_s <= 600

    made = orjson.loads(fetched.value.bytes())
    theirs = _as(url, made["username"], made["password"])
    async with session(theirs) as opened:
        assert await opened.fetchval("select current_user") == made["username"]
    vault.call("PUT", "sys/leases/revoke", {"lease_id": fetched.version, "sync": True})
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(theirs)
    with pytest.raises(SecretDeniedError):
        await provider.renew(lease)


async def test_a_name_and_its_password_are_of_one_credential(
    vault: RealVault, provider: VaultProvider, database_server: DatabaseServer
) -> None:
    """Read apart, they open Postgres together."""
    url = database_server.urls("postgres").superuser_url
    _serve_credentials(vault, url)

    name = await _fetch(provider, "vault://database/creds/shop#username")
    password = await _fetch(provider, "vault://database/creds/shop#password")

    async with session(_as(url, name.value.text(), password.value.text())) as opened:
        assert await opened.fetchval("select current_user") == name.value.text()
    vault.call("PUT", "sys/leases/revoke", {"lease_id": name.version, "sync": True})


def _serve_credentials(vault: RealVault, url: str) -> None:
    parts = urlsplit(url)
    place = f"{parts.hostname}:{parts.port}{parts.path}"
    vault.call("POST", "sys/mounts/database", {"type": "database"})
    vault.call(
        "POST",
        "database/config/shop",
        {
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": ["shop"],
            "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@{place}?sslmode=disable",
            "username": parts.username,
            "password": parts.password,
        },
    )
    role = {
        "db_name": "shop",
        "creation_statements": [_CREATION],
        "default_ttl": "10m",
        "max_ttl": "1h",
    }
    vault.call("POST", "database/roles/shop", role)


def _as(url: str, name: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}"))
