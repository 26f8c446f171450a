"""Google's values are checked against their checksum, and refusals are told apart."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

pytest.importorskip(
    "google.cloud.secretmanager_v1", reason="pip install 'plangate[gcp]' un-skips this"
)

from runtime.adapters.secret_providers.google import GoogleProvider
from runtime.domain.errors import (
    SecretDeniedError,
    SecretError,
    SecretMalformedError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.domain.secret_reference import read_reference
from runtime.ports.secret_places import GooglePlace
from tests.secret_canaries import found_in, told_by
from tests.servers.google_secrets import GoogleSecrets, google_secrets

CANARY = "canary-7f3a9c51e0"
CRM = read_reference("gcpsm://shop-prod/crm")


@pytest.fixture
def google() -> Iterator[GoogleSecrets]:
    """Serve a Secret Manager that keeps one secret."""
    with google_secrets() as server:
        server.write("crm", CANARY.encode())
        yield server


@pytest.fixture
async def provider(google: GoogleSecrets) -> AsyncIterator[GoogleProvider]:
    """Open a provider."""
    opened = GoogleProvider(GooglePlace(endpoint=google.endpoint, plain=True, deadline_s=2.0))
    yield opened
    await opened.close()


@pytest.mark.parametrize("way", ["damaged", "unchecked"])
async def test_a_value_without_its_checksum_is_refused(
    google: GoogleSecrets, provider: GoogleProvider, way: str
) -> None:
    """Damaged on its way, or by something that does not know of checksums."""
    setattr(google, way, True)

    with pytest.raises(SecretMalformedError, match="checksum") as caught:
        await provider.fetch(CRM)

    assert not found_in([CANARY], told_by(caught.value))


async def test_an_empty_value_has_a_checksum_too(
    google: GoogleSecrets, provider: GoogleProvider
) -> None:
    """Zero is one; none is none."""
    google.write("crm", b"")
    assert (await provider.fetch(CRM)).value.bytes() == b""

    google.unchecked = True
    with pytest.raises(SecretMalformedError, match="checksum"):
        await provider.fetch(CRM)


async def test_the_latest_version_is_asked_for_and_its_number_told(
    google: GoogleSecrets, provider: GoogleProvider
) -> None:
    """Whoever compares versions compares numbers."""
    google.write("crm", b"new")

    versions = [(await provider.fetch(CRM)).version]
    versions.append((await provider.fetch(read_reference(f"{CRM.text()}?version=latest"))).version)

    assert versions == ["2", "2"]
    assert google.asked == ["projects/shop-prod/secrets/crm/versions/latest"] * 2


async def test_a_disabled_version_is_missing(
    google: GoogleSecrets, provider: GoogleProvider
) -> None:
    """Google calls it a failed precondition."""
    google.secrets["crm"].append(None)

    with pytest.raises(SecretMissingError):
        await provider.fetch(CRM)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("NOT_FOUND", SecretMissingError),
        ("FAILED_PRECONDITION", SecretMissingError),
        ("PERMISSION_DENIED", SecretDeniedError),
        ("UNAUTHENTICATED", SecretDeniedError),
        ("RESOURCE_EXHAUSTED", SecretThrottledError),
        ("INVALID_ARGUMENT", SecretMalformedError),
        ("UNAVAILABLE", SecretUnavailableError),
        ("DEADLINE_EXCEEDED", SecretUnavailableError),
        ("INTERNAL", SecretUnavailableError),
        ("UNKNOWN", SecretUnavailableError),
        ("UNIMPLEMENTED", SecretUnavailableError),
    ],
)
async def test_each_status_has_its_meaning(
    google: GoogleSecrets, provider: GoogleProvider, fault: str, expected: type[SecretError]
) -> None:
    """An outage is told from an answer."""
    google.fault = fault

    with pytest.raises(expected) as caught:
        await provider.fetch(CRM)

    assert type(caught.value) is expected


async def test_how_long_to_wait_is_what_google_says(
    google: GoogleSecrets, provider: GoogleProvider
) -> None:
    """Where it says it."""
    google.fault, google.retry_after_s = "RESOURCE_EXHAUSTED", 7

    with pytest.raises(SecretThrottledError) as caught:
        await provider.fetch(CRM)

    assert caught.value.retry_after_s == 7.0


async def test_an_identity_that_is_refused_is_found_anew_once(
    google: GoogleSecrets, provider: GoogleProvider
) -> None:
    """A token that was revoked is replaced by what the machine has now."""
    google.fault, google.once = "UNAUTHENTICATED", True

    assert (await provider.fetch(CRM)).value.text() == CANARY
    google.asked.clear()
    google.fault, google.once = "UNAUTHENTICATED", False
    with pytest.raises(SecretDeniedError):
        await provider.fetch(CRM)
    assert len(google.asked) == 2


async def test_an_answer_of_any_size_is_not_held(
    google: GoogleSecrets, provider: GoogleProvider
) -> None:
    """Its client calls it exhausted resources; it is no reason to ask again."""
    google.write("crm", b"x" * 2_000_000)

    with pytest.raises(SecretMalformedError):
        await provider.fetch(CRM)


async def test_where_nobody_listens_google_is_unavailable() -> None:
    """That is no denial."""
    provider = GoogleProvider(GooglePlace(endpoint="127.0.0.1:9", plain=True, deadline_s=2.0))

    with pytest.raises(SecretUnavailableError):
        await provider.fetch(CRM)
    await provider.close()


async def test_without_an_identity_this_server_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it asks for is denied."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
    provider = GoogleProvider(GooglePlace(endpoint="127.0.0.1:9", deadline_s=2.0))

    with pytest.raises(SecretDeniedError, match="finds no identity"):
        await provider.ready()
    with pytest.raises(SecretDeniedError, match="finds no identity"):
        await provider.fetch(CRM)
    await provider.close()


async def test_an_identity_is_shown_by_tls_only(
    google: GoogleSecrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without a certificate is asked nothing, and that is known at the deadline."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    account = {
        "type": "service_account",
        "client_email": "plangate@shop-prod.iam.gserviceaccount.com",
        "private_key": key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode(),
        "token_uri": "http://127.0.0.1:9/token",
    }
    (tmp_path / "account.json").write_bytes(orjson.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    provider = GoogleProvider(GooglePlace(endpoint=google.endpoint, deadline_s=2.0))
    await provider.ready()
    began = time.monotonic()

    with pytest.raises(SecretUnavailableError):
        await provider.fetch(CRM)

    assert time.monotonic() - began < 4.0
    assert google.asked == []
    await provider.close()
