"""Events that tell more of a change have ids that sort as things happened, and come once."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from runtime.domain.history import Cause
from runtime.domain.outcome import PlanOutcome, Refusal, StepOutcome, StepStatus
from runtime.domain.plan import Plan
from runtime.domain.principal import Principal
from runtime.domain.reason import ReasonCode
from runtime.domain.record import Event
from runtime.domain.state import State
from runtime.services.execution.announcing import Announcer
from runtime.services.execution.changes import Execution

AT = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


def _execution(letters: str = "A", principal: str = "mem_1") -> Execution:
    return Execution(
        outcome_id=f"out_{letters}",
        plan=Plan(steps=()),
        principal=Principal(id=principal, organization="org_1", roles=()),
        credential_id="tok_1",
    )


def _refused(code: ReasonCode) -> PlanOutcome:
    refusal = Refusal(guard="g", code=code, expected="less", remedy="wait")
    step = StepOutcome(
        index=0,
        action="counter.set@1",
        inputs={},
        status=StepStatus.REFUSED,
        refusal=refusal,
        state_version=1,
        state_digest="sha256:0",
    )
    return PlanOutcome(
        status=StepStatus.REFUSED,
        plan_digest="sha256:1",
        steps=(step,),
        refusal=refusal,
        before="sha256:0",
        after="sha256:0",
    )


def _told(code: ReasonCode, *, now: datetime = AT, principal: str = "mem_1") -> Event | None:
    announcer = Announcer(project_id="prj_1", now=now)
    return announcer.held_up(_execution(principal=principal), _refused(code))


def test_ids_of_one_commit_sort_as_the_versions_do() -> None:
    """Whoever reads a group's events in the order of their ids reads the state's history."""
    announcer = Announcer(project_id="prj_1", now=AT)
    states = [State.of({"n": number}, version=number) for number in (255, 256, 257, 70_000)]

    told = [
        announcer.moved(_execution(letters), around, cause=Cause.EXECUTED).id
        for letters, around in zip("CBA", itertools.pairwise(states), strict=True)
    ]

    assert told == sorted(told)
    assert len(set(told)) == 3


def test_a_refused_rate_has_one_id_a_minute_and_principal() -> None:
    """So the commit keeps the first, whichever process writes it."""
    first, later = (_told(ReasonCode.RATE_LIMITED, now=AT + timedelta(seconds=s)) for s in (0, 29))
    next_minute = _told(ReasonCode.RATE_LIMITED, now=AT + timedelta(seconds=30))
    other = _told(ReasonCode.RATE_LIMITED, principal="mem_2")

    assert first is not None
    assert later is not None
    assert next_minute is not None
    assert other is not None
    assert first.id == later.id
    assert len({first.id, next_minute.id, other.id}) == 3


def test_other_refusals_hold_nobody_up() -> None:
    """They are told of as refused plans alone."""
    assert _told(ReasonCode.POLICY_DENIED) is None
    assert _told(ReasonCode.CONFIRMATION_REQUIRED) is not None
