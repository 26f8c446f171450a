"""Describe what a project declares, uses and is ruled by, and what was recorded."""

from __future__ import annotations

import strawberry

from runtime.domain.forecast import LimitUse as FoundUse
from runtime.domain.policy_version import PolicyActivation as StoredActivation
from runtime.domain.policy_version import PolicyRules as StoredRules
from runtime.domain.policy_version import PolicyVersion as StoredVersion
from runtime.domain.shared_forecast import percent
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.nodes import Node
from runtime.entrypoints.graphql.scalars import Instant, Json, Whole
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant
from runtime.services.execution.registries import VisibleRegistry
from runtime.services.execution.usages import ProjectUse
from runtime.services.policies.documents import (
    activation_document,
    rules_document,
    version_document,
)


@strawberry.type(description="The components and actions that the caller may see.")
class Registry:
    """Show a registry; the digest is of the whole, hidden actions included."""

    environment: str
    plugin: str
    digest: str
    components: Json
    actions: Json


@strawberry.type(description="The use of one limit.")
class LimitUse:
    """Describe the use of a limit."""

    scope: str
    subject: str | None
    measure: str
    limit: Whole | None
    used: Whole
    left: Whole | None
    burn_rate_per_hour: float | None
    exhausted_at: Instant | None
    status: str
    resets_at: Instant
    percent: int


@strawberry.type(description="What a project has used of what it may.")
class Usage:
    """Describe the use of a project."""

    as_of: Instant
    day: str
    day_zone: str
    open: bool
    opens_at: Instant | None
    limits: list[LimitUse]


@strawberry.type(description="One file of rules.")
class PolicyModule:
    """Hold a module."""

    path: str
    text: str


@strawberry.type(description="A version of a project's own rules; `modules` is null in lists.")
class PolicyVersion:
    """Describe a version."""

    scope: str
    version: Whole
    digest: str
    note: str | None
    created_at: Instant
    created_by: strawberry.ID
    modules: list[PolicyModule] | None


@strawberry.type(description="From when on which version of rules holds.")
class PolicyActivation:
    """Describe an activation; a null version says that none holds."""

    number: Whole
    scope: str
    version: Whole | None
    reason: str | None
    activated_at: Instant
    activated_by: strawberry.ID


@strawberry.type(description="A record of the organization's audit log.")
class AuditRecord(Node):
    """Show a record; `document` is null where nobody can read it."""

    sequence: Whole
    kind: str
    principal: str
    project: strawberry.ID | None
    at: Instant
    hash: str
    readable: str
    document: Json | None


def registry_shown(found: VisibleRegistry) -> Registry:
    """Return a registry as it reads."""
    return Registry(
        environment=found.environment,
        plugin=found.plugin,
        digest=found.digest,
        components=Json([item.document() for item in found.components]),
        actions=Json([item.document() for item in found.actions]),
    )


def usage_shown(found: ProjectUse) -> Usage:
    """Return the use of a project as it reads."""
    return Usage(
        as_of=Instant(spelled_instant(found.as_of)),
        day=found.day,
        day_zone=found.day_zone,
        open=found.open,
        opens_at=None if found.opens_at is None else Instant(spelled_instant(found.opens_at)),
        limits=[use_shown(item) for item in found.limits],
    )


def version_shown(found: StoredVersion) -> PolicyVersion:
    """Return a version without its modules."""
    return made(PolicyVersion, version_document(found))


def rules_shown(found: StoredRules) -> PolicyVersion:
    """Return a version with its modules."""
    document = rules_document(found)
    modules = [made(PolicyModule, item) for item in document["modules"]]
    return made(PolicyVersion, document, modules=modules)


def activation_shown(found: StoredActivation) -> PolicyActivation:
    """Return an activation as it reads."""
    return made(PolicyActivation, activation_document(found))


def record_told(document: JsonObject) -> AuditRecord:
    """Return the record that a document describes."""
    return made(AuditRecord, document, within="")


def use_shown(found: FoundUse) -> LimitUse:
    """Return the use of a limit as it reads."""
    ends = found.exhausted_at
    return LimitUse(
        scope=found.scope.value,
        subject=found.subject,
        measure=found.measure.value,
        limit=None if found.limit is None else Whole(found.limit),
        used=Whole(found.used),
        left=None if found.left is None else Whole(found.left),
        burn_rate_per_hour=found.burn_rate_per_hour,
        exhausted_at=None if ends is None else Instant(spelled_instant(ends)),
        status=found.status.value,
        resets_at=Instant(spelled_instant(found.resets_at)),
        percent=percent(found),
    )
