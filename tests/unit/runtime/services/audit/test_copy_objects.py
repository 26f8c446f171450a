"""Objects of copies are read back as they were spelled, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.audit_leaf import Leaf
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.clock import FixedClock
from runtime.services.audit.copy_objects import (
    CopyLine,
    CopyUnreadableError,
    copy_line,
    digest_named,
    names_until,
    object_name,
    read_copies,
)
from runtime.services.context import Ids

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
A_MOMENT = timedelta(milliseconds=1)
ORGANIZATION = "org_01KDVDNA000000000000000000"


def copies_in(body: bytes) -> Sequence[CopyLine]:
    """Read a body that is as its name says."""
    return read_copies(body, digest=digest_bytes(body))


def a_leaf(number: int = 0, *, payload: str = "c2VhbGVk", kind: str = "plan.executed") -> Leaf:
    """Build a leaf."""
    return Leaf(
        organization_id=ORGANIZATION,
        id=f"aud_01KDVDNA0000000000000{number:05}",
        kind=kind,
        principal_id="mem_01KDVDNA000000000000000000",
        project_id=None,
        at=NOW,
        key_id="apk_01KDVDNA000000000000000000",
        payload=payload,
        commitment="00" * 32,
    )


@given(st.lists(st.text("abcXYZ019-_", min_size=1, max_size=50), max_size=20))
def test_what_was_spelled_is_read(payloads: list[str]) -> None:
    """Each line tells whose leaf it is, in order."""
    leaves = [a_leaf(number, payload=payload) for number, payload in enumerate(payloads)]

    assert copies_in(b"".join(map(copy_line, leaves))) == [
        CopyLine(organization_id=ORGANIZATION, record_id=leaf.id, leaf=leaf.hash().hex())
        for leaf in leaves
    ]


@given(st.data())
def test_no_changed_byte_leaves_the_same_leaf(data: st.DataObject) -> None:
    """A line that was altered is no copy, or a copy of something else."""
    leaf = a_leaf()
    line = bytearray(copy_line(leaf)[:-1])
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))

    try:
        found = copies_in(bytes(line))
    except CopyUnreadableError:
        return
    same = CopyLine(organization_id=ORGANIZATION, record_id=leaf.id, leaf=leaf.hash().hex())
    assert same not in found


def test_a_payload_of_another_leaf_is_no_copy() -> None:
    """Header and payload belong together."""
    mixed = copy_line(a_leaf()).replace(b'"payload":"c2VhbGVk"', b'"payload":"b3RoZXI"')

    with pytest.raises(CopyUnreadableError):
        copies_in(mixed)


def test_a_line_of_another_organization_than_its_header_is_no_copy() -> None:
    """Whose leaf it is, the hashed header says."""
    other = ORGANIZATION[:-1] + "1"
    mixed = copy_line(a_leaf()).replace(
        f'"organization":"{ORGANIZATION}","payload"'.encode(),
        f'"organization":"{other}","payload"'.encode(),
    )

    assert other.encode() in mixed
    with pytest.raises(CopyUnreadableError):
        copies_in(mixed)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="another document"),
        pytest.param(b"{", id="no document"),
        pytest.param(copy_line(a_leaf()).replace(ORGANIZATION.encode(), b"org_x"), id="no id"),
        pytest.param(copy_line(a_leaf()) + b"\n", id="an empty line"),
        pytest.param(copy_line(a_leaf()).replace(b"aud_", b"\\u0000"), id="no id of a record"),
    ],
)
def test_what_is_no_copy_is_refused(body: bytes) -> None:
    """No line is passed over in silence."""
    with pytest.raises(CopyUnreadableError):
        copies_in(body)


def test_a_body_that_is_not_the_named_one_is_refused() -> None:
    """Half an object may be whole lines; it is none of ours all the same."""
    lines = [copy_line(a_leaf(number)) for number in range(2)]

    with pytest.raises(CopyUnreadableError):
        read_copies(lines[0], digest=digest_bytes(b"".join(lines)))


def test_a_name_says_when_and_what() -> None:
    """Who lists names knows which bytes to expect, and whether its commit may be under way."""
    name = object_name(Ids(FixedClock(NOW)), b"body")

    assert name.startswith("copies/2026/11/30/cop_")
    assert digest_named(name) == digest_bytes(b"body")
    assert names_until(NOW - A_MOMENT) < name <= names_until(NOW + A_MOMENT)


@pytest.mark.parametrize(
    "name", ["", "copies/x", "copies/2026/11/30/cop_ZZ-" + 64 * "0" + ".jsonl"]
)
def test_other_names_are_refused(name: str) -> None:
    """What we did not name is none of ours."""
    with pytest.raises(CopyUnreadableError):
        digest_named(name)
