"""Tell an OPA which bundles there are, so that a new organization needs no other configuration.

The archive holds a part of OPA's own configuration: a bundle for each organization, fetched from
the service and verified by the key that the configuration at hand names.
Source: OPA's discovery, https://www.openpolicyagent.org/docs/management-discovery
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from runtime.adapters.opa.archive import MANIFEST, signed_archive
from runtime.adapters.opa.signing import BundleSigner
from runtime.kit.canonical_json import canonical_bytes, digest
from runtime.kit.json_value import JsonObject

SERVICE: Final = "plangate"
"""What OPA's configuration calls the platform."""
POLLING: Final[JsonObject] = {
    "min_delay_seconds": 5,
    "max_delay_seconds": 10,
    "long_polling_timeout_seconds": 30,
}
"""How long an OPA waits for the next bundle, and how often it asks where it may not wait."""


def discovery_bytes(
    organization_ids: Sequence[str], *, issued_at: datetime, signer: BundleSigner
) -> bytes:
    """Return the archive that names the bundles of organizations."""
    signing: JsonObject = {"keyid": signer.key_id}
    if signer.scope:
        signing["scope"] = signer.scope
    bundles: JsonObject = {
        organization_id: {
            "service": SERVICE,
            "resource": organization_id,
            "polling": POLLING,
            "signing": signing,
        }
        for organization_id in organization_ids
    }
    manifest: JsonObject = {"revision": discovery_revision(organization_ids), "roots": ["bundles"]}
    files = {
        MANIFEST: canonical_bytes(manifest),
        "data.json": canonical_bytes({"bundles": bundles}),
    }
    return signed_archive(files, issued_at=issued_at, signer=signer)


def discovery_revision(organization_ids: Sequence[str]) -> str:
    """Return the digest of what is named."""
    return digest(sorted(organization_ids))


def discovery_etag(organization_ids: Sequence[str], *, signer: BundleSigner) -> str:
    """Return the ETag of the archive without packing it."""
    seen = [discovery_revision(organization_ids), POLLING]
    seen += [signer.algorithm.value, signer.key_id, signer.scope]
    return f'W/"{digest(seen).removeprefix("sha256:")}"'
