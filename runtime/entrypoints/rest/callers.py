"""Tell callers who they are."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from runtime.domain.caller import CredentialKind
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.entrypoints.rest.context import Reading, ServicesOf
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=PlatformRoute, responses=PROBLEMS)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallerOut(_Wire):
    """Describe who acts, for whom, and with which credential."""

    class MemberOut(_Wire):
        """Describe the member."""

        id: str
        kind: MemberKind
        display_name: str
        organization_role: OrganizationRole

    class OrganizationOut(_Wire):
        """Describe the organization."""

        id: str
        name: str
        created_at: datetime

    class CredentialOut(_Wire):
        """Describe the credential."""

        id: str
        kind: CredentialKind
        scopes: tuple[Scope, ...]

    member: MemberOut
    organization: OrganizationOut
    credential: CredentialOut


@router.get("")
async def read_caller(context: Reading, services: ServicesOf) -> CallerOut:
    """Return who the credential of the request belongs to; any credential may ask."""
    return CallerOut.model_validate(await services.access.described(context))
