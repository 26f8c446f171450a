"""Let organizations and projects say how models are asked, and read what holds."""

from __future__ import annotations

from collections.abc import Callable

from runtime.domain.caller import Caller
from runtime.domain.errors import NotFoundError, VersionMismatchError
from runtime.domain.model_use import ModelUse, in_force
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.ports.model_reference import parse_model_reference
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.models.offers import Offers
from runtime.services.standing import (
    active,
    active_organization,
    held,
    refuse_others,
    seen,
    steady_owner,
)
from runtime.services.unit_of_work import Answer, Unit, Work, once
from runtime.store.model_uses import StoredUse, add_use, newest_use
from runtime.store.organizations import held_organization
from runtime.store.session import Database


class ModelUses:
    """Keep how models are asked, every version of it."""

    def __init__(
        self, *, database: Database, ids: Ids, offers: Offers, forget: Callable[[str], None]
    ) -> None:
        """Take what is offered, and what forgets an organization's settings in this process."""
        self._database = database
        self._ids = ids
        self._offers = offers
        self._forget = forget

    async def of_organization(self, context: Context, organization_id: str) -> JsonObject:
        """Return what an organization says; version 0 where it never said anything.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.MODELS_READ)
        refuse_others(caller, organization_id)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            stored = await newest_use(connection, organization_id)
        return self._document(caller, stored, organization=stored)

    async def of_project(self, context: Context, project_id: str) -> JsonObject:
        """Return what a project says; version 0 where it never said anything.

        Raises:
            NotFoundError: there is none that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.MODELS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            stored = await newest_use(connection, project_id)
            organization = await newest_use(connection, caller.organization_id)
        return self._document(caller, stored, organization=organization, project_id=project_id)

    async def replace_of_organization(
        self, context: Context, organization_id: str, *, use: ModelUse, expects: int | None
    ) -> Answer:
        """Let an organization's projects ask models otherwise from this commit on.

        The same settings again are no new version.

        Args:
            context: who asks.
            organization_id: whose settings.
            use: all of them.
            expects: the version that they replace; None: whichever holds.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            ModelUseRefusedError: a model is not offered.
            VersionMismatchError: another version than the expected one holds.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.MODELS_MANAGE)
        refuse_others(caller, organization_id)
        caller.require_owner()
        self._offers.require(use)

        async def work(unit: Unit) -> Answer:
            if await held_organization(unit.connection, organization_id) is None:
                raise NotFoundError(kind="organization", id=organization_id)
            await active_organization(unit.connection, caller)
            stored = await self._replaced(unit, caller, use, expects=expects)
            await steady_owner(unit, caller)  # the last lock of all, as the order is
            return Answer(document=self._document(caller, stored, organization=stored))

        return await self._once(context, work)

    async def replace_of_project(
        self, context: Context, project_id: str, *, use: ModelUse, expects: int | None
    ) -> Answer:
        """Let a project ask models otherwise than its organization from this commit on.

        Raises:
            NotFoundError: there is none that the caller may see.
            NotAllowedError: the caller is no admin of it, or the credential was not made for this.
            ProjectArchivedError: it is archived.
            ModelUseRefusedError, VersionMismatchError, WrongTimeError: as for an organization.
        """
        caller = context.caller
        caller.require(Scope.MODELS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            active(await held(unit, caller, project_id))
            self._offers.require(use)  # what is offered is told to nobody else
            stored = await self._replaced(unit, caller, use, expects=expects, project_id=project_id)
            organization = await newest_use(unit.connection, caller.organization_id)
            return Answer(
                document=self._document(
                    caller, stored, organization=organization, project_id=project_id
                )
            )

        return await self._once(context, work)

    async def _once(self, context: Context, work: Work) -> Answer:
        answer = await once(self._database, self._ids, context, work=work)
        self._forget(context.caller.organization_id)
        return answer

    async def _replaced(
        self,
        unit: Unit,
        caller: Caller,
        use: ModelUse,
        *,
        expects: int | None,
        project_id: str | None = None,
    ) -> StoredUse:
        """Store a version, if it differs, of what this transaction holds; return what holds."""
        before = await newest_use(unit.connection, project_id or caller.organization_id)
        number = 0 if before is None else before.number
        if expects is not None and expects != number:
            raise VersionMismatchError(expected=f"models {expects}", found=f"models {number}")
        if before is not None and before.use == use:
            return before
        stored = StoredUse(
            number=number + 1, use=use, principal_id=caller.member_id, created_at=unit.now
        )
        await add_use(
            unit.connection,
            stored,
            organization_id=caller.organization_id,
            project_id=project_id,
        )
        await unit.audit(
            "models.replaced",
            {"version": stored.number, "models": use.model_dump(mode="json")},
            project_id=project_id,
        )
        return stored

    def _document(
        self,
        caller: Caller,
        stored: StoredUse | None,
        *,
        organization: StoredUse | None,
        project_id: str | None = None,
    ) -> JsonObject:
        """Spell settings as callers read them, and name the models that are asked by them."""
        use = ModelUse() if stored is None else stored.use
        above = None if organization is None else organization.use
        own = None if project_id is None or stored is None else stored.use
        asked = self._offers.usable(in_force(above, own, platform=self._offers.own).models)
        return {
            "organization": caller.organization_id,
            "project": project_id,
            "version": 0 if stored is None else stored.number,
            **use.model_dump(mode="json"),
            "asked": [parse_model_reference(text).model for text in asked],
            "set_by": None if stored is None else stored.principal_id,
            "set_at": None if stored is None else spelled_instant(stored.created_at),
        }
