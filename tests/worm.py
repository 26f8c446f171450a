"""Stand in for an immutable sink, over files, that can be harmed as real ones are.

It keeps the port's word: whoever is told of a copy has one. Only `LIES` breaks it, which no sink of
ours does, so that tests see what is found out later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from pathlib import Path

from runtime.adapters.audit_sinks.files import FilesSink
from runtime.kit.canonical_json import digest_bytes
from runtime.ports.audit_sink import Listed, ListedKind, Receipt, SinkError, SinkObject
from runtime.ports.sink_address import SinkAddress, SinkKind


class Fault(StrEnum):
    """Say what is wrong with a sink."""

    NONE = "none"
    DOWN = "down"
    SLOW = "slow"
    """It never answers."""
    TRUNCATES = "truncates"
    """It keeps half of each object, which its adapter finds when it reads back."""
    DROPS = "drops"
    """It takes each object and keeps none, which its adapter finds when it reads back."""
    OTHER = "other"
    """It keeps half of each object, and its receipt is of that half."""
    LIES = "lies"
    """It keeps nothing, and its receipt says that it did."""


class WormFiles:
    """Keep copies as files; `fault` is what is wrong from now on."""

    immutable = True
    listable = True

    def __init__(self, folder: Path, *, fault: Fault = Fault.NONE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.name = f"file://{folder}"
        self.fault = fault
        self.puts = 0
        self.hidden: set[str] = set()
        self._files = FilesSink(SinkAddress(kind=SinkKind.FILES, name=self.name, place=str(folder)))

    async def put(self, obj: SinkObject) -> Receipt:
        """Keep a copy, or do what is wrong."""
        self.puts += 1
        half = SinkObject(name=obj.name, body=obj.body[: len(obj.body) // 2])
        match self.fault:
            case Fault.NONE:
                return await self._files.put(obj)
            case Fault.DOWN | Fault.DROPS:
                raise SinkError(f"it is {self.fault}", sink=self.name)
            case Fault.SLOW:
                await asyncio.Event().wait()
            case Fault.TRUNCATES:
                await self._files.put(half)
                raise SinkError("it reads back as something else", sink=self.name)
            case Fault.OTHER:
                return await self._files.put(half)
            case Fault.LIES:
                pass
        digest = digest_bytes(obj.body)
        return Receipt(sink=self.name, name=obj.name, version=digest, digest=digest)

    async def read(self, receipt: Receipt) -> bytes:
        """Return what is kept."""
        if self.fault is Fault.DOWN:
            raise SinkError("it is down", sink=self.name)
        return await self._files.read(receipt)

    async def list(self, *, prefix: str, after: str) -> AsyncIterator[Listed]:
        """Yield what is kept; of what was hidden a marker as well."""
        if self.fault is Fault.DOWN:
            raise SinkError("it is down", sink=self.name)
        async for listed in self._files.list(prefix=prefix, after=after):
            if listed.name not in self.hidden:
                yield listed
                continue
            for kind, version in ((ListedKind.MARKER, "m"), (ListedKind.HIDDEN, listed.version)):
                yield Listed(name=listed.name, version=version, kind=kind, size_bytes=0)

    async def hold(self, receipt: Receipt, *, held: bool) -> None:
        """Refuse."""
        await self._files.hold(receipt, held=held)

    async def ready(self) -> None:
        """Return unless it is down."""
        if self.fault is Fault.DOWN:
            raise SinkError("it is down", sink=self.name)

    async def close(self) -> None:
        """Keep nothing more."""
        await self._files.close()

    def objects(self) -> Sequence[Path]:
        """Return the files that there are, in order."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())
