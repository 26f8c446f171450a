"""Endpoints are those of the very issuer, over https."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from runtime.adapters.oidc.fetch import IssuerClient
from runtime.adapters.oidc.metadata import Metadata, fetch_metadata
from runtime.domain.identity import IdentityRefusal
from tests.contract.identity_world import a_trusted_issuer
from tests.egress import issuers_way
from tests.servers.identity_provider import IdentityProvider, identity_provider
from tests.unit.runtime.adapters.oidc.refusing import refuses


@pytest.fixture
def issuer() -> Iterator[IdentityProvider]:
    """Serve an issuer."""
    with identity_provider() as served:
        yield served


@pytest.fixture
async def client(issuer: IdentityProvider) -> AsyncIterator[IssuerClient]:
    """Open a client."""
    opened = IssuerClient(issuers_way(issuer.url))
    yield opened
    await opened.close()


async def test_endpoints_are_read(issuer: IdentityProvider, client: IssuerClient) -> None:
    """Where keys are, where a login begins and where it ends."""
    assert await fetch_metadata(a_trusted_issuer(issuer), client) == Metadata(
        keys_url=issuer.url + "/keys",
        authorization_url=issuer.url + "/authorize",
        token_url=issuer.url + "/token",
        names_itself=True,
        knows_s256=True,
    )


async def test_an_issuer_that_ends_with_a_slash_is_found() -> None:
    """Some do; the slash belongs to the name and not to the path."""
    with identity_provider(path="/") as issuer:
        client = IssuerClient(issuers_way(issuer.url))
        metadata = await fetch_metadata(a_trusted_issuer(issuer), client)
        await client.close()

    assert metadata.keys_url == issuer.url + "keys"


async def test_what_is_not_said_is_not_there(
    issuer: IdentityProvider, client: IssuerClient
) -> None:
    """An issuer for bearer tokens needs no login; one without a list of methods may know S256."""
    issuer.metadata_changes = {
        "authorization_endpoint": None,
        "token_endpoint": None,
        "code_challenge_methods_supported": None,
        "authorization_response_iss_parameter_supported": None,
    }
    metadata = await fetch_metadata(a_trusted_issuer(issuer), client)

    assert (metadata.authorization_url, metadata.token_url) == (None, None)
    assert (metadata.names_itself, metadata.knows_s256) == (False, True)


@pytest.mark.parametrize("methods", [["plain"], [], "S256", {"S256": True}])
async def test_an_issuer_may_rule_out_s256(
    methods: object, issuer: IdentityProvider, client: IssuerClient
) -> None:
    """That is told, so that no login is begun unprotected."""
    issuer.metadata_changes = {"code_challenge_methods_supported": methods}

    assert not (await fetch_metadata(a_trusted_issuer(issuer), client)).knows_s256


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"issuer": "https://evil.test"}, "another issuer", id="another issuer"),
        pytest.param({"issuer": None}, "another issuer", id="no issuer"),
        pytest.param({"issuer": ["x"]}, "another issuer", id="issuer is no text"),
        pytest.param({"jwks_uri": None}, "names no jwks_uri", id="no keys"),
        pytest.param({"jwks_uri": "http://issuer.test/keys"}, "no https URL", id="plain http"),
        pytest.param({"jwks_uri": "file:///etc/passwd"}, "no https URL", id="a file"),
        pytest.param({"jwks_uri": ["https://a.test"]}, "no https URL", id="a list"),
        pytest.param({"jwks_uri": "https://u:p@a.test/"}, "no https URL", id="a user"),
        pytest.param({"token_endpoint": "http://10.0.0.1/t"}, "no https URL", id="token, http"),
        pytest.param(
            {"authorization_endpoint": "javascript:alert(1)"}, "no https URL", id="a script"
        ),
    ],
)
async def test_bad_metadata_is_an_outage(
    changes: dict[str, Any], problem: str, issuer: IdentityProvider, client: IssuerClient
) -> None:
    """Nothing is fetched from, and nobody sent to, an address that may not be used."""
    issuer.metadata_changes = changes

    with refuses(IdentityRefusal.UNAVAILABLE, problem):
        await fetch_metadata(a_trusted_issuer(issuer), client)


async def test_the_issuer_is_compared_letter_by_letter(
    issuer: IdentityProvider, client: IssuerClient
) -> None:
    """A slash more is another issuer."""
    trusted = a_trusted_issuer(issuer, issuer=issuer.url + "/")

    with refuses(IdentityRefusal.UNAVAILABLE, "another issuer"):
        await fetch_metadata(trusted, client)
