"""Vault's answers are read by mount, version and status, and bounded in size and time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography import x509

from runtime.adapters.secret_providers.deadlines import MOST_THREADS
from runtime.domain.errors import (
    SecretDeniedError,
    SecretError,
    SecretMalformedError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.ports.secret_provider import SecretProvider
from tests.secret_canaries import found_in, told_by
from tests.servers.certificates import Trust, a_trust
from tests.servers.vault_server import VaultServer, vault_server
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
    ("status", "expected"),
    [
        (400, SecretMalformedError),
        (401, SecretDeniedError),
        (404, SecretMissingError),
        (405, SecretMalformedError),
        (412, SecretUnavailableError),
        (429, SecretThrottledError),
        (472, SecretUnavailableError),
        (473, SecretUnavailableError),
        (500, SecretUnavailableError),
        (501, SecretUnavailableError),
        (502, SecretUnavailableError),
        (503, SecretUnavailableError),
    ],
)
async def test_each_status_has_its_meaning(
    vault: VaultServer, provider: SecretProvider, status: int, expected: type[SecretError]
) -> None:
    """An outage is told from an answer."""
    await fetch(provider)
    vault.refused["kv/data/crm"] = (status, {})

    with pytest.raises(expected) as caught:
        await fetch(provider)

    assert type(caught.value) is expected
    assert caught.value.reference == "vault://kv/crm#token"
    assert not found_in([CANARY], told_by(caught.value))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        ("999999999", 3_600.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("-1", None),
        ("1e9", None),
        ("", None),
    ],
)
async def test_how_long_to_wait_is_what_vault_says(
    vault: VaultServer, provider: SecretProvider, header: str, expected: float | None
) -> None:
    """Within reason; what is no number of seconds is left out."""
    vault.refused["kv/data/crm"] = (429, {"Retry-After": header})

    with pytest.raises(SecretThrottledError) as caught:
        await fetch(provider)

    assert caught.value.retry_after_s == expected


async def test_a_redirect_is_not_followed(vault: VaultServer, provider: SecretProvider) -> None:
    """A token goes to no other address than the operator's."""
    with vault_server() as other:
        vault.refused["kv/data/crm"] = (307, {"Location": f"{other.url}/v1/kv/data/crm"})

        with pytest.raises(SecretUnavailableError, match="HTTP 307"):
            await fetch(provider)

        assert other.asked == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(f"<html>{CANARY}".encode(), SecretUnavailableError, id="no JSON"),
        pytest.param(f'["{CANARY}"]'.encode(), SecretUnavailableError, id="no object"),
        pytest.param(b"{}", SecretMalformedError, id="nothing"),
        pytest.param(b'{"data": []}', SecretMalformedError, id="no document"),
        pytest.param(b'{"data": {"data": {"token": "x"}}}', SecretMalformedError, id="no version"),
        pytest.param(b'{"x": "' + b"y" * 1_100_000 + b'"}', SecretUnavailableError, id="too large"),
    ],
)
async def test_an_answer_that_is_none_is_refused(
    vault: VaultServer, provider: SecretProvider, body: bytes, expected: type[SecretError]
) -> None:
    """And says nothing of itself."""
    vault.body = body

    with pytest.raises(expected) as caught:
        await fetch(provider)

    assert not found_in([CANARY], told_by(caught.value))


async def test_an_answer_that_trickles_ends_at_the_deadline(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """Its thread is free again as well: more of them than there are threads hold up nobody."""
    vault.trickles.add("kv/data/slow")
    await fetch(provider)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_slow(provider)) for _ in range(2 * MOST_THREADS)]

    assert all(task.result() for task in tasks)
    assert (await fetch(provider)).value.text() == CANARY


async def _slow(provider: SecretProvider) -> bool:
    with pytest.raises(SecretUnavailableError):
        await fetch(provider, "vault://kv/slow#token")
    return True


async def test_where_nobody_listens_vault_is_unavailable(vault: VaultServer) -> None:
    """That is no denial: what was read before may still be used."""
    with pytest.raises(SecretUnavailableError, match="can't be reached"):
        await read_once(a_place(vault, address="http://127.0.0.1:9"), vault)


