"""Hold a project as it stands: its state, what it used, and what a commit will compare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.domain.limits import Limits
from runtime.domain.shared_limits import SharedLimits
from runtime.domain.state import State
from runtime.domain.usage_book import UsageBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Pair the newest state of a project with the facts that every judgement needs.

    Attributes:
        state: the state and its version.
        usage: what was used so far.
        outcomes: how many outcomes there are; compared at commit, as each may change the usage.
        settings: grows with every change of the project's settings; compared at commit.
        fence: the largest fencing token that storage has seen.
        environment: which declarations hold.
        limits: what the project allows.
        archived: nothing may run.
        organization_rules: the version of the organization's own rules that holds; None: none.
        project_rules: the version of the project's; None: none.
        rules_number: the newest activation of those that hold; 0: there never was one.
        shared: what its organization allows in all projects together; None: it never said.
        updated_at: the instant of the newest commit; the next one's is never before it, whatever
            the clocks of several machines say.
    """

    state: State
    usage: UsageBook
    outcomes: int
    settings: int
    fence: int
    environment: str
    limits: Limits
    archived: bool
    updated_at: datetime
    organization_rules: int | None = None
    project_rules: int | None = None
    rules_number: int = 0
    shared: SharedLimits | None = None

    def moved(
        self, state: State, *, usage: UsageBook, added: int, fence: int, at: datetime
    ) -> Head:
        """Return the head that a commit leaves; written out, as each commit makes one.

        Args:
            state: as it stands then.
            usage: what was used by then.
            added: how many outcomes there are more.
            fence: the token of whoever committed.
            at: the instant of the commit.
        """
        return Head(
            state=state,
            usage=usage,
            outcomes=self.outcomes + added,
            settings=self.settings,
            fence=fence,
            environment=self.environment,
            limits=self.limits,
            archived=self.archived,
            updated_at=at,
            organization_rules=self.organization_rules,
            project_rules=self.project_rules,
            rules_number=self.rules_number,
            shared=self.shared,
        )
