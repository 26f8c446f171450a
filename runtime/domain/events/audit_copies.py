"""Describe events of the immutable copies of audit records."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from runtime.domain.event_type import EventData, EventType, Reach, example_id

_SINK: Final = "s3://acme-audit/plangate"
_OBJECT: Final = "copies/2026/11/30/cop_01KDVDNA000000000000000000-" + 64 * "0" + ".jsonl"


class CopyMissing(EventData):
    """Say which record had no immutable copy, though it must have one, and where it has one now."""

    record: Annotated[str, Field(description="Id of the audit record.")]
    reason: Annotated[
        Literal["none", "lost", "unlike", "sink_gone"],
        Field(
            description=(
                "`none`: no copy was known; `lost`: the sink does not have what its receipt says; "
                "`unlike`: it has something else than the log; `sink_gone`: the sink is not "
                "configured any more."
            )
        ),
    ]
    sink: Annotated[str | None, Field(description="Where the copy was; null: nowhere.")]
    object: Annotated[str | None, Field(description="Name of the object that had it.")]
    copied_to: Annotated[str, Field(description="The sink that has a copy now.")]


class CopiesChanged(EventData):
    """Say which object of copies somebody has overwritten or hidden."""

    sink: Annotated[str, Field(description="Where it is.")]
    object: Annotated[str, Field(description="Its name.")]


TYPES: Final = (
    EventType(
        name="audit.copy_missing",
        tells="A record had no immutable copy, though it must have one; it was copied again.",
        data=CopyMissing,
        reach=Reach.ORGANIZATION,
        example={
            "record": example_id("aud"),
            "reason": "lost",
            "sink": _SINK,
            "object": _OBJECT,
            "copied_to": _SINK,
        },
    ),
    EventType(
        name="audit.copies_changed",
        tells="Somebody has overwritten or hidden an object with immutable copies.",
        data=CopiesChanged,
        reach=Reach.ORGANIZATION,
        example={"sink": _SINK, "object": _OBJECT},
    ),
)
