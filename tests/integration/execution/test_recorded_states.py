"""The audit records of a project alone rebuild each of its states, hash by hash (D13)."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

from sqlalchemy import RowMapping, text

from runtime import audit_verifier
from runtime.domain.caller import CredentialKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.plan import Plan, Step
from runtime.domain.record import AuditRecord
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.tenancy.projects import Projects
from tests.audit_exports import Signer, export_lines, heads_of, leaf_line, subject_key, write_lines
from tests.execution import COUNTER, World, an_increment

KEY = Signer("first")
_JOIN = """
insert into memberships (organization_id, project_id, member_id, role, mode, created_at)
values (:organization, :project, :member, 'operator', 'assisted', now())
"""
_RECORDS = """
select id, principal_id, kind, document, digest, project_id, created_at from audit_records
order by position, turn
"""


def an_owner(world: World) -> Context:
    """Return the context of the organization's owner."""
    scopes = frozenset({*world.caller.scopes, Scope.PROJECTS_MANAGE})
    owner = replace(
        world.caller,
        organization_role=OrganizationRole.OWNER,
        scopes=scopes,
        credential_kind=CredentialKind.OIDC,
    )
    return Context(caller=owner)


async def in_a_new_project(world: World) -> World:
    """Make a project as people do, with what is recorded of it, and let the operator work there."""
    projects = Projects(database=world.database, ids=world.ids, environments=world.environments)
    async with world.database.transaction(world.caller.organization_id) as connection:
        await connection.execute(text("update members set organization_role = 'owner'"))
    made = await projects.create(an_owner(world), name="Recorded", environment=COUNTER, limits=None)
    project = made.document["id"]
    async with world.database.transaction(world.caller.organization_id) as connection:
        told = {"organization": world.caller.organization_id, "member": world.caller.member_id}
        await connection.execute(text(_JOIN), {**told, "project": project})
    return replace(world, project_id=project)


def line_of(row: RowMapping, *, number: int, organization: str) -> JsonObject:
    """Return the line of an export that shows a stored record."""
    told = {str(name): value for name, value in row.items()}
    at = told.pop("created_at")
    record = AuditRecord(**told)
    key = subject_key(record.principal_id)
    return leaf_line(record, key, number=number, organization=organization, at=at)


async def replayed(world: World, folder: Path) -> JsonObject:
    """Export all records of the organization, and have its states rebuilt."""
    organization = world.caller.organization_id
    async with world.database.transaction(organization) as connection:
        rows = (await connection.execute(text(_RECORDS))).mappings().all()
    leaves = [
        line_of(row, number=number, organization=organization) for number, row in enumerate(rows)
    ]
    heads = heads_of(leaves, {len(leaves): KEY}, organization=organization)
    epochs = [KEY.epoch().document()]
    lines = export_lines(leaves, heads, epochs, organization=organization)
    export = write_lines(folder / "export.jsonl", lines)
    with redirect_stdout(io.StringIO()) as said:
        audit_verifier.main([str(export), "--replay", "--json"])
    answer: JsonObject = json.loads(said.getvalue())
    return answer


async def test_records_alone_rebuild_every_state(world: World, tmp_path: Path) -> None:
    """Executions one by one and many at once, some refused or empty, and a return to the past."""
    world = await in_a_new_project(world)
    several = Plan(steps=(*an_increment(3).steps, *an_increment(4).steps))
    await world.execute(several)
    await asyncio.gather(*(world.execute(an_increment(number)) for number in range(1, 20)))
    await world.execute(Plan(steps=(Step(action="counter.none", inputs={}),)))
    await world.states.revert(an_owner(world), world.project_id, version=1, expects=None)
    await world.execute(an_increment(5))
    head = await world.states.current(world.context, world.project_id)

    answer = await replayed(world, tmp_path)

    assert (answer["verdict"], answer["lost_projects"]) == ("good", [])
    assert (answer["projects"], answer["versions"]) == (1, head.version + 1)
    assert max(world.measures.groups) > 1


async def test_an_event_tells_no_states(world: World) -> None:
    """What others are told of a change holds neither its diff nor its digest."""
    world = await in_a_new_project(world)
    await world.execute(an_increment(3))
    async with world.database.transaction(world.caller.organization_id) as connection:
        rows = await connection.execute(
            text("select document from events where type in ('plan.executed', 'project.created')")
        )
        told = rows.scalars().all()
    assert len(told) == 2
    assert all("versions" not in document and "diff" not in document for document in told)
