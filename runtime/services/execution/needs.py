"""Name what serving the lines of projects takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from runtime.domain.approval_request import APPROVAL_LASTS
from runtime.kit.clock import Clock
from runtime.ports.leases import Leases
from runtime.services.environments import PluginEnabled, always_enabled
from runtime.services.execution.commits import Commits
from runtime.services.execution.decisions import Decisions
from runtime.services.execution.judging import Judge
from runtime.services.execution.measures import Measures
from runtime.services.execution.past import Past
from runtime.services.execution.shared_rates import Rates
from runtime.services.execution.shared_uses import SharedUses
from runtime.store.session import Database

LINGER_S: Final = 2.0
LEASE_WAIT_S: Final = 5.0


def _nobody() -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Hold what serving a line takes.

    Attributes:
        commits: writes what was judged.
        judge: returns the judge of an environment.
        decisions: asks rules.
        past: finds what was committed before.
        rates: asks who counts rates that projects share.
        measures: told of groups, waits and refused fences.
        linger_s: how long a lease is kept for who may still come.
        lease_wait_s: how long a lease is waited for.
        jobs_put: told when a commit has put jobs, so that they are handed over at once.
        shared_uses: remembers what is used of budgets that projects share.
        enabled: says whether an organization lets the plugin of an environment act.
        approval_lasts: how long a request for approval can be granted and used.
    """

    database: Database
    commits: Commits
    leases: Leases
    judge: Callable[[str], Judge]
    decisions: Decisions
    past: Past
    clock: Clock
    rates: Rates
    measures: Measures
    linger_s: float = LINGER_S
    lease_wait_s: float = LEASE_WAIT_S
    approval_lasts: timedelta = APPROVAL_LASTS
    enabled: PluginEnabled = always_enabled
    jobs_put: Callable[[], None] = _nobody
    shared_uses: SharedUses = field(default_factory=SharedUses)
