"""List the types of events: what can be subscribed to, and what each of them says.

A name is there for good: filters, receivers and audit records hold on to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from runtime.domain.event_type import EventType, by_name
from runtime.domain.events import (
    approvals,
    audit,
    audit_copies,
    endpoints,
    evaluations,
    hooks,
    jobs,
    limits,
    models,
    organizations,
    people,
    plans,
    plugins,
    policies,
    schedules,
    secrets,
    tokens,
    turns,
)
from runtime.domain.scope import Scope

EVENT_TYPES: Final[Mapping[str, EventType]] = MappingProxyType(
    by_name(
        (
            *plans.TYPES,
            *approvals.TYPES,
            *audit.TYPES,
            *audit_copies.TYPES,
            *limits.TYPES,
            *jobs.TYPES,
            *schedules.TYPES,
            *organizations.TYPES,
            *people.TYPES,
            *tokens.TYPES,
            *turns.TYPES,
            *plugins.TYPES,
            *policies.TYPES,
            *hooks.TYPES,
            *endpoints.TYPES,
            *secrets.TYPES,
            *evaluations.TYPES,
            *models.TYPES,
        )
    )
)
"""All types by their names, in alphabetical order."""
MOST_WANTED: Final = 100
"""Patterns of one filter."""
EVENTS_KEPT: Final = timedelta(days=90)
"""How long events are there to be read and sent again."""
_ALL_OF: Final = ".*"
_READ_WITH: Final[Mapping[str, Scope]] = MappingProxyType(
    {
        "approval": Scope.OUTCOMES_READ,
        "audit": Scope.ORGANIZATION_READ,
        "confirmation": Scope.OUTCOMES_READ,
        "endpoint": Scope.PROJECTS_MANAGE,
        "eval": Scope.EVALUATIONS_READ,
        "firing": Scope.SCHEDULES_READ,
        "hook": Scope.PROJECTS_READ,
        "invitation": Scope.MEMBERS_READ,
        "job": Scope.JOBS_READ,
        "jobs": Scope.JOBS_READ,
        "limit": Scope.OUTCOMES_READ,
        "limits": Scope.ORGANIZATION_READ,
        "member": Scope.MEMBERS_READ,
        "membership": Scope.MEMBERS_READ,
        "model": Scope.MODELS_READ,
        "organization": Scope.ORGANIZATION_READ,
        "plan": Scope.OUTCOMES_READ,
        "plugin": Scope.PLUGINS_READ,
        "policy": Scope.POLICIES_READ,
        "project": Scope.PROJECTS_READ,
        "queue": Scope.JOBS_READ,
        "schedule": Scope.SCHEDULES_READ,
        "secret": Scope.ORGANIZATION_READ,
        "state": Scope.OUTCOMES_READ,
        "token": Scope.TOKENS_READ,
        "turn": Scope.CONVERSATIONS_READ,
    }
)


def read_with(kind: str) -> Scope | None:
    """Return the scope that shows events of a type; None for one that nobody knows.

    >>> read_with("plan.executed")
    <Scope.OUTCOMES_READ: 'outcomes:read'>
    """
    return _READ_WITH.get(kind.partition(".")[0])


def known_pattern(pattern: str) -> bool:
    """Say whether a filter may hold a pattern: a type, or all of a group such as `plan.*`.

    >>> known_pattern("plan.*"), known_pattern("plan.executed"), known_pattern("plan.dreamt")
    (True, True, False)
    """
    if pattern.endswith(_ALL_OF):
        return pattern.removesuffix(_ALL_OF) in _READ_WITH
    return pattern in EVENT_TYPES


def wanted_by(patterns: tuple[str, ...], kind: str) -> bool:
    """Say whether patterns let a type through; no pattern lets all through.

    >>> wanted_by(("plan.*", "limit.reached"), "plan.failed")
    True
    """
    return not patterns or kind in patterns or f"{kind.partition('.')[0]}{_ALL_OF}" in patterns
