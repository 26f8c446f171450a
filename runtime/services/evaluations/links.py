"""Let a person open the pages of evaluations in a browser that has no credential of theirs.

Whoever has a credential asks for a link; the browser that opens it first gets a visit, which reads
these pages and nothing else. Both end with the credential that the link was asked with.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import CredentialRefusedError
from runtime.domain.issued_token import scopes_by_role
from runtime.domain.scope import Scope, allows
from runtime.services.context import Context, Ids, RequestKey
from runtime.services.documents import spelled_instant
from runtime.services.evaluations.dashboards import admit
from runtime.services.identity.page_passes import PagePass, PagePasses, PassUse
from runtime.services.standing import STORED_CREDENTIALS, steady_caller
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.access import token_bearer
from runtime.store.members import find_member
from runtime.store.session import Database

LINK_LIFE: Final = timedelta(minutes=2)
VISIT_LIFE: Final = timedelta(hours=8)
IDENTITY_VISIT_LIFE: Final = timedelta(hours=1)
"""After a bearer token of an issuer, which nobody can revoke here."""
OPENED: Final = "GET /v1/organizations/{organization_id}/evaluations:open"
LINK_PREFIX: Final = "lnk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Hold what a browser has to bring to see the pages.

    Attributes:
        life: how long it opens them at most.
    """

    text: str = field(repr=False)
    life: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bearer:
    """Say who a pass stands for, and when their credential ends by itself."""

    caller: Caller
    ends_at: datetime | None = None


class EvaluationLinks:
    """Make links, exchange each once, and say who visits."""

    def __init__(
        self, *, database: Database, ids: Ids, passes: PagePasses, public_url: str | None
    ) -> None:
        """Say where browsers reach the platform; None: where a request for a link did."""
        self._database = database
        self._ids = ids
        self._passes = passes
        self._public_url = public_url

    async def create(self, context: Context, organization_id: str, *, reached_at: str) -> Answer:
        """Make a link, and return it this once.

        Args:
            context: who asks.
            organization_id: whose pages it opens.
            reached_at: address of the platform as the request named it.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the credential was not made for this.
            CredentialRefusedError: they are no member any more, or their token has ended.
        """
        caller = context.caller
        organization = admit(context, organization_id)

        async def work(unit: Unit) -> Answer:
            await steady_caller(unit, caller)
            link = PagePass(
                id=unit.ids.new(LINK_PREFIX),
                organization_id=organization,
                member_id=caller.member_id,
                credential_id=caller.credential_id,
                credential_kind=caller.credential_kind,
                ends_at=unit.now + LINK_LIFE,
            )
            ends = {"expires_at": spelled_instant(link.ends_at)}
            await unit.audit("evaluations.link_made", {"link": link.id, **ends})
            return Answer(
                document={**ends, "url": self._address(link, reached_at=reached_at)},
                kept={**ends, "url": None},
            )

        return await once(self._database, self._ids, context, work=work)

    async def visit(self, organization_id: str, text: str) -> Visit:
        """Exchange a link for a visit; the second time it is refused.

        Raises:
            CredentialRefusedError: it opens nothing here, or not any more.
        """
        link = self._passes.opened(text, use=PassUse.LINK, now=self._ids.now())
        if link is None or link.organization_id != organization_id:
            raise CredentialRefusedError
        found = await self._bearer(link)
        if found is None:
            raise CredentialRefusedError
        life = _life(found, now=self._ids.now())

        async def work(unit: Unit) -> Answer:
            await steady_caller(unit, found.caller)
            ends = {"expires_at": spelled_instant(unit.now + life)}
            await unit.audit("evaluations.link_opened", {"link": link.id, **ends})
            return Answer(document={"link": link.id})

        use = RequestKey(route=OPENED, key=link.id, body_digest=link.id)
        context = Context(caller=found.caller, key=use)
        answer = await once(self._database, self._ids, context, work=work)
        if answer.replayed:
            raise CredentialRefusedError
        visit = link.model_copy(update={"ends_at": self._ids.now() + life})
        return Visit(text=self._passes.sealed(visit, use=PassUse.VISIT), life=life)

    async def visitor(self, text: str) -> Caller | None:
        """Return who visits, who may read evaluations and nothing else; None: nobody who may.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        visit = self._passes.opened(text, use=PassUse.VISIT, now=self._ids.now())
        found = None if visit is None else await self._bearer(visit)
        return None if found is None else found.caller

    def _address(self, link: PagePass, *, reached_at: str) -> str:
        base = (self._public_url or reached_at).rstrip("/")
        page = f"{base}/v1/organizations/{link.organization_id}/evaluations:open"
        return f"{page}?ticket={self._passes.sealed(link, use=PassUse.LINK)}"

    async def _bearer(self, item: PagePass) -> _Bearer | None:
        """Return who holds the credential of a pass, if it opens the pages at this instant."""
        stored = item.credential_kind in STORED_CREDENTIALS
        found = await (self._of_token(item) if stored else self._of_identity(item))
        if found is None or not allows(found.caller.scopes, Scope.EVALUATIONS_READ):
            return None
        reading = frozenset({Scope.EVALUATIONS_READ})
        return replace(found, caller=replace(found.caller, scopes=reading))

    async def _of_token(self, item: PagePass) -> _Bearer | None:
        async with self._database.transaction(item.organization_id, read_only=True) as connection:
            found = await token_bearer(connection, item.credential_id)
        if found is None or found.kind is not item.credential_kind or found.revoked_at is not None:
            return None
        if found.expires_at is not None and found.expires_at <= self._ids.now():
            return None
        caller = Caller(
            member_id=found.bearer.member_id,
            organization_id=item.organization_id,
            organization_role=found.bearer.organization_role,
            member_kind=found.bearer.member_kind,
            scopes=found.scopes,
            credential_id=item.credential_id,
            credential_kind=found.kind,
        )
        return _Bearer(caller=caller, ends_at=found.expires_at)

    async def _of_identity(self, item: PagePass) -> _Bearer | None:
        if item.credential_kind is not CredentialKind.OIDC:
            return None
        async with self._database.transaction(item.organization_id, read_only=True) as connection:
            member = await find_member(connection, item.member_id)
        if member is None or member.removed_at is not None:
            return None
        caller = Caller(
            member_id=member.id,
            organization_id=item.organization_id,
            organization_role=member.organization_role,
            member_kind=member.kind,
            scopes=scopes_by_role(member.organization_role),
            credential_id=item.credential_id,
            credential_kind=item.credential_kind,
        )
        return _Bearer(caller=caller)


def _life(found: _Bearer, *, now: datetime) -> timedelta:
    if found.caller.credential_kind is CredentialKind.OIDC:
        return IDENTITY_VISIT_LIFE
    return VISIT_LIFE if found.ends_at is None else min(VISIT_LIFE, found.ends_at - now)
