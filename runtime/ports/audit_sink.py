"""The role of an audit sink: keep copies of what was recorded, where this platform can't undo them.

Implemented by `adapters.audit_sinks`. A receipt is proof of a copy: a sink that can't tell whether
it has one raises, and whoever asked tries again; a copy that is there twice harms nobody.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

MOST_OBJECT_BYTES: Final = 33_554_432
MOST_NAME_LETTERS: Final = 512
_NAME: Final = re.compile(
    r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*", re.ASCII
)


class SinkError(Exception):
    """Report that a sink did not do what it was asked, as far as anybody can tell."""

    def __init__(self, reason: str, *, sink: str, retry_after_s: float | None = None) -> None:
        """Say what happened in words that people may read: no secret, nothing of a copy.

        Args:
            reason: what happened, and what to do where somebody can.
            sink: which sink it was.
            retry_after_s: when the sink wants to be asked again, if it said so.
        """
        self.reason = reason
        self.sink = sink
        self.retry_after_s = retry_after_s
        super().__init__(f"audit sink '{sink}': {reason}")


class CopyLostError(SinkError):
    """Report a copy that is gone, or is another than its receipt says; asking again is no help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkObject:
    """Hold what is to be copied.

    Attributes:
        name: parts of A-Z, a-z, 0-9, `_`, `-` and, not first, `.`, between slashes; at most
            `MOST_NAME_LETTERS` in all. The same name always has the same body.
        body: at most `MOST_OBJECT_BYTES`.
        keep_until: with a time zone; until then nobody can delete the copy, where the sink is
            immutable. None: for as long as the sink's own address says.

    Raises:
        ValueError: a name, a body or an instant is none of these.
    """

    name: str
    body: bytes = field(repr=False)
    keep_until: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what no sink could keep."""
        if len(self.name) > MOST_NAME_LETTERS or not _NAME.fullmatch(self.name):
            raise ValueError(
                f"the name of an object is '{self.name[:40]}', expected letters of ASCII, digits, "
                f"'_', '-' and '.' between slashes, at most {MOST_NAME_LETTERS} characters"
            )
        if len(self.body) > MOST_OBJECT_BYTES:
            raise ValueError(
                f"object {self.name} has {len(self.body)} bytes, expected at most "
                f"{MOST_OBJECT_BYTES}; split it"
            )
        if self.keep_until is not None and self.keep_until.tzinfo is None:
            raise ValueError(f"object {self.name} is kept until an instant without a time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Say where a copy is.

    Attributes:
        sink: the name of the sink.
        name: that of the object.
        version: which of all objects that ever had the name; a sink's own text.
        digest: of the body, as in `sha256:…`.
    """

    sink: str
    name: str
    version: str
    digest: str


class ListedKind(StrEnum):
    """Say what a listed version is."""

    COPY = "copy"
    """The one version of its name that everybody sees."""
    HIDDEN = "hidden"
    """There is another version of its name, or a marker before it: an alarm."""
    MARKER = "marker"
    """It says that there is no such object, and hides those that there are: an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Name one version in a sink.

    Attributes:
        name: of the object.
        version: as in its receipt.
        kind: a copy; or what somebody did to one since.
        size_bytes: of the body; 0 for a marker.
    """

    name: str
    version: str
    kind: ListedKind
    size_bytes: int


class AuditSink(Protocol):
    """Keep copies; safe to use from many tasks of one event loop."""

    @property
    def name(self) -> str:
        """Return the address without options, as in `s3://bucket/prefix`; receipts hold it."""
        ...

    @property
    def immutable(self) -> bool:
        """Return whether nobody, the operator included, can undo a copy before its time."""
        ...

    @property
    def listable(self) -> bool:
        """Return whether what is there can be listed, and read back."""
        ...

    async def put(self, obj: SinkObject) -> Receipt:
        """Return once the copy is durable, as far as the sink can prove; put twice, it is once.

        Raises:
            SinkError: there may be a copy or none: put it again.
            CopyLostError: the name is taken by another body.
        """
        ...

    async def read(self, receipt: Receipt) -> bytes:
        """Return the body of exactly the version that a receipt names.

        Raises:
            SinkError: it can't be told now, or this sink can't be read (it is not listable).
            CopyLostError: it is gone, or its digest is another.
        """
        ...

    def list(self, *, prefix: str, after: str) -> AsyncIterator[Listed]:
        """Yield all versions of all objects, in the order of their names.

        Args:
            prefix: what their names begin with; empty for all.
            after: a name; those up to it are left out. Empty for none.

        Raises:
            SinkError: they can't be listed now, or never (it is not listable).
        """
        ...

    async def hold(self, receipt: Receipt, *, held: bool) -> None:
        """Put a copy under a legal hold, or end it; held, it outlives its time.

        Raises:
            SinkError: it is not so now, or this sink can't (it is not immutable).
        """
        ...

    async def ready(self) -> None:
        """Return when copies could be put now, and would be kept as `immutable` says.

        Raises:
            SinkError: they could not; the message says what to change.
        """
        ...

    async def close(self) -> None:
        """Release connections; further calls are an error."""
        ...
