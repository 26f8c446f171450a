"""Describe an organization's own rules: what was uploaded, and what of it holds.

A scope is `ORGANIZATION_SCOPE`, whose rules hold in every project, or the id of one project.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from runtime.domain.policy_unit import PolicyModule

ORGANIZATION_SCOPE: Final = "organization"
PROJECT_FOLDER: Final = "project"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """Describe rules that were uploaded once and never change.

    Attributes:
        organization_id: whose.
        scope: where they may hold.
        version: 1 for the first of a scope, then one more each time.
        digest: of the modules.
        note: what its author said of it.
    """

    organization_id: str
    scope: str
    version: int
    digest: str
    note: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRules:
    """Hold a version with its modules, under the paths that they were uploaded with."""

    version: PolicyVersion
    modules: tuple[PolicyModule, ...]

    @property
    def placed(self) -> tuple[PolicyModule, ...]:
        """Return the modules as they stand in a unit, where no path is another scope's too."""
        return placed_modules(self.version.scope, self.modules)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyActivation:
    """Record that a version began to hold, or that from then on none does.

    Attributes:
        organization_id: whose.
        number: 1 for the first of an organization, then one more each time, whatever the scope.
        scope: where.
        version: which; None for none any more.
        reason: what was said of it.
    """

    organization_id: str
    number: int
    scope: str
    version: int | None
    reason: str
    activated_at: datetime
    activated_by: str


def project_of(scope: str) -> str | None:
    """Return the project of a scope, or None for the organization's own.

    >>> project_of("prj_01"), project_of(ORGANIZATION_SCOPE)
    ('prj_01', None)
    """
    return None if scope == ORGANIZATION_SCOPE else scope


def placed_modules(scope: str, modules: Iterable[PolicyModule]) -> tuple[PolicyModule, ...]:
    """Return modules below the folder of their scope.

    >>> placed_modules("prj_01", [PolicyModule(path="a.rego", text="")])[0].path
    'project/a.rego'
    """
    folder = ORGANIZATION_SCOPE if project_of(scope) is None else PROJECT_FOLDER
    return tuple(replace(module, path=f"{folder}/{module.path}") for module in modules)
