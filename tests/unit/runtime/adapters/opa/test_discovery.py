"""What names the bundles is configuration of OPA, and changes with the organizations alone."""

from __future__ import annotations

import io
import tarfile

import orjson
import pytest

from runtime.adapters.opa.discovery import discovery_bytes, discovery_etag, discovery_revision
from runtime.adapters.opa.signing import BundleSigner, SigningAlgorithm
from runtime.kit.json_value import JsonObject
from tests.builders import NOW
from tests.servers.opa_signing import OTHER_SECRET, a_signer

SIGNER = a_signer()
IDS = ("org_1", "org_2")


def files(packed: bytes) -> dict[str, JsonObject]:
    """Return the documents in an archive by name."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        return {
            member.name: orjson.loads(file.read())
            for member in archive
            if (file := archive.extractfile(member))
        }


def test_each_organization_is_a_bundle() -> None:
    """Fetched from the platform by its id, verified by our key, and waited for."""
    found = files(discovery_bytes(IDS, issued_at=NOW, signer=SIGNER))

    bundles = found["data.json"]["bundles"]
    assert found[".manifest"] == {"revision": discovery_revision(IDS), "roots": ["bundles"]}
    assert set(bundles) == set(IDS)
    assert (bundles["org_1"]["service"], bundles["org_1"]["resource"]) == ("plangate", "org_1")
    assert bundles["org_1"]["signing"] == {"keyid": "bundles"}
    assert bundles["org_1"]["polling"]["long_polling_timeout_seconds"] == 30


def test_a_scope_of_the_key_is_named() -> None:
    """OPA verifies a signature for the scope that its configuration says."""
    signer = a_signer(scope="write")

    bundles = files(discovery_bytes(IDS, issued_at=NOW, signer=signer))["data.json"]["bundles"]

    assert bundles["org_2"]["signing"] == {"keyid": "bundles", "scope": "write"}


def test_without_organizations_there_are_no_bundles() -> None:
    """It is a configuration nevertheless."""
    found = files(discovery_bytes((), issued_at=NOW, signer=SIGNER))

    assert found["data.json"] == {"bundles": {}}


def test_the_etag_is_that_of_the_organizations_and_of_the_key() -> None:
    """Their order says nothing; another key, or another organization, is another archive."""
    usual = discovery_etag(IDS, signer=SIGNER)

    assert usual.startswith('W/"')
    assert discovery_etag(tuple(reversed(IDS)), signer=SIGNER) == usual
    assert discovery_etag(IDS[:1], signer=SIGNER) != usual
    assert discovery_etag(IDS, signer=a_signer(scope="write")) != usual


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.RS256, SigningAlgorithm.ES256])
def test_the_etag_says_how_it_is_signed(algorithm: SigningAlgorithm) -> None:
    """Who changes the key has it fetched anew."""
    other = BundleSigner(algorithm=SigningAlgorithm.HS256, key=OTHER_SECRET, key_id="other")

    etags = {discovery_etag(IDS, signer=signer) for signer in (SIGNER, other, a_signer(algorithm))}

    assert len(etags) == 3
