"""Leaves are hashed by their headers, as RFC 8785 and RFC 6962 say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Final

import pytest

from runtime.domain.audit_leaf import Leaf, at_text, leaf_of_header

LEAF: Final = Leaf(
    organization_id="org_1",
    id="aud_1",
    kind="token.created",
    principal_id="mem_1",
    project_id=None,
    at=datetime(2026, 11, 30, 9, tzinfo=UTC),
    key_id="apk_1",
    payload="c2VhbGVk",
    commitment="00" * 32,
)
SPELLED: Final = (
    '{"at":"2026-11-30T09:00:00.000000Z","commitment":"' + "00" * 32 + '","id":"aud_1",'
    '"key":"apk_1","kind":"token.created","organization":"org_1","payload_digest":"sha256:'
    + sha256(b"c2VhbGVk").hexdigest()
    + '","principal":"mem_1","project":null,"v":1}'
)


def test_the_hash_is_that_of_the_spelled_header() -> None:
    """Whoever spells the header canonically gets the same hash."""
    assert LEAF.hash() == sha256(b"\x00" + SPELLED.encode()).digest()
    assert LEAF.hash() == leaf_of_header(LEAF.header())


@pytest.mark.parametrize(
    "member",
    [
        "organization_id",
        "id",
        "kind",
        "principal_id",
        "project_id",
        "key_id",
        "payload",
        "commitment",
    ],
)
def test_each_member_is_hashed(member: str) -> None:
    """A leaf that differs anywhere has another hash."""
    changed = replace(LEAF, **{member: "other"})  # type: ignore[arg-type]  # none is an instant
    assert changed.hash() != LEAF.hash()
    assert replace(LEAF, at=LEAF.at + timedelta(microseconds=1)).hash() != LEAF.hash()


def test_instants_are_spelled_in_one_way() -> None:
    """UTC, six digits and Z, whatever the zone; without a zone there is no instant."""
    at = datetime(2026, 11, 30, 10, 0, 0, 25, tzinfo=timezone(timedelta(hours=1)))
    assert at_text(at) == "2026-11-30T09:00:00.000025Z"
    with pytest.raises(ValueError, match="no time zone"):
        at_text(at.replace(tzinfo=None))
