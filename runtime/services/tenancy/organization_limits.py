"""Let organizations set what their projects may do and spend together, and read what holds."""

from __future__ import annotations

from runtime.domain.errors import NotFoundError, VersionMismatchError
from runtime.domain.scope import Scope
from runtime.domain.shared_limits import OrganizationLimits, SharedLimits
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.standing import active_organization, refuse_others, steady_owner
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.organization_limits import StoredLimits, add_limits, newest_limits
from runtime.store.organizations import held_organization
from runtime.store.projects import outdate_judgements
from runtime.store.session import Database


class LimitsOfOrganizations:
    """Keep the limits of organizations, every version of them."""

    def __init__(self, *, database: Database, ids: Ids) -> None:
        self._database = database
        self._ids = ids

    async def read(self, context: Context, organization_id: str) -> JsonObject:
        """Return the limits that hold; number 0 where none were ever set.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.ORGANIZATION_READ)
        refuse_others(caller, organization_id)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return limits_document(
                organization_id, await newest_limits(connection, organization_id)
            )

    async def replace(
        self,
        context: Context,
        organization_id: str,
        *,
        limits: OrganizationLimits,
        expects: int | None,
    ) -> Answer:
        """Let other limits hold from this commit on; what was judged before is judged anew.

        The same limits again are no new version.

        Args:
            context: who asks.
            organization_id: whose limits.
            limits: all of them.
            expects: the number of those that they replace; None: whichever hold.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            WrongTimeError: the organization is archived.
            VersionMismatchError: others than the expected ones hold.
        """
        caller = context.caller
        caller.require(Scope.ORGANIZATION_MANAGE)
        refuse_others(caller, organization_id)
        caller.require_owner()

        async def work(unit: Unit) -> Answer:
            if await held_organization(unit.connection, organization_id) is None:
                raise NotFoundError(kind="organization", id=organization_id)
            await active_organization(unit.connection, caller)
            before = await newest_limits(unit.connection, organization_id)
            number = 0 if before is None else before.limits.number
            if expects is not None and expects != number:
                raise VersionMismatchError(expected=f"limits {expects}", found=f"limits {number}")
            after = before
            if before is None or before.limits.document != limits:
                new = SharedLimits(number=number + 1, document=limits)
                after = await self._set(unit, context, new)
            await steady_owner(unit, caller)  # the last lock of all, as the order is
            return Answer(document=limits_document(organization_id, after))

        return await once(self._database, self._ids, context, work=work)

    async def _set(self, unit: Unit, context: Context, new: SharedLimits) -> StoredLimits:
        caller = context.caller
        await add_limits(
            unit.connection,
            new,
            organization_id=caller.organization_id,
            principal_id=caller.member_id,
            now=unit.now,
        )
        await outdate_judgements(unit.connection, caller.organization_id)
        await unit.record(
            "limits.replaced",
            {
                "organization": caller.organization_id,
                "number": new.number,
                "limits": new.document.model_dump(mode="json"),
            },
        )
        return StoredLimits(limits=new, principal_id=caller.member_id, created_at=unit.now)


def limits_document(organization_id: str, stored: StoredLimits | None) -> JsonObject:
    """Spell the limits of an organization as callers read them."""
    limits = OrganizationLimits() if stored is None else stored.limits.document
    return {
        "organization": organization_id,
        "number": 0 if stored is None else stored.limits.number,
        "limits": limits.model_dump(mode="json"),
        "set_by": None if stored is None else stored.principal_id,
        "set_at": None if stored is None else spelled_instant(stored.created_at),
    }
