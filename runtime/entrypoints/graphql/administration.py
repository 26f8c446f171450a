"""Describe what an organization says of its projects: limits, models, plugins, gates and queues."""

from __future__ import annotations

import strawberry

from runtime.domain.model_use import ModelUse
from runtime.domain.shared_limits import OrganizationLimits as SharedLimits
from runtime.entrypoints.graphql.governance import LimitUse, use_shown
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.scalars import Instant, Json, Whole
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant
from runtime.services.evaluations.gates import gate_document
from runtime.services.execution.organization_usages import OrganizationUse, ProjectRollUp
from runtime.services.models.usages import ModelUsage as FoundUsage
from runtime.store.gates import FullGate, StoredGate


@strawberry.type(description="What an organization's projects may use together.")
class OrganizationLimits:
    """Show limits; the number grows with each change, and is 0 where none were ever set."""

    organization: strawberry.ID
    number: Whole
    limits: Json
    set_by: strawberry.ID | None
    set_at: Instant | None


@strawberry.type(description="What an organization's projects have used together.")
class OrganizationUsage:
    """Describe the use of what is shared; `rates` is null where it can't be told just now."""

    as_of: Instant
    number: Whole
    zone: str
    currency: str
    budgets: list[LimitUse]
    rates: list[LimitUse] | None


@strawberry.type(description="What one project has used of its own limits.")
class ProjectUsage:
    """Describe the use of a project beside others."""

    project: strawberry.ID
    name: str
    archived: bool
    day: str
    day_zone: str
    limits: list[LimitUse]


@strawberry.type(description="How models are asked; `project` is null for an organization's own.")
class ModelSettings:
    """Show settings; the version grows with each change, and is 0 where nothing was ever said."""

    organization: strawberry.ID
    project: strawberry.ID | None
    version: Whole
    settings: Json
    asked: list[str]
    set_by: strawberry.ID | None
    set_at: Instant | None


@strawberry.type(description="The use of one budget of models; money is in millionths of a dollar.")
class ModelBudget:
    """Describe the use of a budget."""

    scope: str
    subject: str | None
    measure: str
    used: Whole
    reserved: Whole
    limit: Whole | None
    resets_at: Instant


@strawberry.type(description="What was used of models today, a day of UTC.")
class ModelUsage:
    """Describe the use of models."""

    as_of: Instant
    budgets: list[ModelBudget]


@strawberry.type(
    description="A verdict about a model in an environment; `report` is null in lists."
)
class Gate:
    """Describe a verdict."""

    id: strawberry.ID
    run: str
    model: str
    environment: str
    prompt: str
    registry: str
    passed: bool
    verdict: str
    digest: str
    judged_at: Instant
    created_at: Instant
    created_by: strawberry.ID
    report: Json | None


@strawberry.type(description="A plugin, and whether the organization lets it act.")
class Plugin:
    """Describe a plugin."""

    name: str
    distribution: str
    version: str
    built_in: bool
    standing: str
    reason: str
    enabled: bool
    warnings: list[str]
    digest: str
    environments: list[str]
    actions: list[str]
    effects: list[str]
    capabilities: Json
    widgets: Json
    policies: Json


@strawberry.type(
    description="What holds jobs back; `project` is null for an organization's own, and what is "
    "counted is null where something changed."
)
class Queue:
    """Describe what holds jobs back, and how many there are, by how they stand."""

    organization: strawberry.ID
    project: strawberry.ID | None
    paused_at: Instant | None
    paused_by: strawberry.ID | None
    paused_why: str | None
    at_once: int | None
    per_minute: int | None
    changed_at: Instant | None
    changed_by: strawberry.ID | None
    jobs: Json | None
    counted_to: int | None
    oldest_wait_s: float | None


def limits_told(document: JsonObject) -> OrganizationLimits:
    """Return the limits that a document describes."""
    return made(OrganizationLimits, document)


def shared_use_shown(found: OrganizationUse) -> OrganizationUsage:
    """Return what projects used together as it reads."""
    limits = SharedLimits() if found.limits is None else found.limits.document
    return OrganizationUsage(
        as_of=Instant(spelled_instant(found.as_of)),
        number=Whole(0 if found.limits is None else found.limits.number),
        zone=limits.zone,
        currency=limits.currency,
        budgets=[use_shown(item) for item in found.budgets],
        rates=None if found.rates is None else [use_shown(item) for item in found.rates],
    )


def roll_up_shown(found: ProjectRollUp) -> ProjectUsage:
    """Return what one project used as it reads."""
    return ProjectUsage(
        project=strawberry.ID(found.project_id),
        name=found.name,
        archived=found.archived,
        day=found.day,
        day_zone=found.day_zone,
        limits=[use_shown(item) for item in found.limits],
    )


def settings_told(document: JsonObject) -> ModelSettings:
    """Return the settings of models that a document describes."""
    said = {name: document[name] for name in ModelUse.model_fields if name in document}
    return made(ModelSettings, document, settings=said)


def model_usage_shown(found: FoundUsage) -> ModelUsage:
    """Return what was used of models as it reads."""
    renews = Instant(spelled_instant(found.resets_at))
    return ModelUsage(
        as_of=Instant(spelled_instant(found.as_of)),
        budgets=[
            ModelBudget(
                scope=use.scope,
                subject=use.subject,
                measure=use.measure.value,
                used=Whole(use.used),
                reserved=Whole(use.reserved),
                limit=None if use.limit is None else Whole(use.limit),
                resets_at=renews,
            )
            for use in found.budgets
        ],
    )


def gate_shown(found: StoredGate) -> Gate:
    """Return a verdict without its report."""
    return gate_told(gate_document(found))


def full_gate_shown(found: FullGate) -> Gate:
    """Return a verdict with its report."""
    return made(Gate, gate_document(found.gate), report=parse(found.report))


def gate_told(document: JsonObject) -> Gate:
    """Return the verdict that a document describes."""
    return made(Gate, document)


def plugin_told(document: JsonObject) -> Plugin:
    """Return the plugin that a document describes."""
    return made(Plugin, document)


def queue_told(document: JsonObject) -> Queue:
    """Return the queue that a document describes."""
    return made(Queue, document)