@pytest.mark.parametrize(
    ("name", "believed", "works"),
    [
        pytest.param("127.0.0.1", True, True, id="its own authority"),
        pytest.param("127.0.0.1", False, False, id="an authority that nobody named"),
        pytest.param("vault.example.com", True, False, id="another name"),
    ],
)
async def test_the_certificate_of_vault_is_verified(
    tmp_path: Path, *, name: str, believed: bool, works: bool
) -> None:
    """Nothing is sent to whom it does not prove to be."""
    trust = a_trust(tmp_path, name)
    (tmp_path / "ca.pem").write_text(_authority(trust))
    with vault_server(tls=trust.server) as vault:
        vault.write("kv/crm", {"token": CANARY})
        place = a_place(vault, ca_file=str(tmp_path / "ca.pem") if believed else None)

        if works:
            assert await read_once(place, vault) == CANARY
            return
        with pytest.raises(SecretUnavailableError):
            await read_once(place, vault)
        assert vault.asked == []


def _authority(trust: Trust) -> str:
    """Return the certificate of the tests' own authority, of all that the client believes."""
    held = trust.client.get_ca_certs(binary_form=True)
    own = [
        one
        for one in held
        if b"Tests" in x509.load_der_x509_certificate(one).subject.public_bytes()
    ]
    return ssl.DER_cert_to_PEM_cert(own[0])


async def test_a_deleted_version_is_missing(vault: VaultServer, provider: SecretProvider) -> None:
    """The one before it is still there for who names it."""
    vault.kv["kv/crm"].append(None)

    with pytest.raises(SecretMissingError):
        await fetch(provider)
    assert (await fetch(provider, "vault://kv/crm?version=1#token")).version == "1"


async def test_a_deleted_version_that_is_answered_with_success_is_missing(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """Whatever a proxy makes of the status, its facts count."""
    vault.body = (
        b'{"data": {"data": null, "metadata": {"version": 1, "deletion_time": "2026", '
        b'"destroyed": false}}}'
    )

    with pytest.raises(SecretMissingError):
        await fetch(provider)


async def test_a_version_that_will_delete_itself_is_read_until_then(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """With `delete_version_after` Vault tells the time of its deletion from the beginning."""
    vault.body = (
        b'{"data": {"data": {"token": "x"}, "metadata": {"version": 1, '
        b'"deletion_time": "2999-01-01T00:00:00Z", "destroyed": false}}}'
    )

    assert (await fetch(provider)).version == "1"


async def test_the_first_version_of_kv_is_read(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """It counts no versions: another value has another mark, which tells nothing of the value."""
    vault.kv1["old/crm"] = {"token": "one"}
    first = await fetch(provider, "vault://old/crm#token")
    vault.kv1["old/crm"] = {"token": "two"}
    second = await fetch(provider, "vault://old/crm#token")

    assert (first.value.text(), second.value.text()) == ("one", "two")
    assert first.version != second.version
    assert first.lease is None


@pytest.mark.parametrize(
    "text", ["vault://old/crm?version=1", "vault://database/creds/app?version=1"]
)
async def test_only_the_second_version_of_kv_keeps_versions(
    provider: SecretProvider, text: str
) -> None:
    """A pin that can't be held is refused, not ignored."""
    with pytest.raises(SecretMalformedError, match="version 2"):
        await fetch(provider, text)


async def test_the_longest_mount_that_is_told_counts(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """Mounts may stand below each other's names."""
    vault.write("team/kv/crm", {"token": "second"})
    vault.kv1["team/crm"] = {"token": "first"}

    texts = ["vault://team/kv/crm#token", "vault://team/crm#token"]

    assert [(await fetch(provider, text)).value.text() for text in texts] == ["second", "first"]


async def test_without_a_field_all_of_it_is_answered(provider: SecretProvider) -> None:
    """As JSON, its names in order."""
    fetched = await fetch(provider, "vault://kv/crm")

    assert fetched.value.text() == f'{{"token":"{CANARY}"}}'


async def test_vault_is_ready_once_it_lets_this_server_in(
    vault: VaultServer, provider: SecretProvider
) -> None:
    """Sealed it is not."""
    await provider.ready()
    vault.fault = (503, {})

    with pytest.raises(SecretUnavailableError, match="sealed"):
        await provider.ready()
