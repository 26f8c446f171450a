"""Make organizations with the platform's credential, and keep one's own."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from runtime.domain.organization import Organization
from runtime.domain.scope import Scope
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.members import MemberOut
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import EmailText, NameText
from runtime.services.documents import organization_document
from runtime.services.tenancy.organizations import Founding

router = APIRouter(
    prefix="/v1/organizations",
    tags=["organizations"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OwnerIn(_Wire):
    """Say who owns a new organization."""

    display_name: NameText
    email: EmailText


class OrganizationIn(_Wire):
    """Say how a new organization is called, and who owns it."""

    name: NameText
    owner: OwnerIn


class RenamingIn(_Wire):
    """Say how an organization is called from now on."""

    name: NameText


class OrganizationOut(_Wire):
    """Describe an organization; nothing in it changes while it is archived."""

    id: str
    name: str
    created_at: datetime
    archived_at: datetime | None


class FirstTokenOut(_Wire):
    """Describe the owner's first token; `text` is null where a request is repeated."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    text: str | None


class NewOrganizationOut(_Wire):
    """Describe a new organization, its owner, and the token that they begin with."""

    organization: OrganizationOut
    owner: MemberOut
    token: FirstTokenOut


@router.post("", status_code=HTTPStatus.CREATED, response_model=NewOrganizationOut)
async def create_organization(
    body: OrganizationIn, context: Writing, services: ServicesOf
) -> Response:
    """Make an organization; takes the platform's own credential, and shows the token this once."""
    founding = Founding(
        name=body.name, owner_name=body.owner.display_name, owner_email=body.owner.email
    )
    return answered(await services.organizations.create(context, founding=founding))


@router.get("")
async def list_organizations(
    context: Reading, services: ServicesOf, page: Paging
) -> PageOut[OrganizationOut]:
    """Return the organization of the credential, which is the only one that it opens."""
    own = await services.organizations.read(context, context.caller.organization_id)
    after = page.after_text
    found = (own,) if after is None or own.id > after else ()
    return paged(found, page, key_of=lambda item: item.id, shown=_out)


@router.post("/{organization_id}:archive", response_model=OrganizationOut)
async def archive_organization(
    organization_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Let nothing in an organization change from now on; all of it stays readable."""
    return answered(await services.organizations.archive(context, organization_id))


@router.post("/{organization_id}:restore", response_model=OrganizationOut)
async def restore_organization(
    organization_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Let an archived organization change again."""
    return answered(await services.organizations.restore(context, organization_id))


@router.get("/{organization_id}")
async def read_organization(
    organization_id: str, context: Reading, services: ServicesOf
) -> OrganizationOut:
    """Return an organization."""
    return _out(await services.organizations.read(context, organization_id))


@router.patch("/{organization_id}", response_model=OrganizationOut)
async def rename_organization(
    organization_id: str, body: RenamingIn, context: Writing, services: ServicesOf
) -> Response:
    """Give an organization another name."""
    return answered(await services.organizations.rename(context, organization_id, name=body.name))


def _out(organization: Organization) -> OrganizationOut:
    return OrganizationOut.model_validate(organization_document(organization))
