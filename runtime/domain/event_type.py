"""Describe one type of event of the catalogue: its name, what it tells, and the shape of its data.

Fields are added to a version; what is taken away or means something else from now on makes the
next version. So the schema that readers get lets unknown fields through, while what the platform
writes has to have exactly those that are described.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from runtime.kit.json_value import JsonObject, JsonValue

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_EXAMPLE_LETTERS: Final = "01KDVDNA00ADB7E3Q4XN5M6WZT"


class EventData(BaseModel):
    """Be what an event says; each type has a class of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Reach(StrEnum):
    """Say what events of a type belong to: a project, the organization, or either."""

    PROJECT = "project"
    ORGANIZATION = "organization"
    EITHER = "either"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """Describe a type of event.

    Attributes:
        name: as events, filters and audit records spell it.
        tells: one sentence that says what happened.
        data: the shape of what such an event says.
        example: of its data.
        reach: what such events belong to.
        version: of the data's shape.
    """

    name: str
    tells: str
    data: type[EventData]
    example: JsonObject
    reach: Reach = Reach.PROJECT
    version: int = 1

    @property
    def group(self) -> str:
        """Return the part of the name that all of its kind share."""
        return self.name.partition(".")[0]

    def schema(self) -> JsonObject:
        """Return the JSON Schema (2020-12) of its data, as readers may hold events to it."""
        made: JsonObject = self.data.model_json_schema()
        plain = _plain(made)
        return {
            "$schema": DIALECT,
            "$id": f"urn:plangate:event:{self.name}:{self.version}",
            **plain,
            "title": self.name,
            "description": self.tells,
        }

    def document(self) -> JsonObject:
        """Spell it as callers read it."""
        return {
            "name": self.name,
            "version": self.version,
            "tells": self.tells,
            "reach": self.reach.value,
            "schema": self.schema(),
            "example": self.example,
        }


def example_id(prefix: str) -> str:
    """Return an id that examples name things by."""
    return f"{prefix}_{_EXAMPLE_LETTERS}"


def _plain(schema: JsonObject) -> JsonObject:
    """Return a schema without titles that say no more than names, open to fields to come."""
    named = {"properties", "$defs"}
    kept = {key: value for key, value in schema.items() if not _superfluous(key, value)}
    return {
        key: {name: _within(item) for name, item in value.items()}
        if key in named and isinstance(value, dict)
        else _within(value)
        for key, value in kept.items()
    }


def _within(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return _plain(value)
    if isinstance(value, list):
        return [_within(item) for item in value]
    return value


def _superfluous(key: str, value: JsonValue) -> bool:
    return key == "title" or (key == "additionalProperties" and value is False)


def by_name(types: Iterable[EventType]) -> dict[str, EventType]:
    """Return types by their names, in alphabetical order.

    Raises:
        ValueError: two have one name.
    """
    found: dict[str, EventType] = {}
    for item in sorted(types, key=lambda it: it.name):
        if item.name in found:
            raise ValueError(f"two types of event are called {item.name!r}")
        found[item.name] = item
    return found


Instant = Annotated[AwareDatetime, Field(description="An instant, as RFC 3339 spells it.")]
DigestText = Annotated[str, Field(description="`sha256:` and 64 hexadecimal digits.")]
ApprovalId = Annotated[
    str, Field(description="The request for approval.", examples=[example_id("apr")])
]
EndpointId = Annotated[
    str, Field(description="The webhook endpoint.", examples=[example_id("whe")])
]
HookId = Annotated[str, Field(description="The inbound hook.", examples=[example_id("hok")])]
InvitationId = Annotated[str, Field(description="The invitation.", examples=[example_id("inv")])]
JobId = Annotated[str, Field(description="The job.", examples=[example_id("job")])]
MemberId = Annotated[
    str, Field(description="A member: a person or a service.", examples=[example_id("mem")])
]
OrganizationId = Annotated[
    str, Field(description="The organization.", examples=[example_id("org")])
]
OutcomeId = Annotated[
    str, Field(description="The outcome of the plan.", examples=[example_id("out")])
]
ProjectId = Annotated[str, Field(description="The project.", examples=[example_id("prj")])]
ScheduleId = Annotated[str, Field(description="The schedule.", examples=[example_id("sch")])]
TokenId = Annotated[
    str, Field(description="The token; never its text.", examples=[example_id("tok")])
]
