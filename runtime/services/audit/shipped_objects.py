"""Spell what goes into sinks: leaves of many logs in one object, each head in one of its own.

An object is made of what is stored and nothing else, so it can be made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from runtime.domain.tree_head import SignedHead, anchor_document
from runtime.kit.canonical_json import canonical_bytes
from runtime.ports.audit_sink import SinkObject
from runtime.store.audit_log import NumberedLeaf

SIZE_DIGITS: Final = 12
LEAVES_PREFIX: Final = "lvs"


def leaf_line(numbered: NumberedLeaf) -> bytes:
    """Return the line of an object that holds a leaf."""
    line = canonical_bytes(
        {
            "organization": numbered.leaf.organization_id,
            "sequence": numbered.sequence,
            "header": numbered.leaf.header(),
            "payload": numbered.leaf.payload,
        }
    )
    return line + b"\n"


class LeafLines:
    """Gather the lines of one object."""

    def __init__(self, *, most: int, most_bytes: int) -> None:
        """Take how many lines fit, and how many bytes, but for one line that is larger."""
        self.sizes = dict[str, int]()
        """How many leaves a sink has of each log once it has the object."""
        self._lines = list[bytes]()
        self._bytes = 0
        self._most = most
        self._most_bytes = most_bytes

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    def has_room_for(self, line: bytes) -> bool:
        """Say whether a line still fits."""
        if not self._lines:
            return True
        return len(self._lines) < self._most and self._bytes + len(line) <= self._most_bytes

    def add(self, numbered: NumberedLeaf, line: bytes) -> None:
        """Add the line of a leaf."""
        self._lines.append(line)
        self._bytes += len(line)
        self.sizes[numbered.leaf.organization_id] = numbered.sequence + 1

    def made(self, object_id: str, *, now: datetime) -> SinkObject:
        """Return the object; its id sorts by time and was never used."""
        name = f"leaves/{now:%Y/%m/%d}/{object_id}.jsonl"
        return SinkObject(name=name, body=b"".join(self._lines))


def anchor_object(signed: SignedHead, leaves: Sequence[bytes], *, previous_size: int) -> SinkObject:
    """Return the object of a signed head and the leaf hashes since the one before.

    Raises:
        ValueError: there are more or fewer hashes than leaves between the two sizes.
    """
    document = anchor_document(signed, leaves, previous_size=previous_size)
    name = f"anchors/{signed.head.organization_id}/{signed.head.size:0{SIZE_DIGITS}}.json"
    return SinkObject(name=name, body=canonical_bytes(document))
