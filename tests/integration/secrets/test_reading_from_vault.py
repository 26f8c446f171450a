"""Tests of reading from a server that speaks Vault's protocol, over hours that a clock tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from runtime.adapters.secret_providers.opening import OpenedProviders, ProviderPlaces
from runtime.domain.errors import SecretError
from runtime.domain.secret_reference import read_reference
from runtime.ports.secret_places import VaultAuth, VaultMount, VaultPlace
from runtime.services.secrets.fetching import Fetching
from runtime.services.secrets.prefixes import read_prefix
from runtime.services.secrets.reader import SecretReader
from runtime.services.secrets.spaces import SecretSpaces
from runtime.services.secrets.wishes import Wish
from tests.secret_keeping import KeptMeasures, KeptRecords
from tests.servers.vault_server import ROLE, SECRET_ID, VaultServer, vault_server

pytest.importorskip("hvac", reason="pip install 'plangate[vault]' lets this run")

ORGANIZATION = "org_01KDVDNA000000000000000000"
CRM = "vault://kv/shop/crm#token"
USER = "vault://database/creds/app#username"
PASSWORD = "vault://database/creds/app#password"  # noqa: S105  # a reference


@dataclass(kw_only=True)
class Shop:
    """Hold a Vault, and who reads from it."""

    vault: VaultServer
    reader: SecretReader

    async def read(self, reference: str) -> str:
        """Read a secret of the shop."""
        return (await self.reader.read(self.wish(reference))).value.text()

    def wish(self, reference: str) -> Wish:
        """Want a secret of the shop."""
        return Wish(reference=read_reference(reference), why="a test", organization=ORGANIZATION)

    def passed(self, seconds: float) -> None:
        """Let time pass, here and there."""
        self.vault.clock.advance(timedelta(seconds=seconds))


@asynccontextmanager
async def a_shop() -> AsyncIterator[Shop]:
    """Run a Vault, and read from it."""
    with vault_server() as vault:
        place = VaultPlace(
            address=vault.url,
            auth=VaultAuth.APPROLE,
            role=ROLE,
            credential=SecretStr(SECRET_ID),
            mounts={"kv": VaultMount.KV2, "database": VaultMount.DYNAMIC},
        )
        providers = OpenedProviders(
            ProviderPlaces(vault=place, readable=list[str]().append), clock=vault.clock
        )
        fetching = Fetching(
            providers, records=KeptRecords(), measures=KeptMeasures(), clock=vault.clock
        )
        prefixes = tuple(map(read_prefix, ("vault://kv/shop/", "vault://database/creds/app")))
        reader = SecretReader(
            fetching, spaces=SecretSpaces({ORGANIZATION: prefixes}), clock=vault.clock
        )
        vault.write("kv/shop/crm", {"token": "hunter2"})
        try:
            yield Shop(vault=vault, reader=reader)
        finally:
            await reader.close()
            await providers.close()


async def test_a_value_that_was_rotated_and_refused_is_read_anew() -> None:
    """Once, whichever version it is then."""
    async with a_shop() as shop:
        first = await shop.reader.read(shop.wish(CRM))
        shop.vault.write("kv/shop/crm", {"token": "hunter3"})
        assert await shop.read(CRM) == "hunter2"

        newer = await shop.reader.refused(shop.wish(CRM), version=first.version)

        assert newer is not None
        assert newer.value.text() == "hunter3"
        assert await shop.read(CRM) == "hunter3"


async def test_credentials_are_good_whenever_they_are_given_out() -> None:
    """Over six hours of reading: renewed, made anew near their longest life, and never many."""
    async with a_shop() as shop:
        for _ in range(720):
            user, password = await shop.read(USER), await shop.read(PASSWORD)
            number = user.removeprefix("v-app-")
            assert password == f"made-{number}"
            made = shop.vault.made[f"database/creds/app/{int(number):04}"]
            assert made.ends_s > shop.vault.clock.monotonic_s()
            if others := _others():
                await asyncio.wait(others)
            shop.passed(30)
        in_all = len(shop.vault.made)
    assert 6 * 3_600 / 1_500 <= in_all <= 6 * 3_600 / 600


def _others() -> set[asyncio.Task[Any]]:
    """Return what goes on beside the test: renewals."""
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_a_sealed_vault_is_a_bounded_outage() -> None:
    """For an hour older values serve; then none; and the first minute after it all is well."""
    async with a_shop() as shop:
        await shop.read(CRM)
        shop.vault.fault = (503, {})
        served_s = 0
        while served_s < 4_000:
            shop.passed(60)
            try:
                await shop.read(CRM)
            except SecretError:
                break
            served_s += 60
        assert 3_480 <= served_s <= 3_600
        assert shop.reader.standing().closed == 1

        shop.vault.fault = None
        shop.passed(10)
        assert await shop.read(CRM) == "hunter2"


async def test_a_throttled_vault_has_the_rest_that_it_wants() -> None:
    """Nothing is asked of it meanwhile; older values serve."""
    async with a_shop() as shop:
        await shop.read(CRM)
        shop.passed(60)
        shop.vault.fault = (429, {"Retry-After": "120"})
        assert await shop.read(CRM) == "hunter2"
        asked = len(shop.vault.asked)
        shop.vault.fault = None
        for _ in range(11):
            shop.passed(10)
            assert await shop.read(CRM) == "hunter2"
        assert len(shop.vault.asked) == asked
        shop.passed(20)
        await shop.read(CRM)
        assert len(shop.vault.asked) > asked


async def test_a_login_that_was_revoked_is_made_again() -> None:
    """Readers notice nothing; values that died with it are not given out."""
    async with a_shop() as shop:
        await shop.read(CRM)
        await shop.read(USER)
        shop.vault.revoke_all()
        shop.passed(60)
        assert await shop.read(CRM) == "hunter2"
        shop.reader.invalidate(read_prefix("vault://database/creds/"))
        assert await shop.read(USER) == "v-app-1"
        assert shop.vault.logins == 2
