"""Hold everything that a judgement may depend on, gathered before the engine is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from runtime.domain.action import Action
from runtime.domain.approval import Consent
from runtime.domain.limits import NO_LIMITS, NOTHING_USED, Limits, Usage
from runtime.domain.plan import Step
from runtime.domain.policy import PolicyDecision
from runtime.domain.principal import Principal
from runtime.domain.shared_limits import SharedLimits
from runtime.domain.shared_rates import RateGrant
from runtime.domain.shared_use import NOTHING_SHARED, SharedUse
from runtime.domain.state import State
from runtime.domain.usage_book import UsageBook
from runtime.engine.compiled import CompiledAction

_NEW_BOOK: Final = UsageBook()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFact:
    """Say by which passed evaluation a plan may run.

    Attributes:
        passed: the id of the gate; empty: none is known to have passed.
        ungated: why none is.
    """

    passed: str = ""
    ungated: str = "nothing says which model made the plan, or by which gate it passed"


NO_GATE: Final = GateFact()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Describe the moment in which a plan is judged.

    Attributes:
        principal: who acts, from the credential.
        project: where.
        project_active: false once the project is archived.
        plugin_enabled: false while the organization has turned the environment's plugin off.
        state: the state that the first step sees.
        decisions: what policy said about each step, by position; a missing one is a denial.
        limits: what the project allows.
        usage: what was used already.
        book: when it was used, to tell when it is free again; no verdict depends on it.
        shared_limits: what the organization allows in all projects together; None: no limit.
        shared_use: what was used of that, in the periods of `now`.
        rate_grant: how far the room in shared rates goes, taken before; None: no rate concerns it.
        consents: confirmations and approvals at hand.
        gate: the evaluation that whoever proposed the plan has passed.
        unapproved: why an approval that was named does not count; empty when it does, or none was.
        now: the instant of the judgement.
    """

    principal: Principal
    project: str
    state: State
    decisions: tuple[PolicyDecision | None, ...]
    now: datetime
    project_active: bool = True
    plugin_enabled: bool = True
    limits: Limits = NO_LIMITS
    usage: Usage = NOTHING_USED
    book: UsageBook = _NEW_BOOK
    shared_limits: SharedLimits | None = None
    shared_use: SharedUse = NOTHING_SHARED
    rate_grant: RateGrant | None = None
    consents: tuple[Consent, ...] = ()
    unapproved: str = ""
    gate: GateFact = NO_GATE

    @property
    def counted(self) -> bool:
        """Say whether steps count against anything, so that those ahead matter."""
        return self.shared_limits is not None or self.limits.counts


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """Narrow the facts to one step, with state and usage as the steps before left them.

    Attributes:
        ahead: the actions behind this one, up to the next urgent one, that must fit together with
            it into what limits leave.
    """

    facts: Facts
    index: int
    step: Step
    compiled: CompiledAction | None
    state: State
    usage: Usage
    plan_digest: str
    shared_use: SharedUse = NOTHING_SHARED
    ahead: tuple[Action, ...] = ()

    @property
    def action(self) -> CompiledAction:
        """Return the compiled action; guards behind `action_known` may rely on it.

        Raises:
            LookupError: the action is unknown, so a guard ran out of order.
        """
        if self.compiled is None:
            message = f"guard order broken: '{self.step.action}' is not known"
            raise LookupError(message)
        return self.compiled

    @property
    def decision(self) -> PolicyDecision | None:
        """Return what policy said about this step, or None when it was silent."""
        decisions = self.facts.decisions
        return decisions[self.index] if self.index < len(decisions) else None
