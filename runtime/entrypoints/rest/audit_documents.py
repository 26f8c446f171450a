"""Spell on the wire what an organization's audit log holds, and what may be asked of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.audit_hold import LONGEST_REASON
from runtime.entrypoints.rest.texts import MOST_ID_TEXT, NameText
from runtime.kit.json_value import JsonObject
from runtime.services.audit.opening import Readable

MOST_KEEP_DAYS: Final = 36_500

SubjectText = Annotated[str, Field(min_length=1, max_length=MOST_ID_TEXT)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AuditRecordOut(_Wire):
    """Show a record of the log.

    Attributes:
        sequence: its number, which begins with 0 and leaves none out.
        kind: of docs/audit-records.md.
        principal: who did it; `operator`, `platform` and `nobody` are no members.
        hash: of the leaf, lower hex.
        readable: `erased` where its key was destroyed, `altered` where it is not what was sealed.
        document: what it says; null where nobody can read it.
    """

    sequence: int
    id: str
    kind: str
    principal: str
    project: str | None
    at: datetime
    hash: str
    readable: Readable
    document: JsonObject | None


class SignedHeadOut(_Wire):
    """State how large the log is and what its root is, with a signature.

    Attributes:
        root: of the tree over all leaves, lower hex.
        at: as it is signed.
        key: of GET /v1/audit/keys.
        signature: ed25519, base64url.
    """

    organization: str
    size: int
    root: str
    at: str
    key: str
    signature: str


class AnchorOut(_Wire):
    """Say where a head is kept with the hashes of its leaves."""

    sink: str
    name: str
    version: str
    digest: str


class LatestHeadOut(SignedHeadOut):
    """State the newest head, and where it is anchored."""

    anchors: tuple[AnchorOut, ...]


class InclusionOut(_Wire):
    """Prove that a head covers a record (Source: RFC 6962 §2.1.1).

    Attributes:
        path: hashes from the leaf's neighbour up, lower hex.
    """

    head: SignedHeadOut
    index: int
    path: tuple[str, ...]


class AuditRecordDetailOut(AuditRecordOut):
    """Show a record with all that it takes to check it.

    Attributes:
        header: what is hashed.
        payload: the sealed document, base64url.
        salt: of the commitment to the document, lower hex; null where nobody can read it.
        proof: null until a head covers it, within seconds.
    """

    header: JsonObject
    payload: str
    salt: str | None
    proof: InclusionOut | None


class ConsistencyOut(_Wire):
    """Prove that the log at one size begins with what it was at another (RFC 6962 §2.1.2).

    Attributes:
        path: lower hex.
        first_head: the signed head of that size; null where none was signed.
        second_head: as above.
    """

    first: int
    second: int
    path: tuple[str, ...]
    first_head: SignedHeadOut | None
    second_head: SignedHeadOut | None


class AuditKeyOut(_Wire):
    """Show a key that signs heads.

    Attributes:
        public_key: base64url of 32 bytes.
        begins_at: as it is endorsed.
        endorsed_by: the key before; null for the first one.
        endorsement: that key's signature.
    """

    key: str
    public_key: str
    begins_at: str
    endorsed_by: str | None
    endorsement: str | None


class AuditKeysOut(_Wire):
    """List the keys that sign heads, the first one first."""

    items: tuple[AuditKeyOut, ...]


class AuditSettingsIn(_Wire):
    """Say what is demanded of audit records.

    Attributes:
        strict: nothing is executed before an immutable copy of its records is written.
        keep_days: after which what records say can't be read any more; null: no end.
    """

    strict: bool
    keep_days: Annotated[int, Field(ge=1, le=MOST_KEEP_DAYS)] | None


class AuditSettingsOut(_Wire):
    """Show what is demanded of audit records."""

    strict: bool
    strict_since: datetime | None
    keep_days: int | None


class HoldIn(_Wire):
    """Say what to hold.

    Attributes:
        name: of the case.
        reason: in words.
        subject: whose records; null: everybody's.
    """

    name: NameText
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
    subject: SubjectText | None = None


class HoldOut(_Wire):
    """Show a hold: what it names stays readable until it is released."""

    id: str
    name: str
    reason: str
    subject: str | None
    held_by: str
    created_at: datetime
    released_at: datetime | None
    released_by: str | None


class ErasureIn(_Wire):
    """Say whose records nobody shall read again; `confirm` is the subject once more."""

    subject: SubjectText
    confirm: SubjectText


class ErasureOut(_Wire):
    """Say how many keys were destroyed."""

    subject: str
    keys: int
