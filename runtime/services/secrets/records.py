"""Write an audit record of each fetch, before anybody gets the value."""

from __future__ import annotations

from typing import Final, Protocol

from runtime.domain.errors import StorageRefusedError, StorageUnavailableError
from runtime.domain.record import AuditRecord
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids
from runtime.services.secrets.measures import FetchResult, Reading

READ_KIND: Final = "secret.read"
PLATFORM_ID: Final = "platform"
"""Who reads secrets: the platform itself, for whichever principals share a value."""


class SecretRecords(Protocol):
    """Record fetches."""

    async def read(self, reading: Reading, result: FetchResult, *, version: str | None) -> None:
        """Record one that was answered.

        Raises:
            StorageUnavailableError: the record can't be written; then nobody gets the value.
        """
        ...


class UnstoredRecords:
    """Record what the platform reads for itself: a line of the log, which measures write."""

    async def read(self, reading: Reading, result: FetchResult, *, version: str | None) -> None:
        """Leave it to the measures."""


class StoredRecords:
    """Record the fetches of organizations; those of the platform itself go into the log alone."""

    def __init__(self, recorder: Recorder, ids: Ids) -> None:
        """Hand records to the one who writes them."""
        self._recorder = recorder
        self._ids = ids

    async def read(self, reading: Reading, result: FetchResult, *, version: str | None) -> None:
        """Record one that was answered.

        Raises:
            StorageUnavailableError: the record can't be written.
        """
        organization = reading.organization
        if organization is None:
            return
        record = AuditRecord.of(
            {
                "reference": reading.reference,
                "version": version,
                "result": result.value,
                "why": reading.why,
            },
            record_id=self._ids.new("aud"),
            principal_id=PLATFORM_ID,
            kind=READ_KIND,
            project_id=None,
        )
        try:
            await self._recorder.add(record, organization_id=organization)
        except StorageRefusedError as error:
            raise StorageUnavailableError(reason=error.reason, sent=False) from error
