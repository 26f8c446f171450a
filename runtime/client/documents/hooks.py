"""Spell the documents of operations on hooks, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from runtime.client.documents.shared import Plan

HookDeliveryStatus: TypeAlias = Literal["received", "executed", "skipped", "failed"]
"""Say what came of a delivery."""

HookStyle: TypeAlias = Literal["standard-webhooks", "github", "stripe"]
"""Name how a sender signs."""


class Computed(TypedDict):
    """Give an input what a CEL expression makes of the body."""

    cel: str


class Constant(TypedDict):
    """Give an input the same value each time."""

    value: Any


class HookChangeIn(TypedDict):
    """Say what is to change; what is left out stays."""

    enabled: NotRequired[bool | None]
    mapping: NotRequired[HookMapping | None]
    name: NotRequired[str | None]


class HookDeliveryOut(TypedDict):
    """Say what came of a delivery."""

    body_digest: str
    ended_at: str | None
    id: str
    named: str
    outcome: str | None
    reason: str | None
    received_at: str
    status: HookDeliveryStatus
    tries: int


class HookDetailOut(TypedDict):
    """Describe a hook with its secrets that live."""

    created_at: str
    created_by: str
    enabled: bool
    id: str
    mapping: HookMapping
    name: str
    path: str
    project: str
    secrets: list[HookSecretOut]
    service: str
    style: HookStyle
    updated_at: str


class HookIn(TypedDict):
    """Say what hook to make."""

    mapping: HookMapping
    name: str
    secret: NotRequired[str | None]
    service: str
    style: HookStyle


class HookMapping(TypedDict):
    """Say when a delivery acts, and by which plan."""

    atomic: NotRequired[bool]
    steps: list[MappedStep]
    when: NotRequired[str | None]


class HookOut(TypedDict):
    """Describe a hook; others deliver at `path`."""

    created_at: str
    created_by: str
    enabled: bool
    id: str
    mapping: HookMapping
    name: str
    path: str
    project: str
    service: str
    style: HookStyle
    updated_at: str


class HookRotationIn(TypedDict):
    """Say for how long the replaced secret still fits, and the new one, if the sender made it."""

    overlap_s: NotRequired[int]
    secret: NotRequired[str | None]


class HookSecretOut(TypedDict):
    """Say since when and until when a secret fits; its text is told once, to whoever makes it."""

    created_at: str
    ends_at: str | None
    id: str


class HookTrialIn(TypedDict):
    """Hold the body of a delivery that could come."""

    body: Any


class HookTrialOut(TypedDict):
    """Say whether a body would act, and by which plan."""

    acts: bool
    plan: Plan | None


class MappedStep(TypedDict):
    """Call one action; what it is given comes from the body, which one it is does not."""

    action: str
    inputs: NotRequired[dict[str, Constant | Part | Computed]]


class NewHookOut(TypedDict):
    """Describe a hook with a new secret; `secret` is null where a request is repeated."""

    created_at: str
    created_by: str
    enabled: bool
    id: str
    mapping: HookMapping
    name: str
    path: str
    project: str
    secret: str | None
    secrets: list[HookSecretOut]
    service: str
    style: HookStyle
    updated_at: str


class Part(TypedDict):
    """Give an input what the body has at a place."""

    optional: NotRequired[bool]
    pointer: str


class TakenOut(TypedDict):
    """Tell a sender that its delivery was taken; what came of it is for the project to see."""

    delivery: str
    status: Literal["executed", "skipped"]
