"""The role of who writes immutable copies of records before these are committed.

Implemented by `services.audit.copying`; asked by the commits of executions, for organizations that
are strict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from runtime.domain.record import AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCopy:
    """Say where the copy of a record is, and of what exactly.

    Attributes:
        record_id: of the record.
        document: digest of the record's document, as in `sha256:…`.
        at: the instant that the record is committed with.
        sink: the name of the sink.
        name: of the object that has the copy, among others.
        version: of that object, as the sink names it.
        digest: of the object's bytes, as in `sha256:…`.
        leaf: hash of the leaf that the record will be in the log, in lower hex.
    """

    record_id: str
    document: str
    at: datetime
    sink: str
    name: str
    version: str
    digest: str
    leaf: str


class AuditCopies(Protocol):
    """Copy records to where nobody can change them."""

    async def shipped(
        self, organization_id: str, records: Sequence[tuple[AuditRecord, datetime]]
    ) -> Sequence[NewCopy]:
        """Return a copy of each record, once all are durable, in the order of the records.

        Args:
            organization_id: whose records they are.
            records: each with the instant that it will be committed with.

        Raises:
            AuditUnavailableError: no immutable sink takes them in time.
            StorageUnavailableError: the keys that copies are sealed with can't be had.
        """
        ...
