"""Heads, keys and anchors are spelled for whoever checks them elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from runtime.domain.tree_head import (
    KeyEpoch,
    SignedHead,
    SignedHeadError,
    TreeHead,
    anchor_document,
    key_id_of,
    signed_head_of,
)
from runtime.kit.json_value import JsonObject

AT: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)
HEAD: Final = TreeHead(organization_id="org_1", size=2, root="ab" * 32, at=AT)
SIGNED: Final = SignedHead(head=HEAD, key_id="ak_1", signature="c2ln")
EPOCH: Final = KeyEpoch(
    key_id="ak_2", public_key="cHVi", begins_at=AT, endorsed_by="ak_1", endorsement="c2ln"
)


def test_a_head_is_signed_as_the_rules_say() -> None:
    """What is signed says what it is, and is canonical."""
    assert HEAD.signed_bytes() == (
        b'plangate/audit/head/1\n{"at":"2026-11-30T09:00:00.000000Z","organization":"org_1",'
        b'"root":"' + b"ab" * 32 + b'","size":2}'
    )


def test_a_key_is_endorsed_as_the_rules_say() -> None:
    """What the key before signs is all of the epoch but the signature itself."""
    assert EPOCH.endorsed_bytes() == (
        b'plangate/audit/key/1\n{"begins_at":"2026-11-30T09:00:00.000000Z",'
        b'"endorsed_by":"ak_1","key":"ak_2","public_key":"cHVi"}'
    )
    assert EPOCH.document()["endorsement"] == "c2ln"
    assert key_id_of(b"") == "ak_e3b0c44298fc1c14"


def test_a_signed_head_reads_back() -> None:
    """What exports and anchors hold is the head again."""
    assert signed_head_of(SIGNED.document()) == SIGNED


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"size": "2"}, id="size as text"),
        pytest.param({"size": True}, id="size as truth"),
        pytest.param({"root": None}, id="no root"),
        pytest.param({"more": 1}, id="a member too much"),
        pytest.param({"at": "yesterday"}, id="no instant"),
        pytest.param({"at": "2026-11-30T09:00:00"}, id="an instant without zone"),
        pytest.param({"at": "2026-11-30T09:00:00Z"}, id="an instant in another spelling"),
    ],
)
def test_what_is_no_head_is_refused(change: JsonObject) -> None:
    """Nothing is read that would be spelled otherwise when it is checked."""
    with pytest.raises(SignedHeadError):
        signed_head_of({**SIGNED.document(), **change})


def test_an_anchor_holds_the_leaves_since_the_head_before() -> None:
    """Their number is the distance of the two sizes."""
    leaves = [bytes(32), bytes([1]) * 32]
    anchor = anchor_document(SIGNED, leaves, previous_size=0)
    assert anchor == {
        "format": "plangate-audit-anchor/1",
        "head": SIGNED.document(),
        "from": 0,
        "leaves": [leaf.hex() for leaf in leaves],
    }
    later = replace(SIGNED, head=replace(HEAD, size=3))
    for signed, previous in ((SIGNED, 1), (later, 0), (SIGNED, -1)):
        with pytest.raises(ValueError, match="2 leaf hashes"):
            anchor_document(signed, leaves, previous_size=previous)
