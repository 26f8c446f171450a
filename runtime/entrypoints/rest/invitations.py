"""Invite people to an organization or to a project in it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from runtime.domain.errors import CredentialRefusedError
from runtime.domain.member import Invitation, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.entrypoints.rest.body import PlatformRequest, check_type
from runtime.entrypoints.rest.context import (
    IdempotencyKey,
    Reading,
    ServicesOf,
    Writing,
    answered,
    request_key,
)
from runtime.entrypoints.rest.credentials import brought_by
from runtime.entrypoints.rest.members import MemberOut
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.refusals import counted
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import MOST_ID_TEXT, EmailText
from runtime.ports.identity_provider import VerifiedIdentity
from runtime.services.documents import invitation_document
from runtime.services.tenancy.invitations import Invitations, Offer

_IDENTITY: Final = "plangate.identity"


class NewcomerRoute(APIRoute):
    """Find out whom an identity provider vouches for before the body is read; no member yet."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with what stands before it."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            brought = brought_by(request)
            if brought.by_cookie:  # of a session, whose holder is a member
                raise CredentialRefusedError
            invitations: Invitations = request.app.state.services.invitations
            with counted(request, known=lambda: False):
                request.scope[_IDENTITY] = await invitations.identified(brought.text)
            check_type(request.headers.get("content-type", ""))
            return await handle(PlatformRequest(request.scope, request.receive))

        return guarded


router = APIRouter(
    prefix="/v1/invitations", tags=["invitations"], route_class=PlatformRoute, responses=PROBLEMS
)

LEAST_LIFE_S: Final = 60
MOST_LIFE_S: Final = 30 * 24 * 3600
USUAL_LIFE_S: Final = 7 * 24 * 3600

IdText = Annotated[str, Field(max_length=MOST_ID_TEXT)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InvitationIn(_Wire):
    """Say who is invited as what; `project_id` and `role` come together.

    Owners invite to anything, admins of a project to that project, as members.
    """

    email: EmailText
    organization_role: OrganizationRole = OrganizationRole.MEMBER
    project_id: IdText | None = None
    role: ProjectRole | None = None
    expires_in_s: Annotated[int, Field(ge=LEAST_LIFE_S, le=MOST_LIFE_S)] = USUAL_LIFE_S

    @model_validator(mode="after")
    def _project_has_role(self) -> Self:
        if (self.project_id is None) != (self.role is None):
            raise ValueError("project_id and role come together: send both or none")
        return self


class AcceptanceIn(_Wire):
    """Bring the text of an invitation, as the inviter handed it on."""

    invitation: Annotated[str, Field(max_length=2 * MOST_ID_TEXT)]


class InvitationOut(_Wire):
    """Describe an invitation; its text is told once, to whoever makes it."""

    id: str
    email: str
    organization_role: OrganizationRole
    project: str | None
    role: ProjectRole | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


class NewInvitationOut(InvitationOut):
    """Describe a new invitation; `text` is null where a request is repeated."""

    text: str | None


@router.post("", status_code=HTTPStatus.CREATED, response_model=NewInvitationOut)
async def create_invitation(body: InvitationIn, context: Writing, services: ServicesOf) -> Response:
    """Invite somebody; the text in the answer is for you to hand on, and is shown this once."""
    offer = Offer(
        email=body.email,
        organization_role=body.organization_role,
        project_id=body.project_id,
        role=body.role,
        life=timedelta(seconds=body.expires_in_s),
    )
    return answered(await services.invitations.create(context, offer=offer))


@router.get("")
async def list_invitations(
    context: Reading,
    services: ServicesOf,
    page: Paging,
    project_id: Annotated[
        str | None, Query(max_length=MOST_ID_TEXT, description="Only those to this project")
    ] = None,
) -> PageOut[InvitationOut]:
    """Return invitations, whatever became of them; admins of a project name it."""
    found = await services.invitations.after(
        context, page.after_text, limit=page.limit + 1, project_id=project_id
    )
    return paged(found, page, key_of=lambda item: item.id, shown=_out)


@router.post("/{invitation_id}:revoke", response_model=InvitationOut)
async def revoke_invitation(invitation_id: str, context: Writing, services: ServicesOf) -> Response:
    """Take an invitation back that was not accepted yet."""
    return answered(await services.invitations.revoke(context, invitation_id))


async def accept_invitation(
    request: Request,
    body: AcceptanceIn,
    services: ServicesOf,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Become the member that a text invites, by a bearer token of one's identity provider.

    The address that the provider proved must be the one that was invited. Who repeats the request
    with that text is answered as before, with or without a key.
    """
    identity: VerifiedIdentity = request.scope[_IDENTITY]
    key = None if idempotency_key is None else await request_key(request, idempotency_key)
    return answered(
        await services.invitations.accept_by_text(identity, text=body.invitation, key=key)
    )


# Declared by hand: of all routes of this router it alone is open to those who are no members yet.
router.add_api_route(
    ":accept",
    accept_invitation,
    methods=["POST"],
    response_model=MemberOut,
    route_class_override=NewcomerRoute,
)


def _out(invitation: Invitation) -> InvitationOut:
    return InvitationOut.model_validate(invitation_document(invitation))
