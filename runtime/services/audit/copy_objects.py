"""Spell the objects that hold copies of records, and read them again.

An object has one line a record, of any organizations: `{"header":…,"organization":…,"payload":…}`
in canonical JSON, as in the objects of leaves, but for the number, which nobody knows yet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from runtime.domain.audit_leaf import Leaf, leaf_of_header
from runtime.kit.canonical_json import (
    CanonicalJsonError,
    canonical_bytes,
    digest_bytes,
    parse,
)
from runtime.kit.ids import ENTROPY_BYTES, IdError, new_id, parse_id
from runtime.services.context import Ids

PREFIX: Final = "copies/"
ID_PREFIX: Final = "cop"
_DIGEST: Final = "sha256:"
_NAME: Final = re.compile(
    PREFIX + r"\d{4}/\d{2}/\d{2}/(?P<id>cop_[0-9A-Z]+)-(?P<digest>[0-9a-f]{64})\.jsonl"
)


class CopyUnreadableError(Exception):
    """Report an object that is none of ours: a line of it is no copy of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyLine:
    """Say of which record a line is a copy.

    Attributes:
        organization_id: whose record it is.
        record_id: its id.
        leaf: hash of the leaf that was copied, in lower hex.
    """

    organization_id: str
    record_id: str
    leaf: str


def copy_line(leaf: Leaf) -> bytes:
    """Return the line of a leaf, with the newline that ends it."""
    spelled = canonical_bytes(
        {"organization": leaf.organization_id, "header": leaf.header(), "payload": leaf.payload}
    )
    return spelled + b"\n"


def object_name(ids: Ids, body: bytes) -> str:
    """Return the name of a new object; names sort by time, and hold the digest of the body."""
    object_id = ids.new(ID_PREFIX)
    digest = digest_bytes(body).removeprefix(_DIGEST)
    return f"{PREFIX}{ids.now():%Y/%m/%d}/{object_id}-{digest}.jsonl"


def names_until(instant: datetime) -> str:
    """Return what all names of objects that were made before an instant sort before, or are."""
    now_ms = int(instant.timestamp() * 1000)
    object_id = new_id(ID_PREFIX, now_ms=now_ms, entropy=bytes(ENTROPY_BYTES))
    return f"{PREFIX}{instant:%Y/%m/%d}/{object_id}"


def digest_named(name: str) -> str:
    """Return the digest that an object has to have, as its name says.

    Raises:
        CopyUnreadableError: it is no name of ours.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise CopyUnreadableError
    try:
        parse_id(found["id"], ID_PREFIX)
    except IdError:
        raise CopyUnreadableError from None
    return _DIGEST + found["digest"]


def read_copies(body: bytes, *, digest: str) -> Sequence[CopyLine]:
    """Return what the lines of an object are copies of; each line agrees with itself.

    Args:
        body: of the object.
        digest: what the body has to have.

    Raises:
        CopyUnreadableError: the body is another, or a line is no copy.
    """
    if digest_bytes(body) != digest:
        raise CopyUnreadableError
    return [_read(line) for line in body.splitlines()]


def _read(line: bytes) -> CopyLine:
    try:
        match parse(line):
            case {
                "organization": str(organization_id),
                "header": {"id": str(record_id), "organization": str(named)} as header,
                "payload": str(payload),
            } if named == organization_id and header.get("payload_digest") == digest_bytes(
                payload.encode()
            ):
                parse_id(organization_id, "org")
                parse_id(record_id, "aud")
                return CopyLine(
                    organization_id=organization_id,
                    record_id=record_id,
                    leaf=leaf_of_header(header).hex(),
                )
    except (CanonicalJsonError, IdError):
        pass
    raise CopyUnreadableError
