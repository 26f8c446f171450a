"""Open what leaves hold, as far as their keys are there, and spell them for readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from runtime.domain.audit_leaf import at_text
from runtime.domain.audit_sealing import SubjectKey, opened, salt
from runtime.domain.errors import LeafUnreadableError
from runtime.kit.json_value import JsonObject
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.store.audit_log import NumberedLeaf


class Readable(StrEnum):
    """Say whether a record can be read: its key may be destroyed, or its leaf altered."""

    READABLE = "readable"
    ERASED = "erased"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLeaf:
    """Pair a leaf with what it says.

    Attributes:
        document: None where nobody can read it.
        salt: lower hex of what the commitment to the document is made with; None as well.
    """

    numbered: NumberedLeaf
    readable: Readable
    document: JsonObject | None = None
    salt: str | None = None

    def shown(self) -> JsonObject:
        """Spell it as one item of a list."""
        leaf = self.numbered.leaf
        return {
            "sequence": self.numbered.sequence,
            "id": leaf.id,
            "kind": leaf.kind,
            "principal": leaf.principal_id,
            "project": leaf.project_id,
            "at": at_text(leaf.at),
            "hash": self.numbered.hash,
            "readable": self.readable.value,
            "document": self.document,
        }

    def exported(self) -> JsonObject:
        """Spell it as a line of an export."""
        return {
            "leaf": self.numbered.sequence,
            "header": self.numbered.leaf.header(),
            "hash": self.numbered.hash,
            "payload": self.numbered.leaf.payload,
            "document": self.document,
            "salt": self.salt,
        }


async def opened_leaves(
    keys: SubjectKeys, organization_id: str, leaves: Sequence[NumberedLeaf]
) -> tuple[OpenedLeaf, ...]:
    """Return leaves with what they say.

    Raises:
        AuditKeyBrokenError: a stored key does not open.
        StorageUnavailableError: the database can't be asked.
    """
    found = await keys.with_ids(organization_id, {item.leaf.key_id for item in leaves})
    return tuple(_opened(item, found.get(item.leaf.key_id)) for item in leaves)


def _opened(numbered: NumberedLeaf, key: SubjectKey | None) -> OpenedLeaf:
    leaf = numbered.leaf
    if key is None:
        return OpenedLeaf(numbered=numbered, readable=Readable.ERASED)
    try:
        document = opened(leaf, key)
    except LeafUnreadableError:
        return OpenedLeaf(numbered=numbered, readable=Readable.ALTERED)
    return OpenedLeaf(
        numbered=numbered,
        readable=Readable.READABLE,
        document=document,
        salt=salt(key, leaf.id).hex(),
    )
