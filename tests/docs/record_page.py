"""Spell the page about audit records from the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runtime.domain.audit_catalogue import RECORD_KINDS

_HEAD: Final = """# Audit records

Written by `python -m tests.docs.renew_records` from the catalogue; don't edit it.

Whatever is decided or administered leaves a record: done, refused by rules or by rights, or only
asked. It is written in the commit of what it tells, or before its answer where nothing else is
written, and is in the [audit log](audit.md) within seconds. Names stay.

What is refused by rights is bounded: 60 records of one member at once, then one every 10 seconds;
`left_out` says how many were not recorded before it, by one process. What nobody is known to have
asked (a credential that opens nothing) is in no organization's log.

| Kind | Tells | Since | Told as an event |
|---|---|---|---|
"""


def record_page() -> str:
    """Return the page."""
    return _HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for kind in RECORD_KINDS.values():
        told = "yes" if kind.announced else "no"
        yield f"| `{kind.name}` | {kind.tells} | {kind.since} | {told} |\n"
