"""Prove from the log's own hashes that a record is under a head, and that a head goes on another.

A proof is made of what is stored; whoever doubts it checks it, as `heads` does before it signs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import AuditLogBrokenError
from runtime.domain.merkle import (
    Frontier,
    Subtree,
    consistency_needs,
    consistency_proof,
    frontier_needs,
    inclusion_needs,
    inclusion_proof,
)
from runtime.store.audit_log import subtree_hashes


async def prove_inclusion(
    connection: AsyncConnection, organization_id: str, *, sequence: int, size: int
) -> Sequence[bytes]:
    """Return the proof that the leaf of a number is in the log at a size.

    Args:
        connection: of the organization.
        organization_id: whose log.
        sequence: of the leaf; numbers begin with 0.
        size: of the log then, at most what it has now.

    Raises:
        ValueError: a log of that size has no such leaf.
        AuditLogBrokenError: the log has not the hashes that it must have.
    """
    needs = inclusion_needs(sequence, size)
    hashes = await subtree_hashes(connection, organization_id, needs)
    _refuse_missing(needs, hashes, organization_id)
    return inclusion_proof(sequence, size, hashes)


async def prove_consistency(
    connection: AsyncConnection, organization_id: str, *, first: int, second: int
) -> Sequence[bytes]:
    """Return the proof that the log at one size begins with what it was at another.

    Raises:
        ValueError: the first size is the larger one.
        AuditLogBrokenError: the log has not the hashes that it must have.
    """
    needs = consistency_needs(first, second)
    hashes = await subtree_hashes(connection, organization_id, needs)
    _refuse_missing(needs, hashes, organization_id)
    return consistency_proof(first, second, hashes)


async def stored_frontier(
    connection: AsyncConnection, organization_id: str, *, size: int
) -> Frontier:
    """Return the frontier that the log had at a size, at most what it has now.

    Raises:
        AuditLogBrokenError: the log has not the hashes that it must have.
    """
    needs = frontier_needs(size)
    hashes = await subtree_hashes(connection, organization_id, needs)
    _refuse_missing(needs, hashes, organization_id)
    return Frontier(size, tuple(hashes[subtree] for subtree in needs))


def _refuse_missing(
    needs: Sequence[Subtree], hashes: Mapping[Subtree, bytes], organization_id: str
) -> None:
    for subtree in needs:
        if subtree not in hashes:
            raise AuditLogBrokenError(
                organization=organization_id,
                found=f"hashes of leaves from {subtree.index << subtree.level} on are missing",
            )
