"""Give tests a world in which moving the counter takes approval, with people who may give it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Final

from sqlalchemy import text

from runtime.domain.approval_request import Approval
from runtime.domain.caller import CredentialKind
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.plan import Plan, Step
from runtime.domain.policy_unit import PolicyModule
from runtime.kit.clock import FixedClock, SystemClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.approvals.approvals import Approvals
from runtime.services.approvals.rights import Ballot
from runtime.services.context import Context, Ids
from runtime.services.execution.plans import PlanRequest
from runtime.store.heads import bump_settings
from runtime.store.policy_units import spelled_modules
from runtime.store.session import Database
from tests.execution import World, a_caller, a_project, document_of, opened

ONE: Final[JsonObject] = {"kind": "approve", "count": 1}
TAKES: Final = ("counter.increment", "counter.set")


def a_move(by: int = 1) -> Plan:
    """Build a plan that takes approval."""
    return Plan(steps=(Step(action="counter.increment", inputs={"by": by}),))


def a_setting(value: int = 0) -> Plan:
    """Build a plan that takes approval, and changes nothing where the counter stands there."""
    return Plan(steps=(Step(action="counter.set", inputs={"value": value}),))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSite:
    """Hold a process of the platform, its requests for approval, and a clock that tests advance."""

    world: World
    approvals: Approvals
    clock: FixedClock
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def database(self) -> Database:
        """Return the database."""
        return self.world.database

    @property
    def organization(self) -> str:
        """Return the organization."""
        return self.world.caller.organization_id

    def demand(self, *obligations: JsonObject, names: tuple[str, ...] = TAKES) -> None:
        """Let rules ask for these of actions, and of no others, before anything was asked."""
        self.world.rules.adds.clear()
        self.world.rules.adds.update((name, list(obligations)) for name in names)

    async def colleague(
        self,
        role: str | None = "admin",
        *,
        organization_role: OrganizationRole = OrganizationRole.MEMBER,
        kind: MemberKind = MemberKind.PERSON,
        extra: tuple[str, ...] = (),
    ) -> Context:
        """Store a member with a role in the project, and return how they ask after a login."""
        ids = Ids(SystemClock())
        caller = replace(
            self.world.caller,
            member_id=ids.new("mem"),
            organization_role=organization_role,
            member_kind=kind,
            credential_id=f"oidc:{ids.new('tok')}",
            credential_kind=CredentialKind.OIDC,
        )
        values = {
            "organization": self.organization,
            "member": caller.member_id,
            "kind": kind.value,
            "organization_role": organization_role.value,
            "now": self.clock.now(),
        }
        async with self.database.transaction(self.organization) as connection:
            await connection.execute(
                text(
                    "insert into members (organization_id, id, kind, display_name,"
                    " organization_role, created_at) values"
                    " (:organization, :member, :kind, 'Bob', :organization_role, :now)"
                ),
                values,
            )
            if role is not None:
                await connection.execute(
                    text(
                        "insert into memberships (organization_id, project_id, member_id, role,"
                        " extra_roles, mode, created_at) values (:organization, :project, :member,"
                        " :role, :extra, 'assisted', :now)"
                    ),
                    {
                        "organization": self.organization,
                        "project": self.world.project_id,
                        "member": caller.member_id,
                        "role": role,
                        "extra": list(extra),
                        "now": self.clock.now(),
                    },
                )
        return Context(caller=caller)

    async def execute(
        self,
        plan: Plan,
        *,
        context: Context | None = None,
        project: str | None = None,
        **asked: JsonValue,
    ) -> JsonObject:
        """Execute a plan as the operator, or as somebody else, and return its outcome."""
        return document_of(
            await self.world.plans.execute(
                context or self.world.context,
                project or self.world.project_id,
                asked=PlanRequest(plan=plan, **asked),
            )
        )

    async def requested(self, plan: Plan, *, context: Context | None = None) -> str:
        """Ask for a plan, which is refused, and return the request for its approval."""
        refused = await self.execute(plan, context=context)
        assert refused["refusal"]["code"] == "approval_required", refused
        return str(refused["approval"])

    async def stored(self, approval_id: str) -> Approval:
        """Return a request as it is stored."""
        found = await self.approvals.read(self.world.context, self.world.project_id, approval_id)
        return found.approval

    async def vote(
        self, approval_id: str, voter: Context, *, digest: str | None = None, no: bool = False
    ) -> JsonObject:
        """Let somebody vote on what they see."""
        seen = digest or (await self.stored(approval_id)).plan_digest
        cast = self.approvals.deny if no else self.approvals.grant
        ballot = Ballot(plan_digest=seen, reason="as agreed")
        answer = await cast(voter, self.world.project_id, approval_id, ballot=ballot)
        return answer.document

    async def override(self, approval_id: str, caller: Context) -> JsonObject:
        """Let somebody put approval aside."""
        seen = (await self.stored(approval_id)).plan_digest
        ballot = Ballot(plan_digest=seen, reason="the plant is on fire")
        answer = await self.approvals.override(
            caller, self.world.project_id, approval_id, ballot=ballot
        )
        return answer.document

    async def granted(self, plan: Plan, *voters: Context) -> str:
        """Ask for a plan and let people say yes to it."""
        approval_id = await self.requested(plan)
        for voter in voters or (await self.colleague(),):
            await self.vote(approval_id, voter)
        return approval_id

    async def run(self, statement: str, **values: JsonValue) -> None:
        """Change rows as a use case would, and let judgements made before be outdated."""
        async with self.database.transaction(self.organization) as connection:
            await connection.execute(text(statement), values)
            await bump_settings(
                connection,
                organization_id=self.organization,
                project_id=self.world.project_id,
            )

    async def change_rules(self) -> None:
        """Let other rules hold in the project; what they say stays the same."""
        number = next(self.numbers)
        module = PolicyModule(
            path="own.rego", text=f"package tenant.project\n\nnumber := {number}\n"
        )
        values = {
            "organization": self.organization,
            "project": self.world.project_id,
            "number": number,
            "modules": spelled_modules((module,)),
            "now": self.clock.now(),
        }
        await self.run(
            "insert into policy_versions (organization_id, scope, version, project_id, modules,"
            " digest, note, created_at, created_by) values (:organization, :project, :number,"
            " :project, :modules, 'd', '', :now, 'mem')",
            **values,
        )
        await self.run(
            "insert into policy_activations (organization_id, number, scope, project_id, version,"
            " reason, activated_at, activated_by) values (:organization, :number, :project,"
            " :project, :number, '', :now, 'mem')",
            **{key: values[key] for key in ("organization", "project", "number", "now")},
        )


async def an_approval_site(
    stack: AsyncExitStack, database: Database, redis_url: str
) -> ApprovalSite:
    """Open a process in which moving or setting the counter takes one approval."""
    clock = FixedClock(SystemClock().now() + timedelta(hours=1))
    caller = a_caller(Ids(SystemClock()))
    project_id = await a_project(database, caller)
    world = await opened(
        stack, database, redis_url, caller=caller, project_id=project_id, clock=clock
    )
    site = ApprovalSite(
        world=world, approvals=Approvals(database=database, ids=Ids(clock)), clock=clock
    )
    site.demand(ONE)
    return site
