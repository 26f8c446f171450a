"""Say what a project has used of what it may, and how long the rest will last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.domain.execution_window import next_opening
from runtime.domain.forecast import LimitUse, forecast
from runtime.domain.scope import Scope
from runtime.kit.clock import Clock
from runtime.services.context import Context
from runtime.services.identity.access import Access
from runtime.store.heads import read_head
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectUse:
    """Describe what a project has used.

    Attributes:
        as_of: the instant that it is told of.
        day: the day that budgets and quotas count.
        day_zone: by whose midnight they renew.
        open: whether executions may run now, as far as windows go.
        opens_at: when they may again, if not now; None: they may, or never will.
        limits: the use of each limit.
    """

    as_of: datetime
    day: str
    day_zone: str
    open: bool
    opens_at: datetime | None
    limits: tuple[LimitUse, ...]


class Usages:
    """Tell what projects have used."""

    def __init__(self, *, database: Database, clock: Clock, access: Access) -> None:
        self._database = database
        self._clock = clock
        self._access = access

    async def read(self, context: Context, project_id: str) -> ProjectUse:
        """Return what a project has used of what it may.

        Raises:
            NotFoundError: no such project that the caller may see.
            TamperedStateError: its head does not have its recorded hash.
        """
        caller = context.caller
        caller.require(Scope.PROJECTS_READ)
        principal = await self._access.principal(caller, project_id)

        head = await read_head(
            self._database, organization_id=caller.organization_id, project_id=project_id
        )

        now, limits = max(self._clock.now(), head.updated_at), head.limits
        opens_at = next_opening(limits.windows, now)
        is_open = not limits.windows or opens_at == now
        return ProjectUse(
            as_of=now,
            day=head.usage.day_at(now, limits.day_zone),
            day_zone=limits.day_zone,
            open=is_open,
            opens_at=None if is_open else opens_at,
            limits=forecast(limits, head.usage, now=now, principal_id=principal.id),
        )
