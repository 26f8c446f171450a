"""Say who a caller is, and what in a project: one query, remembered for three seconds.

Whoever changes a membership calls `forget_member`, so that it holds at once on this replica; the
others learn of it within those seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.domain.caller import Caller
from runtime.domain.errors import NotFoundError
from runtime.domain.principal import Principal
from runtime.kit.clock import Clock
from runtime.kit.ids import IdError, parse_id
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.documents import spelled_instant
from runtime.services.remembered import Remembered, Told
from runtime.store.access import Standing, standing_in
from runtime.store.members import find_member
from runtime.store.organizations import find_organization
from runtime.store.session import Database

FRESH_S: Final = 3.0
UNKNOWN_FRESH_S: Final = 1.0

_Key = tuple[str, str, str]


@dataclass(slots=True)
class _Known:
    """Hold what somebody is in a project.

    Attributes:
        last: whom that made of which caller: most often the same one asks again.
    """

    key: _Key
    standing: Standing
    last: tuple[Caller, Principal] | None = None

    def principal(self, caller: Caller) -> Principal:
        last = self.last
        if last is not None and last[0] is caller:
            return last[1]
        found = caller.principal(self.key[2], self.standing.membership)
        self.last = (caller, found)
        return found


class Access:
    """Answer what callers are in projects."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._remembered = Remembered[_Known](monotonic_s=clock.monotonic_s)

    async def principal(self, caller: Caller, project_id: str) -> Principal:
        """Return who a caller is in a project.

        Raises:
            NotFoundError: there is no such project, or the caller is nobody in it.
            StorageUnavailableError: the database can't be asked.
        """
        key = (caller.organization_id, caller.member_id, project_id)
        kept = self._remembered.fresh(key)
        found = (
            await self._remembered.told(key, lambda: self._asked(key))
            if kept is None
            else kept.value
        )
        if found is None:
            raise NotFoundError(kind="project", id=project_id)
        return found.principal(caller)

    async def described(self, context: Context) -> JsonObject:
        """Return the caller's member, organization and credential.

        Raises:
            NotFoundError: they went away since the credential was verified.
        """
        caller = context.caller
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            member = await find_member(connection, caller.member_id)
            organization = await find_organization(connection, caller.organization_id)
        if member is None or organization is None:
            raise NotFoundError(kind="member", id=caller.member_id)
        return {
            "member": {
                "id": member.id,
                "kind": member.kind.value,
                "display_name": member.display_name,
                "organization_role": member.organization_role.value,
            },
            "organization": {
                "id": organization.id,
                "name": organization.name,
                "created_at": spelled_instant(organization.created_at),
            },
            "credential": {
                "id": caller.credential_id,
                "kind": caller.credential_kind.value,
                "scopes": sorted(caller.scopes),
            },
        }

    def forget_member(self, member_id: str) -> None:
        """Ask again what a member is anywhere."""
        self._remembered.forget(lambda found: found.key[1] == member_id)

    async def close(self) -> None:
        """Wait for what is being asked."""
        await self._remembered.close()

    async def _asked(self, key: _Key) -> Told[_Known]:
        organization_id, member_id, project_id = key
        try:
            parse_id(project_id, "prj")
        except IdError:
            return Told(value=None, fresh_s=0)
        standing = await standing_in(
            self._database,
            organization_id=organization_id,
            project_id=project_id,
            member_id=member_id,
        )
        if standing is None:
            return Told(value=None, fresh_s=UNKNOWN_FRESH_S)
        return Told(value=_Known(key, standing), fresh_s=FRESH_S)
