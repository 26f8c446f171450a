"""Measure how long an activation of an organization's rules takes, beside those of many projects.

Each project has rules of its own, all different, so that each is tried with the organization's.
The bar: it ends within half of the minute that the command waits for an answer.
Run it with `python -m tests.bench.policy_activation`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import Final

from runtime.adapters.rego.checker import RegoChecker
from runtime.domain.policy_unit import PolicyModule, revision_of
from runtime.domain.policy_version import (
    ORGANIZATION_SCOPE,
    PolicyActivation,
    PolicyRules,
    PolicyVersion,
)
from runtime.policies import shipped_modules
from runtime.services.policies.policies import Policies
from runtime.store.policies import add_activation, add_version, newest_number
from runtime.store.session import Database
from tests.database import DatabaseServer, DatabaseUrls
from tests.policies import some_modules
from tests.servers.postgres_server import postgres_server
from tests.tenants import Tenant, a_project, a_tenancy, a_tenant

BAR_S: Final = 30.0
RULES: Final = 20


def rules_of(number: int) -> tuple[PolicyModule, ...]:
    """Build rules of a project that no other has."""
    denials = "".join(
        f'deny contains {{"message": "project {number}, rule {rule}", "remedy": "r"}} if {{\n'
        f"\tinput.inputs.amount > {rule}\n}}\n\n"
        for rule in range(RULES)
    )
    text = f"package tenant.project\n\nimport rego.v1\n\n{denials}"
    test = (
        "package tenant.project_test\n\nimport rego.v1\n\n"
        "test_it if count(data.tenant.project.deny) == 1 with input as "
        '{"inputs": {"amount": 1}}\n'
    )
    return (
        PolicyModule(path="rules.rego", text=text),
        PolicyModule(path="rules_test.rego", text=test),
    )


async def _project(tenant: Tenant, number: int) -> None:
    """Make a project whose rules hold, as if they had been tried."""
    project = await a_project(tenant, name=f"project {number}")
    modules, now = rules_of(number), tenant.tenancy.clock.now()
    version = PolicyVersion(
        organization_id=tenant.id,
        scope=project,
        version=1,
        digest=revision_of(modules),
        note="n",
        created_at=now,
        created_by=tenant.owner_id,
    )
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        await add_version(connection, PolicyRules(version=version, modules=modules))
        activation = PolicyActivation(
            organization_id=tenant.id,
            number=await newest_number(connection) + 1,
            scope=project,
            version=1,
            reason="r",
            activated_at=now,
            activated_by=tenant.owner_id,
        )
        await add_activation(connection, activation)


async def measured_s(urls: DatabaseUrls, *, projects: int) -> float:
    """Return how long the activation took, all trials included."""
    database = await Database.opened(urls.app_url)
    try:
        tenant = await a_tenant(a_tenancy(database))
        for number in range(projects):
            await _project(tenant, number)
        policies = Policies(
            database=database,
            ids=tenant.tenancy.ids,
            checker=RegoChecker(),
            shipped=shipped_modules,
        )
        made = await policies.upload(
            tenant.owner, ORGANIZATION_SCOPE, some_modules(), note="measured"
        )
        began = time.perf_counter()
        await policies.activate(
            tenant.owner, ORGANIZATION_SCOPE, version=made.document["version"], reason="measured"
        )
        return time.perf_counter() - began
    finally:
        await database.close()


def main() -> int:
    """Measure, print, and say by the exit code whether the bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=300)
    projects = parser.parse_args().projects
    with postgres_server() as server:
        databases = DatabaseServer(server=server)
        databases.prepare()
        with databases.migrated() as urls:
            took_s = asyncio.run(measured_s(urls, projects=projects))
    print(f"{projects} projects: {took_s:.1f} s (bar {BAR_S:g} s)")
    return 0 if took_s <= BAR_S else 1


if __name__ == "__main__":
    sys.exit(main())
