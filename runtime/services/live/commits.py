"""Wake who listens to a project as soon as this process has committed something of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from typing_extensions import override

from runtime.domain.shared_use import Counter
from runtime.ports.audit_copies import AuditCopies
from runtime.services.execution.commits import Commits
from runtime.store.executions import Commit
from runtime.store.session import Database


class ToldCommits(Commits):
    """Gather commits by organization, and tell of each that it is stored."""

    def __init__(
        self,
        database: Database,
        *,
        told: Callable[[str], None],
        copies: AuditCopies | None = None,
    ) -> None:
        """Commit as `Commits` does; `told` gets the id of the organization."""
        super().__init__(database, copies=copies)
        self._told = told

    @override
    async def write(self, group: Commit) -> Mapping[Counter, int]:
        """Return what is counted once a group is stored; raise as `Commits` does."""
        counted = await super().write(group)
        self._told(group.organization_id)
        return counted
