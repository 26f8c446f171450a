"""Whoever counts nothing may be told everything."""

from __future__ import annotations

from runtime.ports.leases import LeaseEvent, LeaseEventKind
from runtime.services.execution.measures import Measures, Unmeasured


def test_nothing_comes_of_what_is_not_counted() -> None:
    """It takes all that is told, and returns nothing."""
    measures: Measures = Unmeasured()

    measures.executed("done")
    measures.group_committed(3)
    measures.lease_told(LeaseEvent(kind=LeaseEventKind.LOST, key="k", waited_s=0.0))
    measures.fence_rejected()
    measures.connection_waited("direct", 0.1)

    assert vars(measures) == {}
