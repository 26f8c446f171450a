"""Build rules of organizations, and the use cases that keep them, on a real database.

Modules are real Rego; what comes of trying them, a double at the port reads off marks in comments.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text

from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import ORGANIZATION_SCOPE, project_of
from runtime.ports.policy import PolicyCheck, PolicyFault, PolicyFaultError, PolicyTest
from runtime.services.context import Context
from runtime.services.policies.policies import Policies
from runtime.store.session import Database
from tests.tenants import Tenancy, Tenant, a_project, a_tenancy, a_tenant, kinds_of

SHIPPED: Final = (PolicyModule(path="plangate/decision.rego", text="package plangate\n"),)
MARK: Final = re.compile(r"# (broken|needs|hates|explodes)(?:: (\w+))?")
TEST: Final = re.compile(r"^(test_\w+) if (true|false)$", re.MULTILINE)
PACKAGE: Final = re.compile(r"^package (\S+)", re.MULTILINE)


@dataclass(slots=True)
class MarkedChecker:
    """Try modules by their marks: the double of what compiles and tests them.

    `# broken: X` does not compile; `# needs: X` does only if another module says `is_X`, and
    `# hates: X` only if none does; `# explodes` takes too long; `test_x if true` passes.

    Attributes:
        tried: the paths of each trial, in order.
        begun: set once a trial began.
        open: trials end while it is set.
    """

    tried: list[tuple[str, ...]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Let trials end."""
        self.open.set()

    async def check(self, modules: Sequence[PolicyModule]) -> PolicyCheck:
        """Read the marks."""
        self.tried.append(tuple(module.path for module in modules))
        self.begun.set()
        await self.open.wait()
        problems = list[str]()
        for module in modules:
            others = " ".join(item.text for item in modules if item is not module)
            for mark, word in MARK.findall(module.text):
                if mark == "explodes":
                    raise PolicyFaultError(PolicyFault.SLOW, "it took more than 5 s")
                if mark == "broken" or (mark == "needs") is (f"is_{word}" not in others):
                    problems.append(f"{module.path}:1: {mark} {word}")
        tests = tuple(
            PolicyTest(name=f"{PACKAGE.findall(module.text)[0]}.{name}", passed=held == "true")
            for module in modules
            for name, held in TEST.findall(module.text)
        )
        uncovered = tuple((module.path, (1,)) for module in modules)
        return PolicyCheck(
            problems=tuple(problems), tests=tests, uncovered=uncovered, covered_share=0.5
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWorld:
    """Hold the use cases of rules over the database of a tenancy."""

    policies: Policies
    checker: MarkedChecker


def a_policy_world(tenancy: Tenancy) -> PolicyWorld:
    """Wire the use cases."""
    checker = MarkedChecker()
    policies = Policies(
        database=tenancy.database,
        ids=tenancy.ids,
        checker=checker,
        shipped=lambda: SHIPPED,
    )
    return PolicyWorld(policies=policies, checker=checker)


def some_modules(
    scope: str = ORGANIZATION_SCOPE, *, mark: str = "", passes: bool = True, tests: bool = True
) -> tuple[PolicyModule, ...]:
    """Build rules that deny something, with a test of theirs."""
    level = ORGANIZATION_SCOPE if project_of(scope) is None else "project"
    rules = (
        f"package tenant.{level}\n\n{mark}\nimport rego.v1\n\n"
        'deny contains {"message": "a refund of at most 100", "remedy": "ask for less"} if {\n'
        "\tinput.inputs.amount > 100\n}\n"
    )
    test = (
        f"package tenant.{level}_test\n\nimport rego.v1\n\n"
        f"test_refund if {'true' if passes else 'false'}\n"
    )
    modules = (PolicyModule(path="refunds.rego", text=rules),)
    return (*modules, PolicyModule(path="refunds_test.rego", text=test)) if tests else modules


async def an_upload(
    world: PolicyWorld, tenant: Tenant, scope: str = ORGANIZATION_SCOPE, *, activate: bool = False
) -> int:
    """Let the owner upload rules, and return their version."""
    made = await world.policies.upload(
        tenant.owner, scope, some_modules(scope), note="first", activate=activate
    )
    version: int = made.document["version"]
    return version


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySite:
    """Hold an organization with two projects, and the use cases of rules."""

    world: PolicyWorld
    tenant: Tenant
    first: str
    second: str

    @property
    def owner(self) -> Context:
        """Return who may do everything."""
        return self.tenant.owner

    async def settings(self) -> tuple[int, int]:
        """Return the numbers that executions of both projects compare at their commit."""
        async with self.tenant.tenancy.database.transaction(self.tenant.id) as connection:
            found = await connection.execute(text("select project_id, settings from heads"))
            by_project = {row.project_id: int(row.settings) for row in found}
        return by_project[self.first], by_project[self.second]

    async def recorded(self) -> list[str]:
        """Return what was recorded of rules."""
        return [kind for kind in await kinds_of(self.tenant) if kind.startswith("policy.")]

    async def holds(self, scope: str) -> int | None:
        """Return which version holds."""
        found = await self.world.policies.active(self.owner, scope)
        return None if found is None else found.version


async def a_policy_site(database: Database) -> PolicySite:
    """Make an organization with two projects."""
    tenant = await a_tenant(a_tenancy(database))
    return PolicySite(
        world=a_policy_world(tenant.tenancy),
        tenant=tenant,
        first=await a_project(tenant, "First"),
        second=await a_project(tenant, "Second"),
    )
