"""An exhibit is known by all that a judge sees; bills never call unknown prices nothing."""

from __future__ import annotations

import pytest

from harness.judging.exhibit import Bill, ExhibitKind
from runtime.public import JsonValue, TokenUsage
from tests.unit.harness.judging.builders import an_exhibit, an_opinion


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("environment", "facility"),
        ("kind", ExhibitKind.DECLINE),
        ("said", "Reset it."),
        ("context", "The value is known."),
        ("expected", "a decline"),
        ("steps", ("counter.set {}",)),
        ("text", "How many?"),
    ],
)
def test_whatever_a_judge_sees_makes_another_exhibit(field: str, value: JsonValue) -> None:
    """Equal digests are judged once, so nothing may be left out."""
    other = an_exhibit(**{field: value})

    assert other.digest != an_exhibit().digest
    assert an_exhibit().digest == an_exhibit().digest


def test_steps_stand_in_the_setting_of_a_plan_only() -> None:
    """A question has no steps to look at."""
    plan = an_exhibit(kind=ExhibitKind.PLAN, steps=("counter.set {}",))

    assert plan.setting()["steps"] == ["counter.set {}"]
    assert "steps" not in an_exhibit().setting()


def test_a_bill_adds_up() -> None:
    """Tokens and costs of all answers, read or not."""
    usage = TokenUsage(prompt=100, completion=20)
    bill = Bill.of([an_opinion(usage=usage, cost_micros=7), an_opinion(None, usage=usage)])

    assert bill.document() == {
        "opinions": 2,
        "prompt_tokens": 200,
        "completion_tokens": 40,
        "cost_micros": 7,
    }


def test_one_unknown_price_makes_the_bill_unknown() -> None:
    """A sum that leaves something out is no sum."""
    bill = Bill.of([an_opinion(cost_micros=7), an_opinion(cost_micros=None)])

    assert bill.cost_micros is None
