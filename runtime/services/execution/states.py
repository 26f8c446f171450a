"""Read a project's state as it is and as it was, go back to an earlier one, prove the history."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import require_role
from runtime.domain.errors import NotFoundError, ReplayError
from runtime.domain.history import Version
from runtime.domain.member import ProjectRole
from runtime.domain.principal import Principal
from runtime.domain.scope import Scope
from runtime.domain.state import State
from runtime.engine.replay import advanced
from runtime.kit.json_patch import diff
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids, RequestKey
from runtime.services.execution.changes import Executed, Reversion
from runtime.services.execution.lines import Lines
from runtime.services.identity.access import Access
from runtime.store.heads import proven_state, read_head
from runtime.store.session import Database
from runtime.store.snapshots import nearest_snapshot, next_snapshot
from runtime.store.versions import (
    MOST_DIFFS,
    find_version,
    version_at,
    versions_before,
    versions_between,
)

PATIENCE_S: Final = 10.0
VERIFIED_AT_ONCE: Final = 2
_OWN_KEY: Final = "state:revert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Say that a history leads to the state that stands.

    Attributes:
        versions: how many versions were rebuilt, each hash compared.
        digest: of the last, which is the head's.
    """

    versions: int
    digest: str


class States:
    """Read and revert the states of projects."""

    def __init__(self, *, database: Database, ids: Ids, access: Access, lines: Lines) -> None:
        self._database = database
        self._ids = ids
        self._access = access
        self._lines = lines
        self._verifying = asyncio.Semaphore(VERIFIED_AT_ONCE)

    async def current(self, context: Context, project_id: str) -> State:
        """Return the state as it stands.

        Raises:
            NotFoundError: no such project that the caller may see.
            TamperedStateError: it does not have its recorded hash.
        """
        await self._may_read(context, project_id)
        head = await read_head(
            self._database,
            organization_id=context.caller.organization_id,
            project_id=project_id,
        )
        return head.state

    async def at_version(self, context: Context, project_id: str, *, version: int) -> State:
        """Rebuild the state of a version; it hashes to what was recorded.

        Raises:
            NotFoundError: no such project or version.
            ReplayError, TamperedStateError: the stored history was altered.
        """
        await self._may_read(context, project_id)
        async with self._reading(context) as connection:
            return await rebuilt(connection, project_id, version=version)

    async def at_instant(self, context: Context, project_id: str, *, instant: datetime) -> State:
        """Rebuild the state that stood at an instant.

        Raises:
            NotFoundError: no such project, or the instant is before it was made.
            ReplayError, TamperedStateError: the stored history was altered.
        """
        await self._may_read(context, project_id)
        async with self._reading(context) as connection:
            found = await version_at(connection, project_id=project_id, instant=instant)
            if found is None:
                raise NotFoundError(kind="version at", id=instant.isoformat())
            return await rebuilt(connection, project_id, version=found.version)

    async def difference(
        self, context: Context, project_id: str, *, before: int, after: int
    ) -> list[JsonObject]:
        """Return the RFC 6902 operations that lead from one version to another, either way.

        Raises:
            NotFoundError, ReplayError, TamperedStateError: as `at_version` does.
        """
        await self._may_read(context, project_id)
        async with self._reading(context) as connection:
            one = await rebuilt(connection, project_id, version=before)
            other = await rebuilt(connection, project_id, version=after)
        return diff(one.components, other.components)

    async def history(
        self, context: Context, project_id: str, *, before: int | None, limit: int
    ) -> tuple[Version, ...]:
        """Return versions, the newest first.

        Raises:
            NotFoundError: no such project that the caller may see.
        """
        await self._may_read(context, project_id)
        async with self._reading(context) as connection:
            return await versions_before(
                connection, project_id=project_id, before=before, limit=limit
            )

    async def version(self, context: Context, project_id: str, *, version: int) -> Version:
        """Return what is recorded of one version.

        Raises:
            NotFoundError: no such project or version.
        """
        await self._may_read(context, project_id)
        async with self._reading(context) as connection:
            found = await find_version(connection, project_id=project_id, version=version)
        if found is None:
            raise NotFoundError(kind="version", id=str(version))
        return found

    async def revert(
        self, context: Context, project_id: str, *, version: int, expects: int | None
    ) -> Executed:
        """Make the state of an earlier version the newest version; nothing is deleted.

        Raises:
            NotFoundError: no such project, or it has no such version.
            NotAllowedError: only the project's admins may.
            StateError: the earlier state breaks today's schemas or invariants.
            VersionMismatchError, DeadlineError, LeaseBusyError, StorageUnavailableError: as
                executing a plan does.
        """
        context.caller.require(Scope.STATE_REVERT)
        principal = await self._admin(context, project_id)
        async with self._reading(context) as connection:
            target = await rebuilt(connection, project_id, version=version)
        outcome_id = self._ids.new("rev")
        return await self._lines.join(
            Reversion(
                outcome_id=outcome_id,
                target=target,
                principal=principal,
                credential_id=context.caller.credential_id,
                expects=expects,
                # Of its own if none was sent: that is how it is found when its answer was lost.
                key=context.key or RequestKey(route=_OWN_KEY, key=outcome_id, body_digest=""),
            ),
            project_id=project_id,
            standing=lambda: self._admin(context, project_id),
            patience_s=PATIENCE_S,
        )

    async def _admin(self, context: Context, project_id: str) -> Principal:
        principal = await self._access.principal(context.caller, project_id)
        require_role(principal, ProjectRole.ADMIN)
        return principal

    async def verify(self, context: Context, project_id: str) -> Verified:
        """Rebuild the whole history from its first state and compare every hash, up to the head.

        Every snapshot on the way must be the state that the diffs lead to. A long history takes a
        while; other work goes on beside it, and only few are verified at once.

        Raises:
            ReplayError: at the first version that diverges, or where a version is missing.
            TamperedStateError: a stored state does not have its recorded hash.
        """
        await self._may_read(context, project_id)
        head = await self.current(context, project_id)
        async with self._verifying:
            async with self._reading(context) as connection:
                state = await rebuilt(connection, project_id, version=0)
            while state.version < head.version:
                async with self._reading(context) as connection:
                    state = await _advanced(connection, project_id, state, through=head.version)
                await asyncio.sleep(0)
        if state.digest != head.digest:
            raise ReplayError(version=head.version, expected=head.digest, actual=state.digest)
        return Verified(versions=head.version + 1, digest=head.digest)

    async def _may_read(self, context: Context, project_id: str) -> None:
        context.caller.require(Scope.STATE_READ)
        await self._access.principal(context.caller, project_id)

    def _reading(self, context: Context) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._database.transaction(context.caller.organization_id, read_only=True)


