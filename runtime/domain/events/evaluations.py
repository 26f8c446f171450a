"""Describe events of evaluations, whose verdicts were brought to the platform."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import (
    DigestText,
    EventData,
    EventType,
    Instant,
    OrganizationId,
    Reach,
    example_id,
)
from runtime.kit.json_value import JsonObject


class GateTold(EventData):
    """Say what an evaluation found of one model in one environment."""

    organization: OrganizationId
    gate: Annotated[str, Field(description="The verdict.", examples=[example_id("gat")])]
    run: Annotated[str, Field(description="The harness's name of the run.")]
    model: Annotated[str, Field(description="The reference of the model.")]
    environment: str
    prompt: Annotated[str, Field(description="Version and digest of the prompt.")]
    registry: Annotated[str, Field(description="Digest of what the environment declares.")]
    verdict: Annotated[str, Field(description="`pass`, or why it did not.")]
    digest: DigestText
    judged_at: Instant


_EXAMPLE: Final[JsonObject] = {
    "organization": example_id("org"),
    "gate": example_id("gat"),
    "run": example_id("run"),
    "model": "openai/gpt-4o-mini",
    "environment": "facility",
    "prompt": "1:sha256:" + "3c" * 32,
    "registry": "sha256:" + "7d" * 32,
    "verdict": "pass",
    "digest": "sha256:" + "9f" * 32,
    "judged_at": "2026-01-02T00:00:00.000000Z",
}

TYPES: Final = (
    EventType(
        name="eval.run_finished",
        tells="The verdict of an evaluation was brought, whatever it is.",
        data=GateTold,
        example=_EXAMPLE,
        reach=Reach.ORGANIZATION,
    ),
    EventType(
        name="eval.gate_failed",
        tells="A model did not pass the gate of an evaluation.",
        data=GateTold,
        example={**_EXAMPLE, "verdict": "regression"},
        reach=Reach.ORGANIZATION,
    ),
)
