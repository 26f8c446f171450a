"""A scope allows itself, and what an answer to it shows anyway; nothing else."""

from __future__ import annotations

import pytest

from runtime.domain.scope import Scope, allows

IMPLIED = {
    (Scope.ORGANIZATION_MANAGE, Scope.ORGANIZATION_READ),
    (Scope.PROJECTS_MANAGE, Scope.PROJECTS_READ),
    (Scope.MEMBERS_MANAGE, Scope.MEMBERS_READ),
    (Scope.TOKENS_MANAGE, Scope.TOKENS_READ),
    (Scope.PLANS_EXECUTE, Scope.PLANS_SIMULATE),
    (Scope.POLICIES_MANAGE, Scope.POLICIES_READ),
    (Scope.SCHEDULES_MANAGE, Scope.SCHEDULES_READ),
    (Scope.JOBS_MANAGE, Scope.JOBS_READ),
    (Scope.CONVERSATIONS_MANAGE, Scope.CONVERSATIONS_READ),
    (Scope.EVALUATIONS_MANAGE, Scope.EVALUATIONS_READ),
    (Scope.MODELS_MANAGE, Scope.MODELS_READ),
    (Scope.PLUGINS_MANAGE, Scope.PLUGINS_READ),
}


@pytest.mark.parametrize("granted", Scope)
@pytest.mark.parametrize("wanted", Scope)
def test_one_scope_against_one(granted: Scope, wanted: Scope) -> None:
    """The whole table: who has one scope may use it, and what is implied by it."""
    expected = granted is wanted or (granted, wanted) in IMPLIED

    assert allows(frozenset({granted}), wanted) is expected


@pytest.mark.parametrize("wanted", Scope)
def test_no_scope_allows_nothing(wanted: Scope) -> None:
    """An empty grant is no grant."""
    assert allows(frozenset(), wanted) is False


@pytest.mark.parametrize("wanted", Scope)
def test_all_other_scopes_together_add_only_what_each_implies(wanted: Scope) -> None:
    """Scopes do not add up to one that was not granted."""
    others = frozenset(Scope) - {wanted}

    assert allows(others, wanted) is any(lesser is wanted for _, lesser in IMPLIED)


def test_the_names_are_stable() -> None:
    """Stored grants and documents of others hold these texts."""
    assert [scope.value for scope in Scope] == [
        "organization:read",
        "organization:manage",
        "projects:read",
        "projects:manage",
        "members:read",
        "members:manage",
        "tokens:read",
        "tokens:manage",
        "plans:simulate",
        "plans:execute",
        "plans:confirm",
        "plans:approve",
        "state:read",
        "state:revert",
        "outcomes:read",
        "policies:read",
        "policies:manage",
        "schedules:read",
        "schedules:manage",
        "jobs:read",
        "jobs:manage",
        "plugins:read",
        "plugins:manage",
        "audit:read",
        "models:read",
        "models:manage",
        "conversations:read",
        "conversations:manage",
        "evaluations:read",
        "evaluations:manage",
    ]
