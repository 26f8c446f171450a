"""Hold what is said over HTTP about an organization's own rules, whatever the scope."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import PolicyActivation, PolicyRules, PolicyVersion
from runtime.entrypoints.rest.states import MOST_VERSION
from runtime.entrypoints.rest.texts import NameText
from runtime.ports.policy import PolicyCheck
from runtime.services.policies.documents import (
    activation_document,
    rules_document,
    version_document,
)
from runtime.services.policies.trials import problems_of

MOST_PATH_TEXT: Final = 200
MOST_MODULE_TEXT: Final = 256 * 1024
MOST_MODULES: Final = 100
"""What a request may hold at all; how much rules may be, their trial says."""

PolicyNumber = Annotated[int, Field(ge=1, le=MOST_VERSION)]
PathText = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]*(/[A-Za-z0-9_][A-Za-z0-9_-]*)*\.rego$",
        max_length=MOST_PATH_TEXT,
    ),
]
"""A relative path of a module, such as `refunds.rego` or `tests/refunds_test.rego`."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PolicyModuleIn(_Wire):
    """Hold one file of Rego."""

    path: PathText
    text: Annotated[str, Field(max_length=MOST_MODULE_TEXT)]


class PolicyModulesIn(_Wire):
    """Hold modules to be tried together with the rules that hold already."""

    modules: Annotated[tuple[PolicyModuleIn, ...], Field(min_length=1, max_length=MOST_MODULES)]

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        paths = [module.path for module in self.modules]
        twice = sorted({path for path in paths if paths.count(path) > 1})
        if twice:
            raise ValueError(f"several modules have the path {twice[0]}; each needs its own")
        return self

    @property
    def held(self) -> tuple[PolicyModule, ...]:
        """Return the modules, in the order of their paths."""
        ordered = sorted(self.modules, key=lambda module: module.path)
        return tuple(PolicyModule(path=module.path, text=module.text) for module in ordered)


class PolicyIn(PolicyModulesIn):
    """Upload modules as the next version; they may hold from the same moment on.

    Among them are their own tests: rules named `test_...` in a package whose name ends in `_test`.
    """

    note: NameText
    activate: bool = False


class PolicyReasonIn(_Wire):
    """Say why rules change; it is kept for ever."""

    reason: NameText


class PolicyVersionOut(_Wire):
    """Describe a version of rules.

    Attributes:
        scope: `organization`, or the id of a project.
    """

    scope: str
    version: int
    digest: str
    note: str
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, version: PolicyVersion) -> PolicyVersionOut:
        """Read it off what is stored."""
        return cls.model_validate(version_document(version))


class PolicyModuleOut(_Wire):
    """Show one file of Rego."""

    path: str
    text: str


class PolicyOut(PolicyVersionOut):
    """Show a version of rules with its modules."""

    modules: tuple[PolicyModuleOut, ...]

    @classmethod
    def shown(cls, rules: PolicyRules) -> PolicyOut:
        """Read it off what is stored."""
        return cls.model_validate(rules_document(rules))


class PolicyActivationOut(_Wire):
    """Say which version of a scope began to hold when; null for none any more.

    Attributes:
        number: grows with each activation in the organization, whatever the scope.
    """

    number: int
    scope: str
    version: int | None
    reason: str
    activated_at: datetime
    activated_by: str

    @classmethod
    def of(cls, activation: PolicyActivation) -> PolicyActivationOut:
        """Read it off what is stored."""
        return cls.model_validate(activation_document(activation))


class PolicyUploadedOut(PolicyVersionOut):
    """Describe a new version, and say what its trial showed.

    Attributes:
        tests: how many there were; all passed.
        covered_share: the share of lines that they reached, 0 to 1.
        activation: from when on it holds, if that was asked for.
    """

    tests: int
    covered_share: float
    activation: PolicyActivationOut | None


class PolicyActiveOut(_Wire):
    """Say which rules hold in a scope beside the shipped ones; null if there never were any."""

    activation: PolicyActivationOut | None


class PolicyTestOut(_Wire):
    """Say what came of one test."""

    name: str
    passed: bool
    problem: str


class UncoveredOut(_Wire):
    """Name the lines of a module that no test reached."""

    path: str
    lines: tuple[int, ...]


class PolicyCheckOut(_Wire):
    """Say what an upload would be told.

    Attributes:
        usable: whether it would be taken.
        problems: why not, each with its file and line where it has one.
        tests: what came of each.
        uncovered: lines that no test reached.
        covered_share: the share of lines that tests reached, 0 to 1.
    """

    usable: bool
    problems: tuple[str, ...]
    tests: tuple[PolicyTestOut, ...]
    uncovered: tuple[UncoveredOut, ...]
    covered_share: float

    @classmethod
    def of(cls, check: PolicyCheck) -> PolicyCheckOut:
        """Read it off a trial."""
        problems = problems_of(check)
        return cls(
            usable=not problems,
            problems=problems,
            tests=tuple(
                PolicyTestOut(name=test.name, passed=test.passed, problem=test.problem)
                for test in check.tests
            ),
            uncovered=tuple(
                UncoveredOut(path=path, lines=lines) for path, lines in check.uncovered
            ),
            covered_share=check.covered_share,
        )
