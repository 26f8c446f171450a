"""Answer documents of GraphQL from rows in memory, through all that no database is part of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from graphql import ExecutionContext, ExecutionResult, execute, parse

from runtime.domain.history import StoredOutcome
from runtime.domain.member import Member, MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.entrypoints.graphql.call import Call
from runtime.entrypoints.graphql.execution import Execution
from runtime.entrypoints.graphql.schema import SCHEMA
from runtime.kit.canonical_json import canonical_text
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from tests.execution import a_caller


@dataclass
class Outcomes:
    """Return the same outcomes to everybody."""

    rows: tuple[StoredOutcome, ...]

    async def page(self, *_: object, **__: object) -> tuple[StoredOutcome, ...]:
        """Return them all."""
        return self.rows


@dataclass
class Members:
    """Know everybody who is asked for."""

    async def named(self, _: Context, ids: tuple[str, ...]) -> tuple[Member, ...]:
        """Return a member for each id."""
        return tuple(map(a_member, ids))


@dataclass
class Services:
    """Hold what a call needs of the platform."""

    outcomes: Outcomes
    members: Members


def a_member(member_id: str) -> Member:
    """Return a person of an id."""
    return Member(
        id=member_id, organization_id="o", kind=MemberKind.PERSON, display_name="Ann",
        organization_role=OrganizationRole.MEMBER, created_at=SystemClock().now(),
    )  # fmt: skip


def an_outcome(number: int, **more: Any) -> StoredOutcome:  # noqa: ANN401  # of a document
    """Return an outcome, of whose document members can be given."""
    version: JsonObject = {"version": 1, "digest": "d"}
    document: JsonObject = {
        "id": f"out_{number}", "project": "p", "principal": f"mem_{number % 3}",
        "status": "executed", "plan_digest": "d", "steps": [], "refusal": None, "before": version,
        "after": version, "cost": 1, "approval": None, "created_at": "2026-01-01T00:00:00Z",
        **more,
    }  # fmt: skip
    return StoredOutcome(
        number=number, id=f"out_{number}", principal_id=f"mem_{number % 3}", status="executed",
        refusal_code=None, plan_digest="d", before_version=1, after_version=1, cost=1,
        document=canonical_text(document), created_at=SystemClock().now(),
    )  # fmt: skip


async def executed(
    text: str, *rows: StoredOutcome, by: type[ExecutionContext] = Execution
) -> ExecutionResult:
    """Return what a document is answered with, of outcomes that are there."""
    call = Call(
        services=cast("Any", Services(Outcomes(rows), Members())),
        caller=a_caller(Ids(SystemClock())),
        credential="x",
    )
    found = execute(SCHEMA, parse(text), context_value=call, execution_context_class=by)
    assert not isinstance(found, ExecutionResult)
    return await found
