"""Write everything of an organization as lines of JSON that prove that none is missing.

The first line names the format, the last one counts the rows of each table and holds the SHA-256
of all lines before it. An export without its last line is not whole.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Final

import orjson

from runtime.domain.errors import NotFoundError, StorageUnavailableError
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.parts import PART_BYTES, Parts
from runtime.services.slots import Slots
from runtime.services.standing import steady_owner
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.exports import EXPORTED, frozen, rows_of
from runtime.store.organizations import find_organization
from runtime.store.session import Database

FORMAT: Final = "plangate.export"
FORMAT_VERSION: Final = 1
AT_ONCE: Final = 2
WAIT_S: Final = 5.0
LONGEST: Final = timedelta(minutes=15)

_SPELLING: Final = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


class Exports:
    """Hand organizations what is theirs; belongs to one event loop."""

    def __init__(self, *, database: Database, ids: Ids, wait_s: float = WAIT_S) -> None:
        self._database = database
        self._ids = ids
        self._slots = Slots(most=AT_ONCE, wait_s=wait_s)

    async def begin(self, context: Context, organization_id: str) -> Parts:
        """Record that an organization is exported, and return its export, in parts.

        The export is as of when its first part is asked for. Few run at once, and one of each
        organization, because each holds a connection for as long as its reader takes; others wait
        for a moment. Whoever takes it closes it.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            ExportsBusyError: as many run as may.
        """
        caller = context.caller
        caller.require(Scope.ORGANIZATION_MANAGE)
        if organization_id != caller.organization_id:
            raise NotFoundError(kind="organization", id=organization_id)
        caller.require_owner()

        async def work(unit: Unit) -> Answer:
            if await find_organization(unit.connection, organization_id) is None:
                raise NotFoundError(kind="organization", id=organization_id)
            await steady_owner(unit, caller)
            await unit.record("organization.exported", {"organization": organization_id})
            return Answer(document={})

        leave = await self._slots.taken(organization_id)
        try:
            await once(self._database, self._ids, Context(caller=caller), work=work)
        except BaseException:
            leave()
            raise
        return Parts(self._parts(organization_id), leave=leave)

    async def _parts(self, organization_id: str) -> AsyncGenerator[bytes]:
        """Join lines to parts of a size that is worth sending."""
        waiting = bytearray()
        async with aclosing(self._lines(organization_id)) as lines:
            async for line in lines:
                waiting += line
                if len(waiting) >= PART_BYTES:
                    yield bytes(waiting)
                    waiting.clear()
        yield bytes(waiting)

    async def _lines(self, organization_id: str) -> AsyncGenerator[bytes]:
        begun = self._ids.now()
        hashed, counts = hashlib.sha256(), Counter[str]()
        header = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "organization": organization_id,
            "created_at": begun,
        }
        async with aclosing(self._rows(organization_id)) as rows:
            line = _spelled(header)
            hashed.update(line)
            yield line
            async for row in rows:
                if self._ids.now() - begun > LONGEST:
                    raise StorageUnavailableError(reason="the export was read too slowly")
                counts[row["table"]] += 1
                line = _spelled(row)
                hashed.update(line)
                yield line
        named = {table.__tablename__: counts[table.__tablename__] for table in EXPORTED}
        yield _spelled({"counts": named, "sha256": hashed.hexdigest()})

    async def _rows(self, organization_id: str) -> AsyncGenerator[JsonObject]:
        async with frozen(self._database, organization_id) as connection:
            for table, at_once in EXPORTED.items():
                async with aclosing(rows_of(connection, table, at_once=at_once)) as rows:
                    async for row in rows:
                        yield {"table": table.__tablename__, "row": row}


def _spelled(document: JsonObject) -> bytes:
    return orjson.dumps(document, option=_SPELLING)
