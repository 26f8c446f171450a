"""Describe events of organizations and of their projects."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import (
    DigestText,
    EventData,
    EventType,
    MemberId,
    OrganizationId,
    ProjectId,
    Reach,
    example_id,
)
from runtime.kit.json_value import JsonObject

_LIMITS: Final = "As the API spells the limits of a project."
_EXAMPLE_LIMITS: Final[JsonObject] = {
    "per_minute": 60,
    "per_hour": None,
    "budgets": {"project": 1000},
    "quotas": {},
    "windows": [],
    "day_zone": "UTC",
}
_GONE: Final[JsonObject] = {
    "project": example_id("prj"),
    "name": "furnace 3",
    "versions": 412,
    "outcomes": 530,
    "digest": f"sha256:{'9f' * 32}",
}


class OrganizationCreated(EventData):
    """Say that there is a new organization."""

    organization: OrganizationId
    name: str
    owner: MemberId


class OrganizationRenamed(EventData):
    """Say that an organization is called otherwise."""

    organization: OrganizationId
    name: str
    name_before: str


class OrganizationNamed(EventData):
    """Say which organization it happened to."""

    organization: OrganizationId


class ProjectCreated(EventData):
    """Say that there is a new project."""

    project: ProjectId
    name: str
    environment: Annotated[str, Field(description="Which declares its actions.")]


class ProjectChanged(EventData):
    """Say that a project is called otherwise, or allows other amounts."""

    project: ProjectId
    name: str
    name_before: str
    limits: Annotated[JsonObject, Field(description=_LIMITS)]
    limits_before: Annotated[JsonObject, Field(description=_LIMITS)]


class ProjectNamed(EventData):
    """Say which project it happened to."""

    project: ProjectId
    name: str


class ProjectPurged(EventData):
    """Say how much history a project had."""

    project: ProjectId
    name: str
    versions: Annotated[int, Field(ge=0)]
    outcomes: Annotated[int, Field(ge=0)]
    digest: Annotated[DigestText, Field(description="Of its last state.")]


TYPES: Final = (
    EventType(
        name="organization.created",
        tells="An organization was made.",
        data=OrganizationCreated,
        reach=Reach.ORGANIZATION,
        example={
            "organization": example_id("org"),
            "name": "Acme",
            "owner": example_id("mem"),
        },
    ),
    EventType(
        name="organization.renamed",
        tells="An organization got another name.",
        data=OrganizationRenamed,
        reach=Reach.ORGANIZATION,
        example={"organization": example_id("org"), "name": "Acme Ltd", "name_before": "Acme"},
    ),
    EventType(
        name="organization.archived",
        tells="Nothing in an organization changes until it is restored.",
        data=OrganizationNamed,
        reach=Reach.ORGANIZATION,
        example={"organization": example_id("org")},
    ),
    EventType(
        name="organization.restored",
        tells="An archived organization is in use again.",
        data=OrganizationNamed,
        reach=Reach.ORGANIZATION,
        example={"organization": example_id("org")},
    ),
    EventType(
        name="organization.exported",
        tells="An owner took a copy of all that an organization has stored.",
        data=OrganizationNamed,
        reach=Reach.ORGANIZATION,
        example={"organization": example_id("org")},
    ),
    EventType(
        name="project.created",
        tells="A project was made.",
        data=ProjectCreated,
        example={
            "project": example_id("prj"),
            "name": "furnace 3",
            "environment": "furnace",
        },
    ),
    EventType(
        name="project.changed",
        tells="A project got another name or other limits.",
        data=ProjectChanged,
        example={
            "project": example_id("prj"),
            "name": "furnace 3",
            "name_before": "furnace",
            "limits": _EXAMPLE_LIMITS,
            "limits_before": {**_EXAMPLE_LIMITS, "per_minute": None},
        },
    ),
    EventType(
        name="project.archived",
        tells="Nothing in a project changes until it is restored.",
        data=ProjectNamed,
        example={"project": example_id("prj"), "name": "furnace 3"},
    ),
    EventType(
        name="project.restored",
        tells="An archived project is in use again.",
        data=ProjectNamed,
        example={"project": example_id("prj"), "name": "furnace 3"},
    ),
    EventType(
        name="project.purge_began",
        tells="The history of a project is being deleted.",
        data=ProjectPurged,
        example=_GONE,
    ),
    EventType(
        name="project.purged",
        tells="A project was deleted, with its history.",
        data=ProjectPurged,
        example={**_GONE, "versions": 0, "outcomes": 0},
    ),
)
