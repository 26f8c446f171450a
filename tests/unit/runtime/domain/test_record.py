"""Records are spelled once, and their digest is of what is stored."""

from __future__ import annotations

from runtime.domain.record import AuditRecord
from runtime.kit.canonical_json import digest


def test_a_record_is_canonical_and_digested() -> None:
    """Whoever reads the document can digest it again."""
    document = {"b": 1.0, "a": "x"}

    record = AuditRecord.of(
        document, record_id="aud_1", principal_id="mem_1", kind="token.created", project_id=None
    )

    assert record.document == '{"a":"x","b":1}'
    assert record.digest == digest(document)
