"""Vault lets this server in as itself, and its tokens are kept alive for as long as they can be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from runtime.domain.errors import SecretDeniedError
from runtime.ports.secret_places import VaultAuth
from runtime.ports.secret_provider import SecretProvider
from tests.secret_canaries import found_in, told_by
from tests.servers.vault_server import JWT, SECRET_ID, VaultServer, vault_server
from tests.unit.runtime.adapters.secret_providers.vault_world import (
    CANARY,
    a_place,
    a_provider,
    fetch,
    read_once,
)


@pytest.fixture
def vault() -> Iterator[VaultServer]:
    """Serve a Vault that keeps one secret."""
    with vault_server() as server:
        server.write("kv/crm", {"token": CANARY})
        yield server


@pytest.fixture
async def provider(vault: VaultServer) -> AsyncIterator[SecretProvider]:
    """Open a provider with a login by AppRole."""
    opened = a_provider(vault)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("told", "credential"),
    [
        pytest.param({"auth": VaultAuth.APPROLE}, SECRET_ID, id="AppRole"),
        pytest.param({"auth": VaultAuth.KUBERNETES}, JWT, id="Kubernetes"),
        pytest.param(
            {"auth": VaultAuth.KUBERNETES, "auth_mount": "team/k8s"}, JWT, id="another mount"
        ),
        pytest.param({"auth": VaultAuth.JWT}, JWT, id="JWT"),
    ],
)
async def test_a_workload_logs_in_as_itself(
    vault: VaultServer, tmp_path: Path, told: dict[str, Any], credential: str
) -> None:
    """What it shows is read from a file, as it is at that moment, line's end or not."""
    file = tmp_path / "credential"
    file.write_text(f"{credential}\n")
    place = a_place(vault, credential=None, credential_file=str(file), **told)

    assert await read_once(place, vault) == CANARY
    assert vault.logins == 1


async def test_a_token_is_used_as_it_is(vault: VaultServer) -> None:
    """It is looked up once, to know when it ends."""
    place = a_place(vault, auth=VaultAuth.TOKEN, credential=SecretStr(vault.begin_token()))

    assert await read_once(place, vault) == CANARY
    assert ("GET", "auth/token/lookup-self") in vault.asked


async def test_nothing_of_the_environment_is_used(
    vault: VaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token or proxy that lies about for people is not this server's."""
    monkeypatch.setenv("VAULT_TOKEN", vault.begin_token())
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("VAULT_NAMESPACE", "elsewhere")

    assert await read_once(a_place(vault), vault) == CANARY
    with pytest.raises(SecretDeniedError):
        await read_once(a_place(vault, credential=SecretStr("wrong")), vault)


async def test_the_namespace_is_named(vault: VaultServer) -> None:
    """With each request, the login's included."""
    vault.namespace = "shop/prod"

    assert await read_once(a_place(vault, namespace="shop/prod"), vault) == CANARY
    with pytest.raises(SecretDeniedError):
        await read_once(a_place(vault), vault)


async def test_a_login_that_is_refused_is_denied_without_the_credential(
    vault: VaultServer,
) -> None:
    """Vault's own text may repeat what was sent: it is dropped."""
    with pytest.raises(SecretDeniedError, match="HTTP 400 to the login") as caught:
        await read_once(a_place(vault, credential=SecretStr(CANARY)), vault)

    assert not found_in([CANARY], told_by(caught.value))


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
async def test_a_credential_that_is_not_there_is_denied(
    vault: VaultServer, tmp_path: Path, content: bytes | None
) -> None:
    """The error names the setting."""
    file = tmp_path / "credential"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SecretDeniedError, match="PLANGATE_VAULT_CREDENTIAL_FILE"):
        await read_once(a_place(vault, credential=None, credential_file=str(file)), vault)
    assert vault.logins == 0


async def test_a_revoked_token_is_replaced_once_for_all(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """Many who are refused at once wait for the same login."""
    await fetch(provider)
    vault.revoke_all()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(fetch(provider)) for _ in range(20)]

    assert {task.result().value.text() for task in tasks} == {CANARY}
    assert vault.logins == 2


async def test_a_denial_is_believed_after_one_login(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """A policy's no looks like the end of a token, so it is asked about once more."""
    await fetch(provider)
    vault.denied.add("kv/data/crm")
    vault.asked.clear()

    with pytest.raises(SecretDeniedError, match="HTTP 403"):
        await fetch(provider)

    assert [path for _, path in vault.asked] == ["kv/data/crm", "auth/approle/login", "kv/data/crm"]


async def test_a_token_is_renewed_once_half_of_its_life_is_over(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """Not before, and no login is needed for it."""
    await fetch(provider)
    vault.clock.advance(timedelta(seconds=1_799))
    await fetch(provider)
    assert ("POST", "auth/token/renew-self") not in vault.asked

    vault.clock.advance(timedelta(seconds=1))
    await fetch(provider)
    await fetch(provider)

    assert vault.asked.count(("POST", "auth/token/renew-self")) == 1
    assert vault.logins == 1


async def test_a_token_near_its_longest_life_is_replaced(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """Renewals that give less and less are not waited out: half of a life is always left."""
    vault.token_most_s = 5_000.0
    await fetch(provider)

    for _ in range(8):
        vault.clock.advance(timedelta(seconds=1_800))
        await fetch(provider)
        ends_s = max(token.ends_s for token in vault.tokens.values())
        assert ends_s - vault.clock.monotonic_s() >= vault.token_s / 2

    assert 2 < vault.logins < 6


async def test_many_who_come_at_half_of_a_life_renew_once(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """The others wait for it."""
    await fetch(provider)
    vault.clock.advance(timedelta(seconds=1_800))

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(fetch(provider))

    assert vault.asked.count(("POST", "auth/token/renew-self")) == 1


async def test_a_token_that_can_not_last_longer_is_replaced_at_half_of_its_life(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """Where renewing is refused, there is time left to log in."""
    await fetch(provider)
    for token in vault.tokens.values():
        token.renewable = False
    vault.clock.advance(timedelta(seconds=1_800))

    await fetch(provider)

    assert vault.logins == 2


async def test_a_token_serves_to_its_end_where_no_other_is_had(
    vault: VaultServer, tmp_path: Path
) -> None:
    """A login that is refused at half of a life is no outage yet, at the end it is."""
    file = tmp_path / "credential"
    file.write_text(SECRET_ID)
    place = a_place(vault, credential=None, credential_file=str(file))
    provider = a_provider(vault, place)
    await fetch(provider)
    for token in vault.tokens.values():
        token.renewable = False
    file.write_text("wrong")

    vault.clock.advance(timedelta(seconds=1_800))
    assert (await fetch(provider)).value.text() == CANARY
    vault.clock.advance(timedelta(seconds=1_800))
    with pytest.raises(SecretDeniedError):
        await fetch(provider)
    await provider.close()
