"""Outcomes explain themselves in one line and point at the step that stopped the plan."""

from runtime.domain.outcome import PlanOutcome, Refusal, StepOutcome, StepStatus
from runtime.domain.reason import ReasonCode

REFUSAL = Refusal(
    guard="within_rate",
    code=ReasonCode.RATE_LIMITED,
    expected="at most 2 actions a minute",
    found=3,
    remedy="wait",
)


def _step(index: int, refusal: Refusal | None) -> StepOutcome:
    return StepOutcome(
        index=index,
        action="box.put@1",
        inputs={},
        status=StepStatus.REFUSED if refusal else StepStatus.DONE,
        refusal=refusal,
        state_version=0,
        state_digest="sha256:0",
    )


def _plan(*steps: StepOutcome) -> PlanOutcome:
    return PlanOutcome(
        status=steps[-1].status, plan_digest="sha256:plan", steps=steps, before="a", after="b"
    )


def test_a_refusal_reads_as_one_line() -> None:
    """Guard, code, expectation and remedy, without the value that it met."""
    expected = "within_rate: rate_limited: expected: at most 2 actions a minute; wait"

    assert REFUSAL.message == expected


def test_a_plan_points_at_the_step_that_stopped_it() -> None:
    """The first step with a refusal is the one to look at."""
    stopped = _plan(_step(0, None), _step(1, REFUSAL))

    assert stopped.refused_at == _step(1, REFUSAL)
    assert _plan(_step(0, None)).refused_at is None
