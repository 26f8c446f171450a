"""Spell the documents of operations on registry, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class RegistryOut(TypedDict):
    """Show components and actions as they are declared."""

    actions: list[dict[str, Any]]
    components: list[dict[str, Any]]
    digest: str
    environment: str
    plugin: str
    widgets: NotRequired[list[WidgetOut]]


class WidgetOut(TypedDict):
    """Say how a console may show a place of the state; `path` is a JSON Pointer."""

    kind: str
    path: str
    title: str
