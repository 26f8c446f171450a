"""Say what a token may be used for; what its owner may do is the role's question, not this one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Scope(StrEnum):
    """Name one thing that a token may be granted."""

    ORGANIZATION_READ = "organization:read"
    ORGANIZATION_MANAGE = "organization:manage"
    PROJECTS_READ = "projects:read"
    PROJECTS_MANAGE = "projects:manage"
    MEMBERS_READ = "members:read"
    MEMBERS_MANAGE = "members:manage"
    TOKENS_READ = "tokens:read"
    TOKENS_MANAGE = "tokens:manage"
    PLANS_SIMULATE = "plans:simulate"
    PLANS_EXECUTE = "plans:execute"
    PLANS_CONFIRM = "plans:confirm"
    PLANS_APPROVE = "plans:approve"
    STATE_READ = "state:read"
    STATE_REVERT = "state:revert"
    OUTCOMES_READ = "outcomes:read"
    POLICIES_READ = "policies:read"
    POLICIES_MANAGE = "policies:manage"
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_MANAGE = "schedules:manage"
    JOBS_READ = "jobs:read"
    JOBS_MANAGE = "jobs:manage"
    PLUGINS_READ = "plugins:read"
    PLUGINS_MANAGE = "plugins:manage"
    AUDIT_READ = "audit:read"
    MODELS_READ = "models:read"
    MODELS_MANAGE = "models:manage"
    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_MANAGE = "conversations:manage"
    EVALUATIONS_READ = "evaluations:read"
    EVALUATIONS_MANAGE = "evaluations:manage"


# The answer to the greater request shows all that the lesser one asks for.
_GRANTED_WITH: Final[Mapping[Scope, Scope]] = MappingProxyType(
    {
        Scope.ORGANIZATION_READ: Scope.ORGANIZATION_MANAGE,
        Scope.PROJECTS_READ: Scope.PROJECTS_MANAGE,
        Scope.MEMBERS_READ: Scope.MEMBERS_MANAGE,
        Scope.TOKENS_READ: Scope.TOKENS_MANAGE,
        Scope.PLANS_SIMULATE: Scope.PLANS_EXECUTE,
        Scope.POLICIES_READ: Scope.POLICIES_MANAGE,
        Scope.SCHEDULES_READ: Scope.SCHEDULES_MANAGE,
        Scope.JOBS_READ: Scope.JOBS_MANAGE,
        Scope.MODELS_READ: Scope.MODELS_MANAGE,
        Scope.PLUGINS_READ: Scope.PLUGINS_MANAGE,
        Scope.CONVERSATIONS_READ: Scope.CONVERSATIONS_MANAGE,
        Scope.EVALUATIONS_READ: Scope.EVALUATIONS_MANAGE,
    }
)


def allows(granted: frozenset[Scope], wanted: Scope) -> bool:
    """Return whether a grant covers a scope: by name, or because a greater one shows as much.

    `manage` covers `read` of the same noun, and executing covers simulating. Nothing else is
    implied: confirming, approving and reverting are granted by name or not at all.

    >>> allows(frozenset({Scope.TOKENS_MANAGE}), Scope.TOKENS_READ)
    True
    """
    return wanted in granted or _GRANTED_WITH.get(wanted) in granted
