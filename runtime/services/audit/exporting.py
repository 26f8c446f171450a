"""Write a log as lines that anybody can check: all leaves under the newest head, and the heads.

Leaves never change, so an export reads page after page and holds nothing in between. What nobody
can read any more is there without its document; all proofs hold. `docs/audit.md` has the format.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from runtime.domain.audit_leaf import at_text
from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject
from runtime.services.audit.opening import opened_leaves
from runtime.services.audit.rights import require_reader, require_steady_reader
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.services.context import Context, Ids
from runtime.services.parts import PART_BYTES, Parts
from runtime.services.slots import Slots
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.audit_heads import heads_after, latest_head
from runtime.store.audit_key_epochs import key_epochs
from runtime.store.audit_log import leaves_after
from runtime.store.session import Database

FORMAT: Final = "plangate-audit-export/1"
AT_ONCE: Final = 2
WAIT_S: Final = 5.0
PAGE: Final = 100
"""Leaves that are in memory at once: what they say may be large."""


class AuditExports:
    """Hand out logs; belongs to one event loop."""

    def __init__(
        self, *, database: Database, ids: Ids, keys: SubjectKeys, wait_s: float = WAIT_S
    ) -> None:
        self._database = database
        self._ids = ids
        self._keys = keys
        self._slots = Slots(most=AT_ONCE, wait_s=wait_s)

    async def begin(self, context: Context) -> Parts:
        """Record that the log is exported, and return its export in parts; whoever takes it closes.

        It ends with the newest signed head: what was recorded later, this export too, is not in it.

        Raises:
            NotAllowedError: the caller may not read the log.
            CredentialRefusedError: they are no member any more, or their token has ended.
            ExportsBusyError: as many run as may, or one of the organization does.
        """
        caller = context.caller
        require_reader(caller)
        sizes = list[int]()

        async def work(unit: Unit) -> Answer:
            await require_steady_reader(unit, caller)
            head = await latest_head(unit.connection, caller.organization_id)
            sizes.append(0 if head is None else head.head.size)
            await unit.audit("audit.exported", {"size": sizes[-1]})
            return Answer(document={})

        leave = await self._slots.taken(caller.organization_id)
        try:
            await once(self._database, self._ids, Context(caller=caller), work=work)
        except BaseException:
            leave()
            raise
        return Parts(self._parts(caller.organization_id, size=sizes[-1]), leave=leave)

    async def _parts(self, organization_id: str, *, size: int) -> AsyncGenerator[bytes]:
        """Join lines to parts of a size that is worth sending."""
        waiting = bytearray()
        async with aclosing(self._lines(organization_id, size=size)) as lines:
            async for line in lines:
                waiting += canonical_bytes(line) + b"\n"
                if len(waiting) >= PART_BYTES:
                    yield bytes(waiting)
                    waiting.clear()
        yield bytes(waiting)

    async def _lines(self, organization_id: str, *, size: int) -> AsyncGenerator[JsonObject]:
        epochs = await key_epochs(self._database)
        yield {
            "format": FORMAT,
            "organization": organization_id,
            "exported_at": at_text(self._ids.now()),
            "size": size,
            "keys": [epoch.document() for epoch in epochs],
        }
        written = heads = 0
        while written < size:
            lines = await self._page(organization_id, written, limit=min(PAGE, size - written))
            if not lines:
                break  # leaves are missing: whoever checks the export is told by its last line
            for line in lines:
                yield line
            written = next(line["leaf"] for line in reversed(lines) if "leaf" in line) + 1
            heads += sum("head" in line for line in lines)
        yield {"end": size, "heads": heads}

    async def _page(self, organization_id: str, written: int, *, limit: int) -> list[JsonObject]:
        """Return the lines of some leaves, and of the heads over them."""
        async with self._database.transaction(organization_id, read_only=True) as connection:
            leaves = await leaves_after(
                connection, written - 1, organization_id=organization_id, limit=limit
            )
            heads = await heads_after(connection, organization_id, written, limit=limit)
        over = {head.head.size: head.document() for head in heads}
        lines = list[JsonObject]()
        for item in await opened_leaves(self._keys, organization_id, leaves):
            lines.append(item.exported())
            head = over.get(item.numbered.sequence + 1)
            if head is not None:
                lines.append({"head": head})
        return lines
