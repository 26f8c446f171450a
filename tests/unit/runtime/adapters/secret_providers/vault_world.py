"""Open Vault's provider against the fake, with a login by AppRole unless told otherwise."""

from __future__ import annotations

from typing import Any, Final

import pytest
from pydantic import SecretStr

from runtime.domain.secret_reference import read_reference
from runtime.ports.secret_places import VaultAuth, VaultMount, VaultPlace
from runtime.ports.secret_provider import Fetched, SecretProvider
from tests.servers.vault_server import ROLE, SECRET_ID, VaultServer

pytest.importorskip("hvac", reason="pip install 'plangate[vault]' un-skips this")

from runtime.adapters.secret_providers.vault import VaultProvider

CANARY: Final = "canary-7f3a9c51e0"
MOUNTS: Final = {
    "old": VaultMount.KV1,
    "team": VaultMount.KV1,
    "team/kv": VaultMount.KV2,
    "database": VaultMount.DYNAMIC,
}


def a_place(vault: VaultServer, **told: Any) -> VaultPlace:  # noqa: ANN401  # its attributes
    """Return where it is, and the login."""
    usual: dict[str, Any] = {
        "address": vault.url,
        "auth": VaultAuth.APPROLE,
        "role": ROLE,
        "credential": SecretStr(SECRET_ID),
        "mounts": MOUNTS,
        "deadline_s": 2.0,
    }
    return VaultPlace(**{**usual, **told})


def a_provider(vault: VaultServer, place: VaultPlace | None = None) -> SecretProvider:
    """Return a provider with that login, or another."""
    return VaultProvider(place or a_place(vault), clock=vault.clock)


async def fetch(provider: SecretProvider, text: str = "vault://kv/crm#token") -> Fetched:
    """Return what the provider answers to a reference."""
    return await provider.fetch(read_reference(text))


async def read_once(place: VaultPlace, vault: VaultServer) -> str:
    """Return the secret as a new provider reads it."""
    provider = a_provider(vault, place)
    try:
        return (await fetch(provider)).value.text()
    finally:
        await provider.close()
