"""Note what a group of executions is charged to budgets that projects share, while it is judged.

Pure: what was gathered comes in, what to commit comes out.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from runtime.domain.limits import BudgetScope
from runtime.domain.outcome import PlanOutcome, StepStatus
from runtime.domain.shared_limits import SharedLimits
from runtime.domain.shared_tally import SharedTally
from runtime.domain.shared_use import Duty, Payer, SharedUse, periods_of
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.shared_guards import SHARED_GUARDS
from runtime.kit.canonical_json import canonical_text
from runtime.kit.ids import ENTROPY_BYTES, new_id
from runtime.services.execution.changes import Execution
from runtime.services.execution.draft import Tenure
from runtime.store.limit_counters import NewCharges, NewThreshold

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
            self._tally = SharedTally(limits, use, periods=periods_of(limits, tenure.now))

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

    def charges(self) -> NewCharges | None:
        """Return what is charged; None: nothing is.

        Who commits knows what is used in the end, and refuses a charge that should have told of a
        threshold.
        """
        tally = self._tally
        charges = () if tally is None else tally.charges()
        if tally is None or not charges:
            return None
        tenure, before = self._tenure, self._use.of
        near = [
            charge
            for charge in charges
            if TOLD_FROM * (before(charge.duty.counter) + charge.amount) >= charge.duty.most
        ]
        return NewCharges(
            at=tenure.now,
            project_id=tenure.project_id,
            charges=charges,
            events={
                charge.duty.counter: _event(
                    charge.duty, tenure, outcome_id=tally.newest(charge.duty.counter)
                )
                for charge in near
            },
        )


def _event(duty: Duty, tenure: Tenure, *, outcome_id: str) -> NewThreshold:
    """Spell an event for the commit to fill in percentage and use, which it alone knows."""
    key, period = duty.counter
    scope = duty.bound.scope
    begins = canonical_text(
        {"limit": duty.most, "measure": duty.bound.named.value, "outcome": outcome_id}
    )
    goes_on = canonical_text(
        {
            "period": period,
            "project": tenure.project_id,
            "scope": scope.value,
            "subject": _whole(scope, duty.subject, tenure=tenure),
        }
    )
    entropy = sha256(f"{outcome_id} {key} {period}".encode()).digest()[:ENTROPY_BYTES]
    return NewThreshold(
        id=new_id("evt", now_ms=int(tenure.now.timestamp() * 1000), entropy=entropy),
        begins=f'{begins[:-1]},"percent":',
        goes_on=f',{goes_on[1:-1]},"used":',
    )


def _whole(scope: BudgetScope, subject: str | None, *, tenure: Tenure) -> str | None:
    return tenure.organization_id if scope is BudgetScope.ORGANIZATION else subject
