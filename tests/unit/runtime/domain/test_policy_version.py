"""Rules of an organization stand where no path is another scope's too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import (
    ORGANIZATION_SCOPE,
    PolicyRules,
    PolicyVersion,
    placed_modules,
    project_of,
)

MODULE = PolicyModule(path="a/b.rego", text="package tenant.project")


@pytest.mark.parametrize(
    ("scope", "project", "path"),
    [
        pytest.param(ORGANIZATION_SCOPE, None, "organization/a/b.rego", id="of all projects"),
        pytest.param("prj_1", "prj_1", "project/a/b.rego", id="of one project"),
    ],
)
def test_a_scope_says_whose_rules_and_where_they_stand(
    scope: str, project: str | None, path: str
) -> None:
    """The same path in both scopes is two modules."""
    version = PolicyVersion(
        organization_id="org_1",
        scope=scope,
        version=1,
        digest="sha256:1",
        note="first",
        created_at=datetime(2026, 1, 5, tzinfo=UTC),
        created_by="mem_1",
    )

    assert project_of(scope) == project
    assert placed_modules(scope, [MODULE]) == (PolicyModule(path=path, text=MODULE.text),)
    assert PolicyRules(version=version, modules=(MODULE,)).placed == placed_modules(scope, [MODULE])
