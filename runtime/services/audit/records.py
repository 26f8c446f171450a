"""Let auditors read an organization's log: records, signed heads, keys, and proofs of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import NotFoundError
from runtime.domain.tree_head import KeyEpoch, SignedHead
from runtime.kit.json_value import JsonObject
from runtime.services.audit.opening import opened_leaves
from runtime.services.audit.proofs import prove_consistency, prove_inclusion
from runtime.services.audit.rights import require_reader
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.services.context import Context
from runtime.services.standing import known_id
from runtime.store.audit_heads import head_of_size, heads_after, latest_head
from runtime.store.audit_key_epochs import key_epochs
from runtime.store.audit_log import (
    LeafFilter,
    NumberedLeaf,
    leaf_of_record,
    leaves_after,
    log_size,
)
from runtime.store.audit_shipments import anchors_of
from runtime.store.session import Database

RECORD_PREFIX: Final = "aud"


class AuditRecords:
    """Read logs."""

    def __init__(self, *, database: Database, keys: SubjectKeys) -> None:
        self._database = database
        self._keys = keys

    async def list(
        self, context: Context, wanted: LeafFilter, *, after: int | None, limit: int
    ) -> tuple[JsonObject, ...]:
        """Return records behind a number, in the order of their numbers.

        What is recorded has its number within seconds; before that it is in no list.

        Raises:
            NotAllowedError: the caller may not read the log.
            AuditKeyBrokenError, StorageUnavailableError: as `opened_leaves` does.
        """
        require_reader(context.caller)
        organization = context.caller.organization_id
        async with self._database.transaction(organization, read_only=True) as connection:
            leaves = await leaves_after(
                connection,
                -1 if after is None else after,
                organization_id=organization,
                limit=limit,
                wanted=wanted,
            )
        opened = await opened_leaves(self._keys, organization, leaves)
        return tuple(item.shown() for item in opened)

    async def read(self, context: Context, record_id: str) -> JsonObject:
        """Return a record, and the proof that the newest head covers it; None: none does yet.

        Raises:
            NotFoundError: there is none of that id, or it has no number yet.
            NotAllowedError, AuditKeyBrokenError, StorageUnavailableError: as `list` does.
            AuditLogBrokenError: hashes of the log are missing.
        """
        require_reader(context.caller)
        organization = context.caller.organization_id
        known_id(record_id, kind="audit record", prefix=RECORD_PREFIX)
        async with self._database.transaction(organization, read_only=True) as connection:
            leaf = await leaf_of_record(connection, record_id, organization_id=organization)
            if leaf is None:
                raise NotFoundError(kind="audit record", id=record_id)
            proof = await _proof(connection, organization, leaf)
        (opened,) = await opened_leaves(self._keys, organization, [leaf])
        return {
            **opened.shown(),
            "header": leaf.leaf.header(),
            "payload": leaf.leaf.payload,
            "salt": opened.salt,
            "proof": proof,
        }

    async def heads(
        self, context: Context, *, after: int | None, limit: int
    ) -> Sequence[SignedHead]:
        """Return signed heads that are larger than a size, the smallest first.

        Raises:
            NotAllowedError: the caller may not read the log.
        """
        require_reader(context.caller)
        organization = context.caller.organization_id
        async with self._database.transaction(organization, read_only=True) as connection:
            return await heads_after(connection, organization, after or 0, limit=limit)

    async def latest(self, context: Context) -> JsonObject:
        """Return the newest signed head, and in which sinks it is anchored.

        Raises:
            NotAllowedError: the caller may not read the log.
            NotFoundError: nothing is signed yet.
        """
        require_reader(context.caller)
        organization = context.caller.organization_id
        async with self._database.transaction(organization, read_only=True) as connection:
            head = await latest_head(connection, organization)
            if head is None:
                raise NotFoundError(kind="signed head", id="latest")
            anchors = await anchors_of(connection, organization, head.head.size)
        shown = [
            {"sink": item.sink, "name": item.name, "version": item.version, "digest": item.digest}
            for item in anchors
        ]
        return {**head.document(), "anchors": shown}

    async def consistency(self, context: Context, *, first: int, second: int) -> JsonObject:
        """Prove that the log at one size begins with what it was at a smaller one.

        Args:
            context: who asks.
            first: a size, 1 or more.
            second: a size that is not smaller.

        Raises:
            NotAllowedError: the caller may not read the log.
            NotFoundError: the log has not grown to the second size yet.
            AuditLogBrokenError: hashes of the log are missing.
        """
        require_reader(context.caller)
        organization = context.caller.organization_id
        async with self._database.transaction(organization, read_only=True) as connection:
            if second > await log_size(connection, organization):
                raise NotFoundError(kind="log of size", id=str(second))
            path = await prove_consistency(connection, organization, first=first, second=second)
            heads = [await head_of_size(connection, organization, size) for size in (first, second)]
        signed = [None if head is None else head.document() for head in heads]
        return {
            "first": first,
            "second": second,
            "path": [item.hex() for item in path],
            "first_head": signed[0],
            "second_head": signed[1],
        }

    async def epochs(self, context: Context) -> Sequence[KeyEpoch]:
        """Return the keys that sign heads, each behind the one that endorsed it.

        Raises:
            NotAllowedError: the caller may not read the log.
        """
        require_reader(context.caller)
        return await key_epochs(self._database)


async def _proof(
    connection: AsyncConnection, organization: str, leaf: NumberedLeaf
) -> JsonObject | None:
    head = await latest_head(connection, organization)
    if head is None or head.head.size <= leaf.sequence:
        return None
    path = await prove_inclusion(
        connection, organization, sequence=leaf.sequence, size=head.head.size
    )
    return {
        "head": head.document(),
        "index": leaf.sequence,
        "path": [item.hex() for item in path],
    }
