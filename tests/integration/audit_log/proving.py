"""Ask a log for proofs, and read what is spelled in base64url."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Sequence

from runtime.services.audit.proofs import prove_consistency, prove_inclusion
from tests.audit_log import LogWorld


def decoded(text: str) -> bytes:
    """Read base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def proof_between(
    world: LogWorld, organization_id: str, first: int, second: int
) -> Sequence[bytes]:
    """Return the proof that a log goes on from one size to another."""
    async with world.database.transaction(organization_id, read_only=True) as connection:
        return await prove_consistency(connection, organization_id, first=first, second=second)


async def proof_of(
    world: LogWorld, organization_id: str, sequence: int, size: int
) -> Sequence[bytes]:
    """Return the proof that a leaf is in a log at a size."""
    async with world.database.transaction(organization_id, read_only=True) as connection:
        return await prove_inclusion(connection, organization_id, sequence=sequence, size=size)
