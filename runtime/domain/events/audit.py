"""Describe events of the audit log."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import (
    EventData,
    EventType,
    Instant,
    OrganizationId,
    Reach,
    example_id,
)


class AuditAnchored(EventData):
    """Say that a signed head of the log is kept where this platform can't undo it."""

    organization: OrganizationId
    size: Annotated[int, Field(ge=1, description="How many records the log had then.")]
    root: Annotated[str, Field(description="Of the tree over them, 64 hexadecimal digits.")]
    at: Instant
    key: Annotated[str, Field(description="The id of the key that signed.")]
    signature: Annotated[str, Field(description="Of the head, base64url.")]
    sinks: Annotated[
        int,
        Field(ge=1, description="How many sinks have it: two, or one where no more are there."),
    ]


TYPES: Final = (
    EventType(
        name="audit.anchored",
        tells="A signed head of the audit log is in enough sinks; keep it to compare with later.",
        data=AuditAnchored,
        example={
            "organization": example_id("org"),
            "size": 1204,
            "root": "9f" * 32,
            "at": "2026-01-02T00:00:00.000000Z",
            "key": "ak_56475aa75463474c",
            "signature": "A" * 86,
            "sinks": 2,
        },
        reach=Reach.ORGANIZATION,
    ),
)
