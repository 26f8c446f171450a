"""Spell the documents of operations on plugins, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

PluginStanding: TypeAlias = Literal["served", "quarantined"]
"""Say what became of a plugin in the process that answers."""


class PluginOut(TypedDict):
    """Describe a plugin, and whether the organization lets it act."""

    actions: list[str]
    built_in: bool
    capabilities: dict[str, Any]
    digest: str
    distribution: str
    effects: list[str]
    enabled: bool
    environments: list[str]
    name: str
    policies: list[dict[str, Any]]
    reason: str
    standing: PluginStanding
    version: str
    warnings: list[str]
    widgets: list[dict[str, Any]]


class PluginPage(TypedDict):
    """Hold plugins, all of them: there are as many as are served or quarantined."""

    items: list[PluginOut]
    next_cursor: NotRequired[str | None]
