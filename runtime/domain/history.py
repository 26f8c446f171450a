"""Describe the stored past of a project: outcomes of plans, and versions of its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runtime.kit.json_value import JsonObject


class Cause(StrEnum):
    """Say why there is a new version of a state."""

    CREATED = "created"
    EXECUTED = "executed"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Describe one version of a state.

    Attributes:
        version: its number; 0 is the state of the new project.
        digest: of the state.
        diff: RFC 6902 operations from the version before.
        outcome_id: the execution that made it, if one did.
        principal_id: who.
    """

    version: int
    digest: str
    diff: tuple[JsonObject, ...]
    cause: Cause
    outcome_id: str | None
    principal_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutcome:
    """Describe what came of one plan.

    Attributes:
        number: its place in the project's history, without gaps, from 1.
        document: canonical JSON of what the caller was answered.
    """

    number: int
    id: str
    principal_id: str
    status: str
    refusal_code: str | None
    plan_digest: str
    before_version: int
    after_version: int
    cost: int
    document: str
    created_at: datetime
