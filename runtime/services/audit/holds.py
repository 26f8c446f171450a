"""Place legal holds on what the audit log says, and release them; owners do, and it is recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runtime.domain.audit_hold import HOLD_PREFIX, MOST_HOLDS, Hold, may_be_subject
from runtime.domain.errors import NotFoundError, WrongTimeError
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.standing import active_organization, known_id, steady_owner
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import audit_holds as store
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWish:
    """Say what to hold.

    Attributes:
        name: of the case.
        reason: in words.
        subject: whose records; None: everybody's.
    """

    name: str
    reason: str
    subject: str | None = None


class Holds:
    """Keep the holds of organizations."""

    def __init__(self, *, database: Database, ids: Ids) -> None:
        self._database = database
        self._ids = ids

    async def place(self, context: Context, wish: HoldWish) -> Answer:
        """Hold from now on: no key of what is named is destroyed until the hold is released.

        Raises:
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            NotFoundError: the subject is no id of anybody.
            NameTakenError: a hold of that name holds the same already.
            WrongTimeError: the organization is archived, or has as many holds as it may.
        """
        caller = context.caller
        caller.require(Scope.ORGANIZATION_MANAGE)
        if wish.subject is not None and not may_be_subject(wish.subject):
            raise NotFoundError(kind="principal", id=wish.subject)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            await _require_room(unit, caller.organization_id)
            hold = Hold(
                id=unit.ids.new(HOLD_PREFIX),
                name=wish.name,
                reason=wish.reason,
                subject=wish.subject,
                held_by=caller.member_id,
                created_at=unit.now,
            )
            await store.add_hold(unit.connection, hold, organization_id=caller.organization_id)
            await steady_owner(unit, caller)
            await unit.audit("audit.hold_placed", _recorded(hold))
            return Answer(document=hold_document(hold))

        return await once(self._database, self._ids, context, work=work)

    async def release(self, context: Context, hold_id: str) -> Answer:
        """Let a hold end; what it kept may be destroyed from now on.

        Raises:
            NotFoundError: there is none of that id.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            WrongTimeError: it is released already, or the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.ORGANIZATION_MANAGE)
        known_id(hold_id, kind="hold", prefix=HOLD_PREFIX)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            before = await store.held_hold(unit.connection, hold_id)
            await steady_owner(unit, caller)
            if before is None:
                raise NotFoundError(kind="hold", id=hold_id)
            if before.released_at is not None:
                raise WrongTimeError(
                    what=f"the hold '{before.name}'",
                    found="released already",
                    remedy="place a new one if there is something to hold",
                )
            hold = replace(before, released_at=unit.now, released_by=caller.member_id)
            await store.release_hold(
                unit.connection, hold_id, at=unit.now, released_by=caller.member_id
            )
            await unit.audit("audit.hold_released", _recorded(hold))
            return Answer(document=hold_document(hold))

        return await once(self._database, self._ids, context, work=work)

    async def after(self, context: Context, after: str | None, *, limit: int) -> tuple[Hold, ...]:
        """Return holds in the order of their ids, those that were released too.

        Raises:
            NotAllowedError: the caller is no owner, or the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.ORGANIZATION_MANAGE)
        caller.require_owner()
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return await store.holds_after(connection, caller.organization_id, after, limit=limit)


def hold_document(hold: Hold) -> JsonObject:
    """Spell a hold as callers read it."""
    released = hold.released_at
    return {
        "id": hold.id,
        "name": hold.name,
        "reason": hold.reason,
        "subject": hold.subject,
        "held_by": hold.held_by,
        "created_at": spelled_instant(hold.created_at),
        "released_at": None if released is None else spelled_instant(released),
        "released_by": hold.released_by,
    }


def _recorded(hold: Hold) -> JsonObject:
    return {"hold": hold.id, "name": hold.name, "subject": hold.subject}


async def _require_room(unit: Unit, organization_id: str) -> None:
    if await store.count_holds(unit.connection, organization_id) >= MOST_HOLDS:
        raise WrongTimeError(
            what="the organization",
            found=f"at its most holds, {MOST_HOLDS}",
            remedy="release one first",
        )
