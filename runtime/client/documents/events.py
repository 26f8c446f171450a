"""Spell the documents of operations on events, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict

from runtime.client.documents.kinds import Scope

Reach: TypeAlias = Literal["project", "organization", "either"]
"""Say what events of a type belong to: a project, the organization, or either."""


class EventTypeOut(TypedDict):
    """Describe a type of event."""

    data_schema: dict[str, Any]
    example: dict[str, Any]
    name: str
    reach: Reach
    scope: Scope | None
    tells: str
    version: int


class EventTypesOut(TypedDict):
    """List all types of events, in alphabetical order."""

    items: list[EventTypeOut]
