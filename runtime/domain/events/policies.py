"""Describe events of policies."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import (
    DigestText,
    EventData,
    EventType,
    Instant,
    MemberId,
    Reach,
    example_id,
)
from runtime.kit.json_value import JsonObject

Scope = Annotated[str, Field(description="`organization`, or the id of the project it is for.")]
_ACTIVATION: Final[JsonObject] = {
    "number": 7,
    "scope": example_id("prj"),
    "version": 4,
    "reason": "refunds above 500 need finance",
    "activated_at": "2026-01-01T00:00:00Z",
    "activated_by": example_id("mem"),
    "version_before": 3,
}


class PolicyUploaded(EventData):
    """Say that there is another version of a policy; it does not hold yet."""

    scope: Scope
    version: Annotated[int, Field(ge=1)]
    digest: DigestText
    note: str
    created_at: Instant
    created_by: MemberId


class PolicyActivated(EventData):
    """Say which version of a policy holds from now on."""

    number: Annotated[int, Field(description="Counts activations in the organization.")]
    scope: Scope
    version: Annotated[int | None, Field(description="Null: none holds.")]
    reason: Annotated[str, Field(description="In the words of who did it.")]
    activated_at: Instant
    activated_by: MemberId
    version_before: Annotated[int | None, Field(description="Null: none held.")]


TYPES: Final = (
    EventType(
        name="policy.uploaded",
        tells="A version of a policy was uploaded; it does not hold yet.",
        data=PolicyUploaded,
        reach=Reach.EITHER,
        example={
            "scope": example_id("prj"),
            "version": 4,
            "digest": f"sha256:{'9f' * 32}",
            "note": "refunds",
            "created_at": "2026-01-01T00:00:00Z",
            "created_by": example_id("mem"),
        },
    ),
    EventType(
        name="policy.activated",
        tells="Another version of a policy holds from now on.",
        data=PolicyActivated,
        reach=Reach.EITHER,
        example=_ACTIVATION,
    ),
    EventType(
        name="policy.deactivated",
        tells="No own policy holds any more in a project, or in the organization.",
        data=PolicyActivated,
        reach=Reach.EITHER,
        example={**_ACTIVATION, "version": None, "version_before": 4},
    ),
)
