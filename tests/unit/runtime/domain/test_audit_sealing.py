"""What is sealed opens with its key, for its place, and gives nothing away without."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.audit_leaf import Leaf
from runtime.domain.audit_sealing import SubjectKey, opened, salt, sealed
from runtime.domain.errors import LeafUnreadableError
from runtime.domain.record import AuditRecord

AT: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)
KEY: Final = SubjectKey(id="apk_1", value=bytes(range(32)))
DOCUMENT: Final = {"project": "prj_1", "name": "Zoë <b>", "number": 1.5}


def _record(document: dict[str, object] = DOCUMENT) -> AuditRecord:
    return AuditRecord.of(
        document, record_id="aud_1", principal_id="mem_1", kind="project.created", project_id=None
    )


def _leaf() -> Leaf:
    return sealed(_record(), KEY, organization_id="org_1", at=AT)


def test_the_payload_is_what_the_rules_say() -> None:
    """HKDF makes the key, AES-SIV seals for organization, record and kind."""
    derived = HKDF(SHA256(), 64, salt=None, info=b"plangate/audit/seal/1").derive(KEY.value)
    payload = urlsafe_b64decode(_leaf().payload + "==")
    place = [b"org_1", b"aud_1", b"project.created"]
    assert AESSIV(derived).decrypt(payload, place).decode() == _record().document


def test_the_commitment_is_what_the_rules_say() -> None:
    """The salt follows from the key and the record, the commitment from salt and document."""
    its_salt = hmac.new(KEY.value, b"plangate/audit/salt/1\naud_1", sha256).digest()
    expected = hmac.new(its_salt, _record().document.encode(), sha256).hexdigest()
    assert salt(KEY, "aud_1") == its_salt
    assert _leaf().commitment == expected


@given(st.dictionaries(st.text(), st.integers(-(2**53) + 1, 2**53 - 1) | st.text()))
def test_whatever_is_sealed_opens(document: dict[str, object]) -> None:
    """Sealing twice gives the same bytes, and opening them the document."""
    first = sealed(_record(document), KEY, organization_id="org_1", at=AT)
    assert first == sealed(_record(document), KEY, organization_id="org_1", at=AT)
    assert opened(first, KEY) == document


def test_equal_documents_of_two_records_look_different() -> None:
    """Nobody sees that the same was done twice."""
    other = sealed(replace(_record(), id="aud_2"), KEY, organization_id="org_1", at=AT)
    assert other.payload != _leaf().payload
    assert other.commitment != _leaf().commitment


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"id": "aud_2"}, id="moved to another record"),
        pytest.param({"kind": "project.changed"}, id="moved to another kind"),
        pytest.param({"organization_id": "org_2"}, id="moved to another organization"),
        pytest.param({"payload": "AAAA"}, id="too short"),
        pytest.param({"payload": "A"}, id="no base64"),
        pytest.param({"payload": "é"}, id="no ASCII"),
        pytest.param({"commitment": "00" * 32}, id="another commitment"),
    ],
)
def test_an_altered_leaf_does_not_open(change: dict[str, str]) -> None:
    """A payload opens at its own place only, and only if it is what the leaf commits to."""
    with pytest.raises(LeafUnreadableError, match="verify an export"):
        opened(replace(_leaf(), **change), KEY)  # type: ignore[arg-type]  # none is an instant


@given(st.integers(0, 8 * 60))
def test_each_changed_bit_of_a_payload_is_noticed(bit: int) -> None:
    """AES-SIV authenticates all of it."""
    data = bytearray(urlsafe_b64decode(_leaf().payload + "=="))
    data[bit // 8] ^= 1 << bit % 8
    altered = urlsafe_b64encode(data).rstrip(b"=").decode()
    with pytest.raises(LeafUnreadableError):
        opened(replace(_leaf(), payload=altered), KEY)


def test_another_key_opens_nothing() -> None:
    """Once the key of a subject is destroyed, no other does."""
    with pytest.raises(LeafUnreadableError, match="aud_1"):
        opened(_leaf(), SubjectKey(id="apk_2", value=bytes(32)))


def test_a_key_is_never_shown() -> None:
    """It has 32 bytes, and its text none of them."""
    assert repr(KEY) == "SubjectKey(id='apk_1')"
    with pytest.raises(ValueError, match="has 32 bytes"):
        SubjectKey(id="apk_1", value=bytes(31))
