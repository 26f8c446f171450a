"""Note what a group of executions is charged to budgets that projects share, while it is judged.

Pure: what was gathered comes in, what to commit comes out.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Final

from runtime.domain.limits import BudgetScope
from runtime.domain.outcome import PlanOutcome, StepStatus
from runtime.domain.shared_limits import SharedLimits
from runtime.domain.shared_tally import SharedCharge, SharedTally
from runtime.domain.shared_use import Payer, Periods, SharedUse
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.shared_guards import SHARED_GUARDS
from runtime.kit.canonical_json import canonical_text
from runtime.kit.ids import ENTROPY_BYTES, new_id
from runtime.services.execution.changes import Execution
from runtime.services.execution.draft import Tenure
from runtime.store.executions import Commit
from runtime.store.limit_counters import NewCharge, NewThreshold

_DONE: Final = StepStatus.DONE
TOLD_FROM: Final = 4
"""A charge brings its event once a quarter is used: the first threshold is a half, and others
charge at the same time."""


class SharedBook:
    """Grow by one execution after the other; `use` stands as the last one left it.

    Attributes:
        refused: an execution was refused by what is used, so that has to be true by now.
    """

    def __init__(
        self,
        tenure: Tenure,
        limits: SharedLimits | None,
        use: SharedUse,
        *,
        registry: CompiledRegistry,
    ) -> None:
        self.refused = False
        self._tenure = tenure
        self._registry = registry
        self._use = use
        self._tally = None
        if limits is not None and limits.bounds:
            periods = Periods.at(tenure.now, limits.document.zone)
            self._tally = SharedTally(limits, use, periods=periods)

    @property
    def use(self) -> SharedUse:
        """Return what the next execution finds used."""
        return self._use if self._tally is None else self._tally.use

    def add(self, execution: Execution, outcome: PlanOutcome) -> None:
        """Charge what came of a plan: nothing of one that was refused or rolled back."""
        if self._tally is None:
            return
        refusal = outcome.refusal
        if refusal is not None and refusal.guard in SHARED_GUARDS:
            self.refused = True
        found = (self._registry.find(step.action) for step in outcome.steps if step.status is _DONE)
        self._tally.charge(
            (compiled.action for compiled in found if compiled is not None),
            payer=Payer(project=self._tenure.project_id, principal=execution.principal.id),
            outcome_id=execution.outcome_id,
        )

    def within(self, commit: Commit) -> Commit:
        """Return a commit with what is charged here."""
        charges = () if self._tally is None else self._tally.charges()
        if not charges:
            return commit
        new = tuple(
            _new(charge, self._tenure, told=TOLD_FROM * self.use.of(charge.duty.counter))
            for charge in charges
        )
        return replace(commit, charges=new)


def _new(charge: SharedCharge, tenure: Tenure, *, told: int) -> NewCharge:
    """Spell a charge, and the event that tells of a threshold if one may be near.

    Who commits knows what is used in the end, and refuses a charge that should have told of it.

    Args:
        charge: what to add to which counter.
        tenure: where and when.
        told: from how much there is on no threshold can be near.
    """
    duty = charge.duty
    key, period = duty.counter
    event = None if told < duty.most else _event(charge, tenure)
    return NewCharge(
        key=key,
        period=period,
        amount=charge.amount,
        room=charge.room,
        most=duty.most,
        at=tenure.now,
        project_id=tenure.project_id,
        event=event,
    )


def _event(charge: SharedCharge, tenure: Tenure) -> NewThreshold:
    """Spell an event for the commit to fill in percentage and use, which it alone knows."""
    duty = charge.duty
    key, period = duty.counter
    scope = duty.bound.scope
    begins = canonical_text(
        {"limit": duty.most, "measure": duty.bound.named.value, "outcome": charge.outcome_id}
    )
    goes_on = canonical_text(
        {
            "period": period,
            "project": tenure.project_id,
            "scope": scope.value,
            "subject": _whole(scope, duty.subject, tenure=tenure),
        }
    )
    entropy = sha256(f"{charge.outcome_id} {key} {period}".encode()).digest()[:ENTROPY_BYTES]
    return NewThreshold(
        id=new_id("evt", now_ms=int(tenure.now.timestamp() * 1000), entropy=entropy),
        begins=f'{begins[:-1]},"percent":',
        goes_on=f',{goes_on[1:-1]},"used":',
    )


def _whole(scope: BudgetScope, subject: str | None, *, tenure: Tenure) -> str | None:
    return tenure.organization_id if scope is BudgetScope.ORGANIZATION else subject
