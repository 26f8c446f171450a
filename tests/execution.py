"""Give tests a platform's execution: real Postgres, real Redis, one organization with a project.

`world` is one process of the platform, as far as executions go; `world.replica()` is another one on
the same database and Redis. Imported by the `conftest.py` of those who use it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Final

import pytest
import pytest_asyncio
from sqlalchemy import text
from typing_extensions import override

from runtime.adapters.redis_leases.opening import open_leases
from runtime.bootstrap.environments import installed_environments
from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.limits import Limits
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.plan import Plan, Step
from runtime.domain.principal import Mode, Principal
from runtime.domain.scope import Scope
from runtime.domain.state import State
from runtime.kit.canonical_json import parse
from runtime.kit.clock import Clock, SystemClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.leases import Leases
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Context, Ids, RequestKey
from runtime.services.environments import Environments
from runtime.services.execution.changes import Executed, Execution
from runtime.services.execution.commits import Commits
from runtime.services.execution.judges import Judges
from runtime.services.execution.lines import Lines
from runtime.services.execution.measures import Unmeasured
from runtime.services.execution.needs import Needs
from runtime.services.execution.outcomes import Outcomes
from runtime.services.execution.past import Past
from runtime.services.execution.plans import PlanRequest, Plans
from runtime.services.execution.shared_rates import Rates
from runtime.services.execution.states import States
from runtime.services.expired_keys import ExpiredKeys
from runtime.services.identity.access import Access
from runtime.store.heads import create_head
from runtime.store.session import Database
from tests.database import FreshDatabase
from tests.rates import counted
from tests.rules import TableRules, decisions_by_table
from tests.servers.redis_server import redis_server

ENVIRONMENTS: Final = installed_environments()
ROUTE: Final = "POST /v1/projects/{project_id}/plans:execute"
COUNTER: Final = "counter"


class CountingMeasures(Unmeasured):
    """Remember the sizes of groups and count refused fences."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.refused_fences = 0

    @override
    def group_committed(self, size: int) -> None:
        """Remember a group."""
        self.groups.append(size)

    @override
    def fence_rejected(self) -> None:
        """Count a refusal."""
        self.refused_fences += 1


def an_increment(by: int = 1) -> Plan:
    """Build a plan that moves the counter."""
    return Plan(steps=(Step(action="counter.increment", inputs={"by": by}),))


