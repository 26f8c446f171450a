"""Hold the file that makes an environment of an installed one: other people, limits and rules.

It stands beside the scenarios as `<name>.environment.yaml`. Rules are what an organization would
upload; their folders are named relative to the file.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from harness.scenario.given import PrincipalChange
from harness.scenario.strict import Strict
from runtime.public import Limits

_Folder = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class PolicyFolders(Strict):
    """Name the folders of Rego modules, tests included, by whose rules they are."""

    organization: _Folder | None = None
    project: _Folder | None = None

    @model_validator(mode="after")
    def _names_one(self) -> PolicyFolders:
        if self.organization is None and self.project is None:
            message = "'policies' names the folder of 'organization', of 'project', or both"
            raise ValueError(message)
        return self


class EnvironmentFile(Strict):
    """Change an installed environment; what is left out stays as it is there."""

    id: str = Field(min_length=1, max_length=120)
    extends: str = Field(description="an environment that an installed plugin declares")
    title: str | None = None
    description: str | None = None
    principal: PrincipalChange = PrincipalChange()
    limits: Limits | None = None
    policies: PolicyFolders | None = None
