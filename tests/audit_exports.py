"""Write exports of audit logs, and anchors of them, as Plangate does; for tests and benchmarks."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runtime.domain.audit_leaf import at_text, leaf_of_header
from runtime.domain.audit_sealing import SubjectKey, salt, sealed
from runtime.domain.merkle import Frontier
from runtime.domain.record import AuditRecord
from runtime.domain.tree_head import (
    KeyEpoch,
    SignedHead,
    TreeHead,
    anchor_document,
    key_id_of,
)
from runtime.kit.canonical_json import canonical_bytes, parse
from runtime.kit.json_value import JsonObject

OURS: Final = "org_ours"
BEGIN: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)
EXPORTED: Final = BEGIN + timedelta(days=1)


def unpadded(data: bytes) -> str:
    """Spell bytes as base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Signer:
    """Sign heads and endorse keys with the key that follows from a name."""

    name: str

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key."""
        return Ed25519PrivateKey.from_private_bytes(sha256(self.name.encode()).digest())

    @property
    def public(self) -> bytes:
        """What others check with."""
        return self.private.public_key().public_bytes_raw()

    def signed(self, head: TreeHead) -> SignedHead:
        """Return a head with a signature of it."""
        signature = unpadded(self.private.sign(head.signed_bytes()))
        return SignedHead(head=head, key_id=key_id_of(self.public), signature=signature)

    def epoch(self, *, after: Signer | None = None, begins_at: datetime = BEGIN) -> KeyEpoch:
        """Return what introduces this key, endorsed by the one before."""
        epoch = KeyEpoch(
            key_id=key_id_of(self.public),
            public_key=unpadded(self.public),
            begins_at=begins_at,
            endorsed_by=None if after is None else key_id_of(after.public),
            endorsement=None,
        )
        if after is None:
            return epoch
        return KeyEpoch(
            key_id=epoch.key_id,
            public_key=epoch.public_key,
            begins_at=begins_at,
            endorsed_by=epoch.endorsed_by,
            endorsement=unpadded(after.private.sign(epoch.endorsed_bytes())),
        )


def subject_key(name: str) -> SubjectKey:
    """Return the key that follows from a name."""
    return SubjectKey(id=f"apk_{name}", value=sha256(name.encode()).digest())


def leaf_line(
    record: AuditRecord,
    key: SubjectKey,
    *,
    number: int,
    organization: str = OURS,
    at: datetime | None = None,
    erased: bool = False,
) -> JsonObject:
    """Return the line of an export that shows a record."""
    leaf = sealed(
        record, key, organization_id=organization, at=at or BEGIN + timedelta(seconds=number)
    )
    header = leaf.header()
    return {
        "leaf": number,
        "header": header,
        "hash": leaf_of_header(header).hex(),
        "payload": leaf.payload,
        "document": None if erased else parse(record.document),
        "salt": None if erased else salt(key, record.id).hex(),
    }


def renumbered(leaves: Iterable[JsonObject]) -> list[JsonObject]:
    """Return leaves with numbers from 0 on, and the hashes that their headers have."""
    return [
        {**line, "leaf": number, "hash": leaf_of_header(line["header"]).hex()}
        for number, line in enumerate(leaves)
    ]


def heads_of(
    leaves: Sequence[JsonObject], signers: Mapping[int, Signer], *, organization: str = OURS
) -> dict[int, JsonObject]:
    """Return signed heads by their sizes, each signed by the signer of that size."""
    frontier, heads = Frontier(), {}
    for size in sorted(signers):
        hashes = (bytes.fromhex(line["hash"]) for line in leaves[frontier.size : size])
        frontier = frontier.with_leaves(hashes)
        head = TreeHead(
            organization_id=organization,
            size=size,
            root=frontier.root().hex(),
            at=BEGIN + timedelta(seconds=size),
        )
        heads[size] = signers[size].signed(head).document()
    return heads


def export_lines(
    leaves: Sequence[JsonObject],
    heads: Mapping[int, JsonObject],
    epochs: Sequence[JsonObject],
    *,
    organization: str = OURS,
) -> list[JsonObject]:
    """Return the lines of an export."""
    lines: list[JsonObject] = [
        {
            "format": "plangate-audit-export/1",
            "organization": organization,
            "exported_at": at_text(EXPORTED),
            "size": len(leaves),
            "keys": list(epochs),
        }
    ]
    for number, leaf in enumerate(leaves):
        lines.append(leaf)
        if number + 1 in heads:
            lines.append({"head": heads[number + 1]})
    return [*lines, {"end": len(leaves), "heads": len(heads)}]


def anchors_of(
    leaves: Sequence[JsonObject], heads: Mapping[int, JsonObject]
) -> dict[int, JsonObject]:
    """Return the anchor of each head, by size; heads are as `heads_of` makes them."""
    anchors, previous = {}, 0
    for size in sorted(heads):
        hashes = [bytes.fromhex(line["hash"]) for line in leaves[previous:size]]
        stand_in = SignedHead(
            head=TreeHead(organization_id=OURS, size=size, root="", at=BEGIN),
            key_id="",
            signature="",
        )
        anchor = anchor_document(stand_in, hashes, previous_size=previous)
        anchors[size] = {**anchor, "head": heads[size]}
        previous = size
    return anchors


def write_lines(path: Path, lines: Iterable[JsonObject]) -> Path:
    """Write an export."""
    with path.open("wb") as file:
        file.writelines(canonical_bytes(line) + b"\n" for line in lines)
    return path