async def _advanced(
    connection: AsyncConnection, project_id: str, state: State, *, through: int
) -> State:
    """Rebuild the versions that follow, to the next snapshot at most, and prove that as well."""
    snapshot = await next_snapshot(connection, project_id=project_id, after=state.version)
    end = through if snapshot is None else min(through, snapshot.version)
    found = await versions_between(
        connection, project_id=project_id, after=state.version, through=end
    )
    if not found:
        raise ReplayError(version=state.version + 1, expected="a version", actual="none")
    after = advanced(state, found)
    if snapshot is not None and snapshot.version == after.version:
        proven_state(snapshot.state, version=after.version, recorded=after.digest)
    return after


async def rebuilt(connection: AsyncConnection, project_id: str, *, version: int) -> State:
    """Rebuild a version from the snapshot before it and the diffs between.

    Raises:
        NotFoundError: the project has no such version.
        ReplayError, TamperedStateError: the stored history was altered.
    """
    if version < 0:
        raise NotFoundError(kind="version", id=str(version))
    snapshot = await nearest_snapshot(connection, project_id=project_id, version=version)
    if snapshot is None:
        raise NotFoundError(kind="version", id=str(version))
    state = proven_state(snapshot.state, version=snapshot.version, recorded=snapshot.digest)
    while state.version < version:
        found = await versions_between(
            connection, project_id=project_id, after=state.version, through=version
        )
        if not found:
            raise NotFoundError(kind="version", id=str(version))
        state = advanced(state, found)
        if len(found) < MOST_DIFFS and state.version < version:
            raise NotFoundError(kind="version", id=str(version))
    return state
