"""Describe events of secrets that are kept outside of the platform."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import EventData, EventType, Reach


class SecretRotated(EventData):
    """Say which secrets have new values; never what they are."""

    reference: Annotated[
        str, Field(description="The secret, or a place that ends in `/`: all below it.")
    ]
    rotation: Annotated[int, Field(ge=1, description="Its number; they grow.")]


TYPES: Final = (
    EventType(
        name="secret.rotated",
        tells="The operator told that secrets have new values; old ones are used no more.",
        data=SecretRotated,
        reach=Reach.ORGANIZATION,
        example={"reference": "vault://kv/acme/crm", "rotation": 7},
    ),
)
