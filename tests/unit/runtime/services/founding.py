"""Make an organization with an owner and tokens, straight through the use cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from runtime.domain.caller import OPERATOR_ID, Caller, CredentialKind
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.kit.clock import FixedClock
from runtime.services.context import Context, Ids
from runtime.services.identity.minting import Mint, TokenKeys
from runtime.services.tenancy.organizations import Founding, Organizations
from runtime.store.session import Database

START: Final = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
KEYS: Final = TokenKeys(keys=(b"a key of the server, 32 bytes long",))
FOUNDING: Final = Founding(name="o", owner_name="Olga", owner_email="olga@example.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """Hold a new organization with its first owner and their token."""

    organization_id: str
    member_id: str
    token_id: str
    text: str

    def caller(self, **changes: Any) -> Caller:  # noqa: ANN401  # any part of a caller
        """Return the owner as the caller that their token makes them."""
        usual = {
            "member_id": self.member_id,
            "organization_id": self.organization_id,
            "organization_role": OrganizationRole.OWNER,
            "member_kind": MemberKind.PERSON,
            "scopes": frozenset(Scope),
            "credential_id": self.token_id,
            "credential_kind": CredentialKind.API_TOKEN,
        }
        return Caller(**{**usual, **changes})


async def found(database: Database, clock: FixedClock) -> Founded:
    """Make an organization."""
    ids = Ids(clock)
    organization_id = ids.new("org")
    operator = Caller(
        member_id=OPERATOR_ID,
        organization_id=organization_id,
        organization_role=OrganizationRole.MEMBER,
        member_kind=MemberKind.SERVICE,
        scopes=frozenset({Scope.ORGANIZATION_MANAGE}),
        credential_id=OPERATOR_ID,
        credential_kind=CredentialKind.OPERATOR,
    )
    organizations = Organizations(database=database, ids=ids, mint=Mint(KEYS))
    answer = await organizations.create(Context(caller=operator), founding=FOUNDING)
    return Founded(
        organization_id=organization_id,
        member_id=answer.document["owner"]["id"],
        token_id=answer.document["token"]["id"],
        text=answer.document["token"]["text"],
    )
