"""Keep the people and services of an organization."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from runtime.domain.member import Member, MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import NameText
from runtime.services.documents import member_document

router = APIRouter(
    prefix="/v1/members", tags=["members"], route_class=PlatformRoute, responses=PROBLEMS
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServiceIn(_Wire):
    """Say how a new service is called; people are invited."""

    kind: Literal[MemberKind.SERVICE]
    display_name: NameText


class RoleIn(_Wire):
    """Say what a member is in the organization from now on."""

    organization_role: OrganizationRole


class MemberOut(_Wire):
    """Describe a member; `logs_in` says whether an identity provider vouches for them yet."""

    id: str
    kind: MemberKind
    display_name: str
    email: str | None
    logs_in: bool
    organization_role: OrganizationRole
    created_at: datetime
    removed_at: datetime | None

    @classmethod
    def of(cls, member: Member) -> MemberOut:
        """Read it off a member."""
        return cls.model_validate(member_document(member))


@router.get("")
async def list_members(context: Reading, services: ServicesOf, page: Paging) -> PageOut[MemberOut]:
    """Return the members of the organization, without those who were removed."""
    found = await services.members.after(context, page.after_text, limit=page.limit + 1)
    return paged(found, page, key_of=lambda member: member.id, shown=MemberOut.of)


@router.post("", status_code=HTTPStatus.CREATED, response_model=MemberOut)
async def create_member(body: ServiceIn, context: Writing, services: ServicesOf) -> Response:
    """Add a service, which acts by tokens and confirms nothing."""
    return answered(await services.members.add_service(context, display_name=body.display_name))


@router.post("/{member_id}:remove", response_model=MemberOut)
async def remove_member(member_id: str, context: Writing, services: ServicesOf) -> Response:
    """Remove a member, with their roles and tokens; what they did stays on record."""
    return answered(await services.members.remove(context, member_id))


@router.get("/{member_id}")
async def read_member(member_id: str, context: Reading, services: ServicesOf) -> MemberOut:
    """Return a member, who may have been removed."""
    return MemberOut.of(await services.members.read(context, member_id))


@router.patch("/{member_id}", response_model=MemberOut)
async def change_member(
    member_id: str, body: RoleIn, context: Writing, services: ServicesOf
) -> Response:
    """Give a member another role in the organization; there is always an owner."""
    return answered(
        await services.members.change_role(context, member_id, role=body.organization_role)
    )