def a_key(key: str, body: str = "body") -> RequestKey:
    """Build what a repetition is recognised by."""
    return RequestKey(route=ROUTE, key=key, body_digest=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Hold one process of the platform and a project to work in."""

    database: Database
    redis_url: str
    leases: Leases
    lines: Lines
    plans: Plans
    states: States
    outcomes: Outcomes
    rates: Rates
    ids: Ids
    measures: CountingMeasures
    rules: TableRules
    caller: Caller
    project_id: str
    stack: AsyncExitStack = field(repr=False)
    environments: Environments = field(default_factory=lambda: ENVIRONMENTS, repr=False)

    @property
    def context(self) -> Context:
        """Return the context of an operator's request without a key."""
        return Context(caller=self.caller)

    @property
    def principal(self) -> Principal:
        """Return the operator as a principal."""
        return Principal(
            id=self.caller.member_id,
            organization=self.caller.organization_id,
            roles=("operator",),
            grant=Mode.ASSISTED,
        )

    async def standing(self) -> Principal:
        """Say who the operator is in the project: as always."""
        return self.principal

    async def execute(
        self, plan: Plan, *, key: str | None = None, **asked: JsonValue
    ) -> JsonObject:
        """Execute a plan and return its outcome's document."""
        context = replace(self.context, key=None if key is None else a_key(key))
        return document_of(
            await self.plans.execute(
                context, self.project_id, asked=PlanRequest(plan=plan, **asked)
            )
        )

    async def counter(self) -> int:
        """Return where the counter stands, as storage has it."""
        state = await self.states.current(self.context, self.project_id)
        return int(state.components["counter"]["value"])

    def execution(self, plan: Plan | None = None, *, key: RequestKey | None = None) -> Execution:
        """Build an execution that can join a line."""
        return Execution(
            outcome_id=self.ids.new("out"),
            plan=plan or an_increment(),
            principal=self.principal,
            credential_id=self.caller.credential_id,
            key=key,
        )

    async def replica(self, *, linger_s: float = 2.0, clock: Clock | None = None) -> World:
        """Open another process of the platform on the same database and Redis."""
        return await opened(
            self.stack,
            self.database,
            self.redis_url,
            caller=self.caller,
            project_id=self.project_id,
            linger_s=linger_s,
            clock=clock,
            environments=self.environments,
        )

    async def count(self, table: str) -> int:
        """Count the rows of one of our tables in the organization."""
        async with self.database.transaction(self.caller.organization_id) as connection:
            rows = await connection.execute(text(_COUNTS[table]))
            return int(rows.scalar_one())


_COUNTS: Final = {
    table: "select count(*) from " + table  # noqa: S608  # names of our own
    for table in (
        "outcomes", "versions", "snapshots", "events", "audit_records", "idempotency_keys",
        "policy_decisions", "policy_units",
    )
}  # fmt: skip


def document_of(executed: Executed) -> JsonObject:
    """Read an answer."""
    document: JsonObject = parse(executed.document)
    return document


async def opened(
    stack: AsyncExitStack,
    database: Database,
    redis_url: str,
    *,
    caller: Caller,
    project_id: str,
    linger_s: float = 2.0,
    clock: Clock | None = None,
    leases: Leases | None = None,
    environments: Environments = ENVIRONMENTS,
    rates: Rates | None = None,
    jobs_put: Callable[[], None] | None = None,
    commits: Commits | None = None,
) -> World:
    """Wire the use cases of execution over open connections."""
    told = clock or SystemClock()
    ids, measures = Ids(told), CountingMeasures()
    if leases is None:
        leases = open_leases([redis_url], instance="test", clock=SystemClock(), ttl_s=2.0)
    stack.push_async_callback(leases.close)
    judges = Judges(environments, puts_jobs=True)
    rules = TableRules()
    decisions = decisions_by_table(database, told, rules=rules)
    if rates is None:
        rates = counted(stack, database, redis_url, clock=told)
    else:
        stack.push_async_callback(rates.close)
    lines = Lines(
        Needs(
            database=database,
            commits=commits or Commits(database),
            leases=leases,
            judge=judges.of,
            decisions=decisions,
            past=Past(database),
            clock=told,
            rates=rates,
            measures=measures,
            linger_s=linger_s,
            jobs_put=jobs_put or (lambda: None),
        ),
        expired_keys=ExpiredKeys(database, told),
    )
    stack.push_async_callback(lines.close)
    access = Access(database, told)
    stack.push_async_callback(access.close)
    recorder = Recorder(database, ids)
    stack.push_async_callback(recorder.close)
    return World(
        database=database,
        redis_url=redis_url,
        leases=leases,
        lines=lines,
        plans=Plans(
            database=database,
            ids=ids,
            access=access,
            judges=judges,
            decisions=decisions,
            lines=lines,
            rates=rates,
            recorder=recorder,
        ),
        states=States(database=database, ids=ids, access=access, lines=lines),
        outcomes=Outcomes(database=database, access=access),
        rates=rates,
        ids=ids,
        measures=measures,
        rules=rules,
        caller=caller,
        project_id=project_id,
        stack=stack,
        environments=environments,
    )


def a_caller(ids: Ids, *, role: OrganizationRole = OrganizationRole.MEMBER) -> Caller:
    """Build a person with every scope, in an organization of their own."""
    return Caller(
        member_id=ids.new("mem"),
        organization_id=ids.new("org"),
        organization_role=role,
        member_kind=MemberKind.PERSON,
        scopes=frozenset(Scope),
        credential_id=ids.new("tok"),
        credential_kind=CredentialKind.API_TOKEN,
    )


async def a_project(
    database: Database,
    caller: Caller,
    *,
    environment: str = COUNTER,
    limits: Limits | None = None,
    role: str = "operator",
    environments: Environments = ENVIRONMENTS,
) -> str:
    """Store an organization, its member and a project with them in it; return the project's id."""
    ids = Ids(SystemClock())
    organization, project, now = caller.organization_id, ids.new("prj"), ids.now()
    told = limits or Limits()
    async with database.transaction(organization) as connection:
        await connection.execute(
            text(
                "insert into organizations (id, name, created_at) values (:id, 'Acme', :now) "
                "on conflict do nothing"
            ),
            {"id": organization, "now": now},
        )
        await connection.execute(
            text(
                "insert into members (organization_id, id, kind, display_name, organization_role, "
                "created_at) values (:organization, :member, 'person', 'Ann', :role, :now) "
                "on conflict do nothing"
            ),
            {
                "organization": organization,
                "member": caller.member_id,
                "role": caller.organization_role.value,
                "now": now,
            },
        )
        named = {"organization": organization, "project": project, "now": now}
        await connection.execute(
            text(
                "insert into projects (organization_id, id, name, environment, limits, created_at, "
                "created_by) values (:organization, :project, :project, :environment, :limits, "
                ":now, :member)"
            ),
            {
                **named,
                "environment": environment,
                "limits": told.model_dump_json(),
                "member": caller.member_id,
            },
        )
        await connection.execute(
            text(
                "insert into memberships (organization_id, project_id, member_id, role, mode, "
                "created_at) values (:organization, :project, :member, :role, 'assisted', :now)"
            ),
            {**named, "member": caller.member_id, "role": role},
        )
        registry = environments[environment].compiled.registry
        await create_head(
            connection,
            organization_id=organization,
            project_id=project,
            state=State.of(registry.initial_state()),
            principal_id=caller.member_id,
            now=now,
        )
    return project


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Serve a real Redis for as long as this process tests."""
    with redis_server() as url:
        yield url


@pytest_asyncio.fixture
async def world(database: FreshDatabase, redis_url: str) -> AsyncIterator[World]:
    """Give one process of the platform, an organization and a counter project with an operator."""
    async with AsyncExitStack() as stack:
        caller = a_caller(Ids(SystemClock()))
        project_id = await a_project(database, caller)
        yield await opened(stack, database, redis_url, caller=caller, project_id=project_id)
